"""A demo's complaints, suggestions and praise. Invented: nobody said any of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Complaint, ComplaintStep, Department, Patient
from storage.models.base import NO

_HOUR = timedelta(hours=1)
_EVERY = 7
_DUE_DAYS = {1: 1, 2: 3, 3: 7}


@dataclass(frozen=True)
class DemoComplaint:
    """One of them, ``hours`` old. ``taken`` says that somebody handles it; ``result`` is outcome and findings."""

    hours: int
    kind: str
    channel: str
    severity: int
    department: str
    said: str
    taken: bool = True
    note: str = ""
    result: tuple[str, str] = ("", "")
    reward: str = ""
    penalty: str = ""
    told: bool = False


COMPLAINTS = (
    DemoComplaint(
        2, "complaint", "call", 2, "心内科", "上午预约十点的号，等到十二点才看上，中间没有人说明原因。", taken=False,
    ),
    DemoComplaint(
        30, "complaint", "visit", 1, "骨科", "换药时护士说话很不耐烦，还当着其他患者的面训斥老人。",
        note="已与护士长核实当班情况，约定今天下午当面沟通。",
    ),
    DemoComplaint(98, "complaint", "letter", 2, "消化内科", "出院结算时有两项检查没有做却收了费，要求核对并退费。",
                  note="已请收费处核对明细。"),
    DemoComplaint(20, "suggestion", "box", 3, "客服中心", "希望门诊大厅多放几辆轮椅，并写明在哪里借。", taken=False),
    DemoComplaint(
        220, "complaint", "call", 2, "神经内科", "出院带药的用法和医生说的不一样，打电话到病房没有人接。",
        note="主管医生已回电说明用法。", result=("upheld", "病房已安排专人接听出院患者来电；用法说明改为统一打印。"),
        penalty="科室当月质控扣 2 分", told=True,
    ),
    DemoComplaint(
        300, "complaint", "web", 3, "信息科", "公众号预约页面常常打不开，刷新几次才能用。",
        result=("partly", "早八点放号时访问量大，已扩容；页面增加排队提示。"),
    ),
    DemoComplaint(
        150, "praise", "letter", 3, "肿瘤科", "住院期间责任护士每天都来问候，讲解得很耐心，全家都很感谢。",
        result=("passed_on", "已转达科室并在周会上表扬。"), reward="计入当月服务之星", told=True,
    ),
)  # fmt: skip


def fill_complaints(session: Session, filed_by: Sequence[int], handled_by: int | None, now: datetime) -> int:
    """Add them to a hospital that has none; how many they were. ``filed_by`` wrote them down by turns."""
    if session.scalar(select(Complaint.id).limit(1)) is not None:
        return 0
    departments = {name: key for key, name in session.execute(select(Department.id, Department.name))}
    patients = session.scalars(
        select(Patient.id).where(Patient.disabled == NO).order_by(Patient.id).limit(_EVERY * (len(COMPLAINTS) + 1))
    ).all()
    for place, one in enumerate(COMPLAINTS):
        # What is found in the box has no name under it.
        patient_id = None if one.channel == "box" else patients[min(_EVERY * (place + 1), len(patients) - 1)]
        filer = filed_by[place % len(filed_by)] if filed_by else None
        _add(session, one, patient_id, departments, filer, handled_by, now)
    return len(COMPLAINTS)


def _add(
    session: Session, one: DemoComplaint, patient_id: int | None, departments: Mapping[str, int], filer: int | None,
    handler: int | None, now: datetime,
) -> None:  # fmt: skip
    at = now - one.hours * _HOUR
    steps = list(_steps(one, at, filer, handler))
    outcome, findings = one.result
    complaint = Complaint(
        kind=one.kind, channel=one.channel, severity=one.severity, said=one.said, patient_id=patient_id,
        department_id=departments.get(one.department), handler_id=handler if one.taken else None,
        state="settled" if outcome else "in_hand" if one.taken else "open",
        due_at=None if one.kind == "praise" else at + timedelta(days=_DUE_DAYS[one.severity]),
        outcome=outcome, findings=findings, reward=one.reward, penalty=one.penalty,
        settled_at=_time_of(steps, "settled"), told_at=_time_of(steps, "told"),
        created_at=at, created_by=filer, version=len(steps),
    )  # fmt: skip
    session.add(complaint)
    session.flush()
    for step in steps:
        step.complaint_id = complaint.id
        session.add(step)
        session.flush()


def _steps(one: DemoComplaint, at: datetime, filer: int | None, handler: int | None) -> Iterator[ComplaintStep]:
    yield ComplaintStep(at=at, user_id=filer, kind="filed", note="")
    if one.taken:
        yield ComplaintStep(at=at + _HOUR, user_id=handler, kind="taken", note="")
    if one.note:
        yield ComplaintStep(at=at + 4 * _HOUR, user_id=handler, kind="note", note=one.note)
    if one.result[1]:
        yield ComplaintStep(at=at + 26 * _HOUR, user_id=handler, kind="settled", note=one.result[1])
    if one.told:
        yield ComplaintStep(at=at + 27 * _HOUR, user_id=handler, kind="told", note="电话告知")


def _time_of(steps: Sequence[ComplaintStep], kind: str) -> datetime | None:
    return next((step.at for step in steps if step.kind == kind), None)
