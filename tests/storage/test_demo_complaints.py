"""The invented complaints of a demo could have been: each with the steps that its state needs, and in their order."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from storage.demo import fill_demo
from storage.demo_complaints import COMPLAINTS, fill_complaints
from storage.models import Complaint, ComplaintStep

NOW = datetime(2026, 3, 16, 8, tzinfo=UTC)


def test_each_has_the_steps_that_its_state_needs(sqlite_url: str) -> None:
    with Session(create_engine(sqlite_url)) as session:
        fill_demo(session, count=60)
        assert fill_complaints(session, (), None, NOW) == len(COMPLAINTS)
        assert fill_complaints(session, (), None, NOW) == 0
        found = session.scalars(select(Complaint).order_by(Complaint.id)).all()
        assert {one.state for one in found} == {"open", "in_hand", "settled"}
        assert {one.kind for one in found} == {"complaint", "suggestion", "praise"}
        assert all(one.department_id is not None for one in found)
        late = [one for one in found if one.state != "settled" and one.due_at is not None and one.due_at < NOW]
        assert len(late) == 2
        for one in found:
            steps = session.scalars(select(ComplaintStep).where(ComplaintStep.complaint_id == one.id)).all()
            times = [step.at for step in steps]
            assert times == sorted(times)
            assert times[-1] <= NOW
            assert one.version == len(steps)
            assert ("settled" in {step.kind for step in steps}) == (one.state == "settled")
