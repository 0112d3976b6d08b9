"""The queue of one socket, with any mixture of events, stops and goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from web.outbox import Frame, Outbox, Parcel

SUBJECTS = st.integers(0, 7).map(lambda number: ("calls" if number < 5 else "lines", str(number)))


def frame(seq: int, key: tuple[str, str] = ("calls", "1"), size: int = 10) -> Frame:
    return Frame(seq, key, f"{seq}:{key[1]}".encode().ljust(size), urgent=key[0] != "lines")


class Page:
    """What a page makes of what it is sent: the last number it saw and the state of each subject."""

    def __init__(self, room: int | None = None) -> None:
        self.got: list[int] = []
        self.states: dict[str, int] = {}
        self.closed = 0
        self.writes = 0
        self.room = room
        self.box = Outbox(self.write, self.overflow, 50, 100_000)

    def write(self, payload: bytes) -> None:
        for told in payload.decode().split():
            seq, subject = told.split(":")
            self.got.append(int(seq))
            self.states[subject] = int(seq)
        self.writes += 1
        if self.room is not None:
            self.room -= 1
            if self.room <= 0:
                self.box.pause()

    def overflow(self) -> None:
        self.closed += 1


BATCHES = st.lists(SUBJECTS, min_size=1, max_size=4)
STEPS = st.lists(BATCHES | st.sampled_from(["pause", "resume", "live", "again", "held"]), max_size=120)


@given(STEPS, st.integers(0, 20))
def test_nothing_is_lost_doubled_or_out_of_order(steps: list[object], known: int) -> None:
    """However it is interrupted: in the end the page knows the newest state of every subject, each number once."""
    page = Page()
    truth: dict[str, int] = {}
    log: list[Frame] = []
    seq = 0
    live = False
    for step in steps:
        match step:
            case "pause":
                page.box.pause()
            case "resume":
                page.box.resume()
            case "live":
                if not live:
                    live, known = True, min(known, seq)
                    page.box.go_live(known)
            case "held":
                page.box.send_held()
            case "again":
                # A bus delivers at least once.
                if log:
                    page.box.offer(Parcel(log[-3:]))
            case [*subjects]:
                together = [frame(seq + number, subject) for number, subject in enumerate(subjects, 1)]
                seq += len(together)
                truth |= {one.key[1]: one.seq for one in together}
                log += together
                page.box.offer(Parcel(together))
    page.box.resume()
    page.box.go_live(min(known, seq) if not live else 0)
    assert page.got == sorted(set(page.got))
    assert not page.closed
    bound = min(known, seq)
    assert {subject: at for subject, at in truth.items() if at > bound} == {
        subject: at for subject, at in page.states.items() if at > bound
    }
    assert all(at > bound for at in page.got)


@given(st.lists(SUBJECTS, min_size=1, max_size=60), st.data())
def test_whoever_comes_back_with_the_last_number_misses_nothing(
    subjects: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Cut anywhere: states seen up to the last number, and the log from there on, make the whole truth."""
    log = [frame(seq, key) for seq, key in enumerate(subjects, 1)]
    page = Page(room=data.draw(st.integers(1, 10)))
    page.box.go_live(0)
    for one in log:
        page.box.offer(Parcel([one]))
        if data.draw(st.booleans()):
            page.room = data.draw(st.integers(1, 10))
            page.box.resume()
    last = page.got[-1] if page.got else 0
    again = dict(page.states)
    again |= {one.key[1]: one.seq for one in log if one.seq > last}
    assert again == {one.key[1]: one.seq for one in log}


def test_a_newer_state_takes_the_place_of_an_older_one() -> None:
    page = Page()
    page.box.go_live(0)
    page.box.pause()
    page.box.pause()
    for seq in range(1, 1000):
        page.box.offer(Parcel([frame(seq, ("calls", str(seq % 3)))]))
    assert len(page.box) == 3
    page.box.resume()
    assert page.got == [997, 998, 999]


def test_what_is_not_urgent_waits_for_more_of_it_and_goes_before_what_is() -> None:
    asked: list[None] = []
    page = Page()
    page.box = Outbox(page.write, page.overflow, held=lambda: asked.append(None))
    page.box.go_live(0)
    for seq, line in ((1, "1"), (2, "2"), (3, "1")):
        page.box.offer(Parcel([frame(seq, ("lines", line))]))
    assert (page.got, len(asked)) == ([], 1)
    page.box.send_held()
    assert (page.got, page.writes) == ([2, 3], 1)
    page.box.offer(Parcel([frame(4, ("lines", "1"))]))
    page.box.offer(Parcel([frame(5, ("calls", "1"))]))
    assert (page.got, page.writes, len(asked)) == ([2, 3, 4, 5], 2, 2)
    page.box.send_held()
    assert page.writes == 2


def test_what_became_true_together_is_sent_in_one_piece_and_only_the_newest_of_it() -> None:
    page = Page()
    page.box.go_live(0)
    page.box.offer(Parcel([frame(1, ("calls", "1")), frame(2, ("lines", "9")), frame(3, ("calls", "1"))]))
    assert page.got == [2, 3]
    assert page.writes == 1
    page.box.offer(Parcel([frame(2, ("lines", "9")), frame(3, ("calls", "1")), frame(4, ("calls", "2"))]))
    assert page.got == [2, 3, 4]


def test_too_many_at_once_end_it_once() -> None:
    page = Page()
    page.box.offer(Parcel([frame(seq, ("calls", str(seq))) for seq in range(1, 200)]))
    assert page.closed == 1
    assert len(page.box) == 0


def test_too_many_subjects_end_it_once() -> None:
    page = Page()
    page.box.go_live(0)
    page.box.pause()
    for seq in range(1, 200):
        page.box.offer(Parcel([frame(seq, ("calls", str(seq)))]))
    assert page.closed == 1
    assert len(page.box) == 0
    page.box.resume()
    assert page.got == []


def test_too_many_bytes_end_it() -> None:
    page = Page()
    page.box.pause()
    for seq in range(1, 20):
        page.box.offer(Parcel([frame(seq, ("calls", str(seq)), size=9_000)]))
    assert page.closed == 1


def test_writing_may_pause_in_the_middle_of_a_flush() -> None:
    page = Page(room=2)
    for seq in range(1, 6):
        page.box.offer(Parcel([frame(seq, ("calls", str(seq)))]))
    page.box.go_live(0)
    assert page.got == [1, 2]
    page.room = 1
    page.box.resume()
    assert page.got == [1, 2, 3]
    page.room = None
    page.box.resume()
    assert page.got == [1, 2, 3, 4, 5]
