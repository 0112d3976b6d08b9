"""Which job is written next."""

from __future__ import annotations

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred

from storage.job_queue import PATIENCE, JobQueue
from storage.work import Job


def nothing(session: Session) -> None:
    """What every job here does."""


def job(*, urgent: bool = False) -> Job:
    return Job(nothing, Deferred(), urgent)


class Jobs:
    def __init__(self) -> None:
        self.time = 100.0
        self.queue = JobQueue(lambda: self.time)

    def add(self, *, urgent: bool = False) -> Job:
        added = job(urgent=urgent)
        self.queue.add(added)
        return added


def test_urgent_jobs_come_first_and_each_kind_in_the_order_of_coming() -> None:
    jobs = Jobs()
    first, second = jobs.add(), jobs.add()
    third, fourth = jobs.add(urgent=True), jobs.add(urgent=True)
    assert len(jobs.queue) == 4
    assert [jobs.queue.take() for _ in range(5)] == [third, fourth, first, second, None]
    assert len(jobs.queue) == 0


def test_a_job_that_has_waited_long_goes_before_urgent_ones() -> None:
    jobs = Jobs()
    old = jobs.add()
    jobs.time += PATIENCE + 0.01
    young, urgent = jobs.add(), jobs.add(urgent=True)
    assert [jobs.queue.take() for _ in range(3)] == [old, urgent, young]


def test_an_urgent_job_shares_its_commit_with_urgent_ones_only() -> None:
    jobs = Jobs()
    jobs.add()
    urgent = jobs.add(urgent=True)
    assert jobs.queue.take_with(job(urgent=True)) is urgent
    assert jobs.queue.take_with(job(urgent=True)) is None
    assert len(jobs.queue) == 1


def test_the_others_share_a_commit_until_something_urgent_comes() -> None:
    jobs = Jobs()
    first, second = jobs.add(), jobs.add()
    assert jobs.queue.take_with(job()) is first
    urgent = jobs.add(urgent=True)
    assert jobs.queue.take_with(job()) is None
    jobs.time += PATIENCE + 0.01
    assert jobs.queue.take_with(job()) is second
    assert jobs.queue.take() is urgent
    assert jobs.queue.take_with(job()) is None
