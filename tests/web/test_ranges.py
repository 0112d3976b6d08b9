from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.ranges import ByteRange, UnsatisfiableError, asked_range

TAG = '"7-100"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", ByteRange(0, 99)),
        ("bytes=0-0", ByteRange(0, 0)),
        ("bytes=10-19", ByteRange(10, 19)),
        ("bytes=99-5000", ByteRange(99, 99)),
        ("bytes=-1", ByteRange(99, 99)),
        ("bytes=-5000", ByteRange(0, 99)),
        ("Bytes= 1 - 2 ", ByteRange(1, 2)),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("bytes=" + ",".join(["0-"] * 1000), None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=-1-2", None),
        ("bytes=٣-", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_what_is_asked_for(header: str, expected: ByteRange | None) -> None:
    assert asked_range(header, "", TAG, 100) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-1", 0)])
def test_a_range_behind_the_end(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableError):
        asked_range(header, "", TAG, size)


@pytest.mark.parametrize("if_range", ['"7-99"', 'W/"7-100"', "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_range_of_something_else_is_the_whole(if_range: str) -> None:
    assert asked_range("bytes=1-2", if_range, TAG, 100) is None
    assert asked_range("bytes=100-", if_range, TAG, 100) is None
    assert asked_range("bytes=1-2", TAG, TAG, 100) == ByteRange(1, 2)


@given(
    st.one_of(st.text(max_size=40), st.from_regex(r"bytes=[0-9]{0,22}-[0-9]{0,22}", fullmatch=True)),
    st.integers(0, 300),
)
def test_anything_may_be_asked_and_the_answer_is_within_the_file(header: str, size: int) -> None:
    try:
        found = asked_range(header, "", TAG, size)
    except UnsatisfiableError:
        return
    assert found is None or 0 <= found.first <= found.last < size
