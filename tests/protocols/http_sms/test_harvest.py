from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http_sms.harvest import Receipt, Reply, moment, read_harvest
from protocols.http_sms.provider import Harvest
from protocols.sms import Fate

AT = datetime(2026, 11, 28, 4, 0, 1, tzinfo=UTC)
STATUS = """<?xml version="1.0" encoding="utf-8" ?><returnsms>
<statusbox><mobile>13800138000</mobile><taskid>7</taskid><status>10</status>
<receivetime>2026-11-28 12:00:01</receivetime><errorcode>DELIVRD</errorcode></statusbox>
<statusbox><mobile>13800138001</mobile><taskid>8</taskid><status>20</status><errorcode>MK:0001</errorcode></statusbox>
<statusbox><mobile>13800138002</mobile><taskid>9</taskid><status>UNDELIV</status></statusbox>
<statusbox><mobile>13800138003</mobile><taskid>10</taskid><status>DELIVRD</status></statusbox></returnsms>"""


def test_receipts() -> None:
    assert read_harvest(Harvest.STATUS_XML, STATUS) == [
        Receipt("7", "13800138000", Fate.DELIVERED, "DELIVRD", at=AT),
        Receipt("8", "13800138001", Fate.FAILED, "MK:0001"),
        Receipt("9", "13800138002", Fate.FAILED, "UNDELIV"),
        Receipt("10", "13800138003", Fate.DELIVERED, "DELIVRD"),
    ]


def test_replies() -> None:
    text = ("<returnsms><callbox><mobile>13800138000</mobile><content>T&amp;D 退订 &lt;b&gt;</content>"
            "<receivetime>2026-11-28 12:00:01</receivetime><extno>01</extno></callbox></returnsms>")  # fmt: skip
    assert read_harvest(Harvest.REPLY_XML, text) == [Reply("13800138000", "T&D 退订 <b>", "01", AT)]


def test_hashes_in_the_text_and_between_the_fields() -> None:
    text = "||13800138000#好的#2026-11-28 12:00:01#01||13800138001#A#B||C##2026-11-28 12:00:01#||13800138002##bad#"
    assert read_harvest(Harvest.HASHES, text) == [
        Reply("13800138000", "好的", "01", AT),
        Reply("13800138001", "A#B||C#", "", AT),
        Reply("13800138002", "", "", None),
    ]
    enveloped = '<?xml version="1.0"?>\r\n<string xmlns="x">||13800138000#1 &lt; 2#2026-11-28 12:00:01#</string>'
    assert read_harvest(Harvest.HASHES, enveloped) == [Reply("13800138000", "1 < 2", "", AT)]
    for nothing in ("", "-3", "<html></html>", "<string>-101</string>"):
        assert read_harvest(Harvest.HASHES, nothing) == []


@pytest.mark.parametrize(
    "text",
    ["", "<", "<a>", "\x00", "<html>", "<!DOCTYPE x [<!ENTITY a 'b'>]><returnsms><callbox>&a;</callbox></returnsms>",
     "<?xml version='1.0' encoding='utf-16'?><a/>x", "<a>\ud83d</a>"],
)  # fmt: skip
def test_hostile_and_broken_xml_is_nothing(text: str) -> None:
    assert read_harvest(Harvest.REPLY_XML, text) == []
    assert read_harvest(Harvest.STATUS_XML, text) == []


@given(st.sampled_from(list(Harvest)), st.text(max_size=200))
def test_rubbish_is_read_without_an_error(kind: Harvest, text: str) -> None:
    read_harvest(kind, text)
    read_harvest(kind, f"<returnsms><statusbox>{text}</statusbox></returnsms>")
    read_harvest(kind, f"||13800138000#{text}")


@pytest.mark.parametrize(
    "text", ["2026-11-28 12:00:01", "2026/11/28 12:00:01", "20261128120001", "2026-11-28T12:00:01"]
)
def test_times_of_the_field(text: str) -> None:
    assert moment(text) == AT


def test_what_is_no_time() -> None:
    assert [moment(text) for text in ("", "today", "0001-01-01 00:00:00", "2026-13-01 00:00:00")] == [None] * 4
