from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http_sms.harvest import Crop, Gathered, Receipt, Reply, moment, read_harvest
from protocols.http_sms.provider import Harvest
from protocols.sms import Fate

AT = datetime(2026, 11, 28, 4, 0, 1, tzinfo=UTC)
STATUS = """<?xml version="1.0" encoding="utf-8" ?><returnsms>
<statusbox><mobile>13800138000</mobile><taskid>7</taskid><status>10</status>
<receivetime>2026-11-28 12:00:01</receivetime><errorcode>DELIVRD</errorcode></statusbox>
<statusbox><mobile>13800138001</mobile><taskid>8</taskid><status>20</status><errorcode>MK:0001</errorcode></statusbox>
<statusbox><mobile>13800138002</mobile><taskid>9</taskid><status>UNDELIV</status></statusbox>
<statusbox><mobile>13800138003</mobile><taskid>10</taskid><status>DELIVRD</status></statusbox></returnsms>"""


def crops(kind: Harvest, text: str) -> list[Crop]:
    """All of it could be read."""
    gathered = read_harvest(kind, text)
    assert gathered.unread == 0
    return list(gathered.crops)


def replies(*words: str) -> str:
    boxes = (
        f"<callbox><mobile>1380013800{place}</mobile><content>{text}</content>"
        "<receivetime>2026-11-28 12:00:01</receivetime><extno>01</extno></callbox>"
        for place, text in enumerate(words)
    )
    return f'<?xml version="1.0" encoding="utf-8" ?><returnsms>{"".join(boxes)}</returnsms>'


def texts(gathered: Gathered) -> list[str]:
    return [crop.text for crop in gathered.crops if isinstance(crop, Reply)]


def test_receipts() -> None:
    assert crops(Harvest.STATUS_XML, STATUS) == [
        Receipt("7", "13800138000", Fate.DELIVERED, "DELIVRD", at=AT),
        Receipt("8", "13800138001", Fate.FAILED, "MK:0001"),
        Receipt("9", "13800138002", Fate.FAILED, "UNDELIV"),
        Receipt("10", "13800138003", Fate.DELIVERED, "DELIVRD"),
    ]


def test_replies() -> None:
    text = ("<returnsms><callbox><mobile>13800138000</mobile><content>T&amp;D 退订 &lt;b&gt;</content>"
            "<receivetime>2026-11-28 12:00:01</receivetime><extno>01</extno></callbox></returnsms>")  # fmt: skip
    assert crops(Harvest.REPLY_XML, text) == [Reply("13800138000", "T&D 退订 <b>", "01", AT)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<returnsms", '<returnsms xmlns="http://tempuri.org/"'),
        ("<returnsms", '<returnsms xmlns="http://tempuri.org/" broken=>'),
        ("callbox>", "CallBox>"),
        ("callbox>", "CALLBOX>"),
    ],
)
def test_elements_are_found_in_any_namespace_and_case(before: str, after: str) -> None:
    good = replies("one", "two & three" if "broken" in after else "two")
    assert len(texts(read_harvest(Harvest.REPLY_XML, good.replace(before, after)))) == 2


def test_hashes_in_the_text_and_between_the_fields() -> None:
    text = "||13800138000#好的#2026-11-28 12:00:01#01||13800138001#A#B||C##2026-11-28 12:00:01#||13800138002##bad#"
    assert crops(Harvest.HASHES, text) == [
        Reply("13800138000", "好的", "01", AT),
        Reply("13800138001", "A#B||C#", "", AT),
        Reply("13800138002", "", "", None),
    ]
    enveloped = '<?xml version="1.0"?>\r\n<string xmlns="x">||13800138000#1 &lt; 2#2026-11-28 12:00:01#</string>'
    assert crops(Harvest.HASHES, enveloped) == [Reply("13800138000", "1 < 2", "", AT)]
    for nothing in ("", "-3", "<html></html>", "<string>-101</string>"):
        assert read_harvest(Harvest.HASHES, nothing) == Gathered(())


@pytest.mark.parametrize(
    "text",
    ["", "<", "<a>", "\x00", "<html>", "<!DOCTYPE x [<!ENTITY a 'b'>]><returnsms><callbox>&a;</callbox></returnsms>",
     "<?xml version='1.0' encoding='utf-16'?><a/>x", "<a>\ud83d</a>"],
)  # fmt: skip
def test_hostile_and_broken_xml_is_nothing(text: str) -> None:
    assert read_harvest(Harvest.REPLY_XML, text).crops == ()
    assert read_harvest(Harvest.STATUS_XML, text).crops == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [("A&B", "A&B"), ("A & B &amp; C", "A & B & C"), ("A\x0bB\x00", "AB"), ("1<2", "1<2"),
     ("A<B> x </c>", "A<B> x </c>"),
     ("<3", "<3"), ("&#20320;&#x597d;&", "你好&"), ("&nbsp;&unknown;", "&nbsp;&unknown;"), ("&amp;lt;&", "&lt;&"),
     ("<![CDATA[<!DOCTYPE html>&amp;]]>", "<!DOCTYPE html>&amp;"),
     ("&<![CDATA[</content></callbox>]]>", "&</content></callbox>"),
     ("\ud83d", ""), ("&#55357;&#0;\ufffe", "\ufffd"), ("&#9999999;", "\ufffd"), ("half a \ufffd&", "half a \ufffd&"),
     ("<![CDATA[not closed", "<![CDATA[not closed"), ("&</content><mobile>1</mobile><content>",
                                                     "&</content><mobile>1</mobile><content>")],
)  # fmt: skip
def test_one_text_that_is_no_xml_loses_nothing(written: str, read: str) -> None:
    gathered = read_harvest(Harvest.REPLY_XML, replies("好", written, "退订"))
    assert gathered.unread == 0
    assert gathered.crops == (
        Reply("13800138000", "好", "01", AT),
        Reply("13800138001", read, "01", AT),
        Reply("13800138002", "退订", "01", AT),
    )


def test_receipts_beside_one_that_is_no_xml() -> None:
    broken = STATUS.replace("MK:0001", "MK & \x01")
    found = read_harvest(Harvest.STATUS_XML, broken).crops
    assert [(one.gateway_id, one.fate, one.code) for one in found if isinstance(one, Receipt)] == [
        ("7", Fate.DELIVERED, "DELIVRD"), ("8", Fate.FAILED, "MK &"), ("9", Fate.FAILED, "UNDELIV"),
        ("10", Fate.DELIVERED, "DELIVRD"),
    ]  # fmt: skip


def test_what_cannot_be_read_is_counted() -> None:
    whole = replies("好", "&", "退订")
    assert read_harvest(Harvest.REPLY_XML, whole.replace("<content>&</content>", "&")).unread == 1
    # Words of nobody are words.
    assert read_harvest(Harvest.REPLY_XML, whole.replace("<mobile>13800138001</mobile>", "")).unread == 0
    for fields in ("<mobile>1</mobile><taskid>7</taskid>", "<status>10</status>"):
        assert read_harvest(Harvest.STATUS_XML, f"<a><statusbox>{fields}</statusbox></a>") == Gathered((), 1)
    cut = read_harvest(Harvest.REPLY_XML, whole[: whole.index("退订") + 1])
    assert (texts(cut), cut.unread) == (["好", "&"], 1)
    unclosed = read_harvest(Harvest.REPLY_XML, whole.replace("</callbox>", "", 1))
    assert (texts(unclosed), unclosed.unread) == (["好", "&", "退订"], 0)
    hashes = read_harvest(Harvest.HASHES, "||13800138000#好#2026-11-28 12:00:01#||13800138001#退订")
    assert (texts(hashes), hashes.unread) == (["好"], 1)
    assert read_harvest(Harvest.REPLY_XML, "<html>&").unread == 0


def test_entities_are_never_expanded() -> None:
    growing = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>" + replies("&b;", "好")
    assert texts(read_harvest(Harvest.REPLY_XML, growing)) == ["&b;", "好"]


@given(st.text(max_size=60).filter(lambda text: "<![CDATA[" not in text), st.integers(0, 2))
def test_the_others_are_read_whatever_one_of_them_holds(rubbish: str, place: int) -> None:
    words = ["甲", "乙", "丙"]
    words[place] = rubbish + "&"
    assert [text for text in texts(read_harvest(Harvest.REPLY_XML, replies(*words))) if text in "甲乙丙"] == [
        word for at, word in enumerate("甲乙丙") if at != place
    ]


@pytest.mark.parametrize(
    "piece",
    ["<![CDATA[", "<callbox>", "<content>", "<callbox ", "<content ", "</content>", "]]>", "&#", "<mobile></x>"],
)
def test_what_is_repeated_as_often_as_it_fits_is_read(piece: str) -> None:
    text = "&<callbox><content>" + piece * (256_000 // len(piece))
    # Growing with the square of the length it would take minutes.
    for whole in (text, text + "</content></callbox>", text + "]]></content></callbox>"):
        assert {reply.number for reply in read_harvest(Harvest.REPLY_XML, whole).crops} <= {""}  # type: ignore[union-attr]


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
