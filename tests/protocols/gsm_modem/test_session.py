"""The modem session against the simulated modem, in memory, byte by byte."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.gsm_modem.settings import GsmSettings, ReportRoute
from protocols.sayings import Saying
from protocols.sms import (
    Fate,
    GatewayLost,
    GatewayPaused,
    GatewayReady,
    GatewaySignal,
    NameHint,
    Part,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    ReceiptArrived,
    Refusal,
    StorageTold,
    TextArrived,
    TextEncoding,
    UnreadableFound,
)
from tests.peers.gsm_bench import NUMBER, GsmBench, part

LOST = GatewayLost
CENTRE = "0891683108100005F0"
AT = datetime(2026, 11, 28, 4, 58, 23, tzinfo=UTC)


def ready(**options: Any) -> GsmBench:
    bench = GsmBench(**options).start()
    assert bench.signals == [GatewayReady()]
    bench.signals.clear()
    return bench


class TestSettingUp:
    def test_as_real_hosts_do(self) -> None:
        bench = ready()
        lines = bench.commands.decode().split("\r")
        assert lines[0] == "\x1bAT"
        assert lines[1:] == [
            "ATE0", "AT+CMEE=1", "AT+CPIN?", "AT+CREG?", "AT+CMGF=0", "AT+CSCA?", "AT+CPMS?", "AT+CNMI=2,1,0,1,0",
            "AT+CSQ", "AT+CREG?", "AT+CMGL=4", "",
        ]  # fmt: skip
        assert bench.session.room == 10
        assert bench.session.has_reports

    def test_a_modem_left_at_its_prompt(self) -> None:
        bench = GsmBench()
        bench.chip.receive(b"AT+CMGF=0\rAT+CMGS=29\r0011")
        bench.start()
        assert bench.signals == [GatewayReady()]
        assert bench.sent() == []

    def test_the_pin_is_given(self) -> None:
        ready(settings=GsmSettings(pin="1234", rate=1.0), pin="1234")

    def test_a_wrong_pin_is_tried_once_for_ever(self) -> None:
        bench = GsmBench(GsmSettings(pin="0000"), pin="1234").start()
        assert [lost.refused for lost in bench.of(LOST)] == [True]
        assert bench.of(LOST)[0].reason.saying is Saying.SIM_PIN_REFUSED
        bench.run(2000, 1.0)
        bench.perform(bench.session.port_lost("out", bench.clock.seconds()))
        bench.start()
        assert bench.commands.count(b"AT+CPIN=") == 1
        assert bench.chip.status()["sim"] == "SIM PIN"

    @pytest.mark.parametrize(
        ("state", "saying", "refused"),
        [
            ({"sim": "absent"}, Saying.SIM_ABSENT, False),
            ({"sim": "SIM PIN"}, Saying.SIM_WANTS_PIN, True),
            ({"sim": "SIM PUK"}, Saying.SIM_WANTS_PUK, True),
            ({"registration": 2}, Saying.NO_NETWORK, False),
            ({"registration": 3}, Saying.NETWORK_DENIED, False),
            ({"mute": True}, Saying.SILENT_TO_AT, False),
        ],
    )
    def test_what_is_missing_is_said_and_looked_for_again(
        self, state: dict[str, Any], saying: Saying, refused: bool
    ) -> None:
        bench = GsmBench()
        bench.state(**state)
        bench.start().run(40, 0.5)
        assert [(lost.reason.saying, lost.refused) for lost in bench.of(LOST)] == [(saying, refused)]
        assert bench.session.room == 0
        bench.state(sim="READY", registration=1, mute=False)
        bench.run(1000, 0.5)
        assert bench.signals[-1] == GatewayReady()

    def test_a_modem_without_a_service_centre(self) -> None:
        bench = GsmBench()
        bench.chip.receive(b'AT+CSCA="",129\r')
        bench.start()
        assert bench.of(LOST)[0].reason.saying is Saying.NO_SERVICE_CENTRE
        bench = GsmBench(GsmSettings(service_centre="+8613800100500"))
        bench.chip.receive(b'AT+CSCA="",129\r')
        assert bench.start().signals == [GatewayReady()]

    @pytest.mark.parametrize("seed", range(20))
    def test_however_the_stream_is_split(self, seed: int) -> None:
        bench = ready(seed=seed)
        bench.text("收到")
        bench.submit(part())
        bench.run(10)
        assert {type(signal) for signal in bench.signals} == {TextArrived, PartAccepted, ReceiptArrived}
        assert len(bench.signals) == 3


class TestSending:
    def test_accepted_and_delivered(self) -> None:
        bench = ready()
        bench.submit(part("a"), part("b", "Hello €", encoding=TextEncoding.GSM7, receipt=False, number="10086"))
        assert bench.session.room == 0
        bench.run(20)
        first, second = bench.of(PartAccepted)
        assert (first.key, second) == ("a", PartAccepted("b", ""))
        [receipt] = bench.of(ReceiptArrived)
        assert (receipt.gateway_id, receipt.fate, receipt.code, receipt.number) == (
            first.gateway_id, Fate.DELIVERED, "00", NUMBER,
        )  # fmt: skip
        assert receipt.at is not None
        assert receipt.at.tzinfo is UTC
        kept = bench.network.sent
        assert [(one["number"], one["text"], one["receipt"]) for one in kept] == [
            (NUMBER, "您好，预约提醒", True), ("10086", "Hello €", False),
        ]  # fmt: skip
        assert kept[0]["validity"] == 86_400.0

    def test_parts_of_a_text_follow_at_once_and_the_rate_holds(self) -> None:
        bench = ready(settings=GsmSettings(rate=0.1))
        bench.fate(delay=1.0, report=None)
        began = bench.clock.seconds()
        pieces = [part(str(place), f"第{place}段", position=place, total=3, reference=77) for place in (1, 2, 3)]
        bench.submit(*pieces, part("next"))
        bench.run(8)
        assert [one["part"] for one in bench.network.sent] == [[77, 1, 3], [77, 2, 3], [77, 3, 3]]
        while len(bench.network.sent) < 4:
            bench.run(1)
        assert 29 <= bench.clock.seconds() - began <= 33

    @pytest.mark.parametrize(
        ("error", "refusal"),
        [(28, Refusal.NEVER), (38, Refusal.LATER), (50, Refusal.GATEWAY), (310, Refusal.GATEWAY), (304, Refusal.NEVER),
         (41, Refusal.LATER), (331, Refusal.LATER), (200, Refusal.LATER), (192, Refusal.LATER)],
    )  # fmt: skip
    def test_refused(self, error: int, refusal: Refusal) -> None:
        bench = ready()
        bench.fate(behaviour="refuse", error=error, count=1)
        bench.submit(part())
        bench.run(5)
        [refused] = bench.of(PartRefused)
        assert (refused.refusal, refused.code) == (refusal, f"CMS {error}")
        assert refused.words

    def test_a_network_that_is_too_busy_is_left_in_peace(self) -> None:
        bench = ready()
        bench.fate(behaviour="refuse", error=42, count=1)
        bench.submit(part("a"), part("b"))
        bench.run(10)
        assert bench.of(GatewayPaused) == [GatewayPaused(30.0)]
        assert bench.session.room == 0
        bench.run(30)
        assert [accepted.key for accepted in bench.of(PartAccepted)] == ["b"]
        assert bench.session.room == 10

    @pytest.mark.parametrize(
        "error",
        [b"+CMS ERROR: 332", b"+CMS ERROR: 300", b"+CMS ERROR: 500", b"+CMS ERROR: 512", b"+CMS ERROR: 2171",
         b"+CMS ERROR: 400", b"+CMS ERROR: 999999", b"+CMS ERROR: unknown error", b"+CME ERROR: 100", b"+CME ERROR: 0",
         b"+CME ERROR: 31", b"ERROR"],
    )  # fmt: skip
    def test_an_error_that_does_not_say_that_the_network_refused_leaves_a_doubt(self, error: bytes) -> None:
        bench = ready()
        bench.fate(behaviour="silent", count=1)
        bench.submit(part())
        bench.run(2)
        bench.says(b"\r\n" + error + b"\r\n")
        assert bench.of(PartRefused) == []
        [unknown] = bench.of(PartUnknown)
        assert unknown.key == "1"
        assert unknown.reason

    def test_the_same_error_before_the_message_is_written_leaves_none(self) -> None:
        bench = ready()
        bench.state(mute=True)
        bench.submit(part())
        bench.says(b"\r\nOK\r\n")
        bench.run(0.5)
        bench.says(b"\r\n+CMS ERROR: 500\r\n")
        [refused] = bench.of(PartRefused)
        assert (refused.key, refused.refusal, refused.code) == ("1", Refusal.LATER, "CMS 500")
        assert bench.of(PartUnknown) == []

    @pytest.mark.parametrize(("error", "kind"), [(500, PartUnknown), (38, PartRefused), (302, PartRefused)])
    def test_a_modem_that_sends_nothing_is_lost_and_says_so(self, error: int, kind: type[GatewaySignal]) -> None:
        bench = ready()
        bench.fate(behaviour="refuse", error=error)
        bench.submit(*(part(str(number)) for number in range(8)))
        bench.run(20)
        [lost] = bench.of(LOST)
        assert lost.refused
        assert lost.reason.saying is Saying.MODEM_TAKES_NOTHING
        assert f"CMS {error}" in lost.reason
        assert [one.key for one in bench.of(kind)] == ["0", "1", "2"]  # type: ignore[attr-defined]
        assert [one.key for one in bench.of(PartUnsent)] == ["3", "4", "5", "6", "7"]
        assert bench.session.room == 0

    def test_one_message_finds_out_whether_a_modem_sends_again(self) -> None:
        bench = ready()
        bench.fate(behaviour="refuse", error=500)
        bench.submit(*(part(key) for key in "abc"))
        bench.run(20)
        # The pause grows.
        for key, pause in (("d", 60), ("e", 120), ("f", 240)):
            del bench.signals[:]
            bench.run(pause - 30, 0.5)
            assert bench.signals == []
            bench.run(60, 0.5)
            assert bench.signals == [GatewayReady()]
            bench.submit(part(key), part("behind"))
            bench.run(5)
            assert [one.key for one in bench.of(PartUnknown)] == [key]
            assert [one.key for one in bench.of(PartUnsent)] == ["behind"]
            assert bench.of(LOST)
        bench.fate(behaviour="accept")
        bench.run(480, 0.5)
        bench.submit(part("g"), part("h"))
        bench.run(10)
        assert [one.key for one in bench.of(PartAccepted)] == ["g", "h"]
        # And the counting begins anew.
        bench.fate(behaviour="refuse", error=500, count=2)
        del bench.signals[:]
        bench.submit(part("i"), part("j"), part("k"))
        bench.run(20)
        assert bench.of(LOST) == []

    @pytest.mark.parametrize("error", [28, 42])
    def test_a_bad_number_or_a_busy_network_is_not_the_modems_fault(self, error: int) -> None:
        bench = ready()
        bench.fate(behaviour="refuse", error=error, count=6)
        bench.submit(*(part(str(number)) for number in range(8)))
        bench.run(300, 0.5)
        assert bench.of(LOST) == []
        assert len(bench.of(PartRefused)) == 6

    def test_a_modem_that_never_answers_leaves_a_doubt_and_is_asked_whether_it_is_there(self) -> None:
        bench = ready()
        bench.fate(behaviour="silent", count=1)
        bench.submit(part())
        bench.run(100, 0.5)
        assert [unknown.key for unknown in bench.of(PartUnknown)] == ["1"]
        assert bench.of(LOST) == []
        bench.submit(part("2"))
        bench.run(10)
        assert [accepted.key for accepted in bench.of(PartAccepted)] == ["2"]

    def test_a_message_that_no_pdu_carries(self) -> None:
        bench = ready()
        bench.submit(part("a", number="12;34"), part("b", "字" * 71), part("c"))
        bench.run(10)
        assert [(one.key, one.refusal) for one in bench.of(PartRefused)] == [
            ("a", Refusal.NEVER), ("b", Refusal.NEVER),
        ]  # fmt: skip
        assert [accepted.key for accepted in bench.of(PartAccepted)] == ["c"]

    def test_pulled_out_while_waiting_for_the_answer(self) -> None:
        bench = ready()
        bench.submit(part("a"), part("b"))
        bench.run(1)
        bench.perform(bench.session.port_lost("pulled out", bench.clock.seconds()))
        assert [(type(signal), getattr(signal, "key", "")) for signal in bench.signals] == [
            (PartUnknown, "a"), (PartUnsent, "b"), (GatewayLost, ""),
        ]  # fmt: skip
        assert bench.session.next_deadline() is None

    def test_pulled_out_before_the_message_was_written(self) -> None:
        bench = ready()
        bench.submit(part("a"))
        bench.perform(bench.session.port_lost("pulled out", bench.clock.seconds()))
        assert bench.of(PartUnsent) == [PartUnsent("a")]

    def test_a_modem_that_restarted_unnoticed_sends_no_pdu_as_text(self) -> None:
        bench = ready()
        bench.chip.receive(b"AT+CMGF=1\r")
        bench.submit(part())
        bench.run(5)
        assert bench.sent() == ["您好，预约提醒"]

    def test_a_modem_that_says_that_it_restarted_is_set_up_again(self) -> None:
        bench = ready()
        bench.chip.power_on()
        bench.says(b"\r\nRDY\r\n")
        bench.run(15)
        assert [type(signal) for signal in bench.signals] == [GatewayLost, GatewayReady]

    def test_a_prompt_that_does_not_come(self) -> None:
        bench = ready()
        bench.state(mute=True)
        bench.submit(part("a"), part("b"))
        bench.run(60)
        assert bench.sent() == []
        refused = bench.of(PartRefused)
        assert [one.key for one in refused] == ["a"]
        assert bench.of(PartUnsent) == [PartUnsent("b")]
        assert bench.of(LOST)[0].reason.saying is Saying.FELL_SILENT

    def test_draining_finishes_what_is_in_hand_alone(self) -> None:
        bench = ready()
        bench.submit(part("a"), part("b"))
        bench.run(1)
        bench.perform(bench.session.drain(bench.clock.seconds()))
        assert bench.signals == [PartUnsent("b")]
        assert bench.session.sending
        bench.run(5)
        assert [accepted.key for accepted in bench.of(PartAccepted)] == ["a"]
        assert not bench.session.sending

    def test_draining_before_the_message_is_written_leaves_the_prompt(self) -> None:
        for command in (b"AT+CMGF=0", b"AT+CMGS="):
            bench = ready()
            bench.commands.clear()
            bench.submit(part("a"))
            while command not in bench.commands:
                bench.run(0.01, 0.01)
            assert bench.sent() == []
            bench.perform(bench.session.drain(bench.clock.seconds()))
            assert bench.signals == [PartUnsent("a")]
            assert not bench.session.sending
            bench.run(5)
            assert bench.sent() == []
            bench.chip.receive(b"AT\r")
            bench.exchange()
            assert bench.commands.endswith(b"\x1b")


class TestReports:
    def test_the_same_reference_for_two_numbers_and_again_for_one(self) -> None:
        bench = ready(settings=GsmSettings(rate=10.0))
        bench.fate(delay=0.1, report_after=3.0)
        keys: dict[str, str] = {}
        for place in range(258):
            bench.submit(part(str(place), "好", number=f"+861380013{place % 2:04}"))
            bench.run(0.6)
        bench.run(10)
        keys = {one.gateway_id: one.key for one in bench.of(PartAccepted)}
        assert len(keys) == 258
        receipts = bench.of(ReceiptArrived)
        assert [keys[receipt.gateway_id] for receipt in receipts] == [str(place) for place in range(258)]

    def test_stored_reports_are_read_from_their_own_memory_and_deleted(self) -> None:
        bench = ready(settings=GsmSettings(reports=ReportRoute.STORED, rate=1.0))
        bench.submit(part())
        bench.run(15)
        [receipt] = bench.of(ReceiptArrived)
        assert receipt.hint is None
        assert bench.chip.status()["stored"]["SR"] == 1
        receipt.written()
        bench.run(3)
        assert bench.chip.status()["stored"]["SR"] == 0

    def test_a_report_from_before_the_program_was_started(self) -> None:
        bench = ready()
        line = b"\r\n+CDS: 26\r\n0006640D91683108108300F0621182218532236211822185722346\r\n"
        bench.says(line + line)
        first, second = bench.of(ReceiptArrived)
        assert first == second
        assert (first.fate, first.words, first.number) == (Fate.FAILED, "validity period expired", NUMBER)
        assert first.gateway_id == "20261128045823-100"
        assert first.hint == second.hint == NameHint("-100", datetime(2026, 11, 28, 4, 58, 23, tzinfo=UTC))

    def test_reports_that_are_not_wanted_get_no_id(self) -> None:
        bench = ready(settings=GsmSettings(reports=ReportRoute.NONE, rate=1.0))
        bench.submit(part())
        bench.run(15)
        assert bench.signals == [PartAccepted("1", "")]


class TestReceiving:
    def test_deleted_only_when_written_down(self) -> None:
        bench = ready()
        bench.text("能改到明天吗？")
        bench.run(2)
        [text] = bench.of(TextArrived)
        assert (text.sender, text.text, text.total) == (NUMBER, "能改到明天吗？", 1)
        assert text.at == datetime.fromtimestamp(int(text.at.timestamp()), UTC)
        assert b"CMGD" not in bench.commands
        text.written()
        bench.run(1)
        assert b"AT+CMGD=1\r" in bench.commands
        assert bench.chip.status()["stored"]["SM"] == 0

    def test_what_nobody_wrote_down_comes_again(self) -> None:
        bench = ready()
        bench.text("在吗")
        bench.run(700, 0.5)
        # The database may be away, and whoever heard of it keeps it.
        [first] = [text.written for text in bench.of(TextArrived)]
        bench.signals.clear()
        bench.run(700, 0.5)
        [second] = [text.written for text in bench.of(TextArrived)]
        first()
        second()
        bench.signals.clear()
        bench.run(700, 0.5)
        assert bench.of(TextArrived) == []
        assert bench.commands.count(b"CMGD") == 1

    def test_another_message_in_the_same_place_is_not_deleted_for_the_first(self) -> None:
        bench = ready()
        bench.text("一")
        bench.run(2)
        [first] = bench.of(TextArrived)
        # Somebody with another program at the modem.
        bench.chip.receive(b"AT+CMGD=1\r")
        bench.exchange()
        bench.text("二")
        bench.run(2)
        first.written()
        bench.run(2)
        assert bench.chip.status()["stored"]["SM"] == 1
        bench.of(TextArrived)[1].written()
        bench.run(2)
        assert bench.chip.status()["stored"]["SM"] == 0

    def test_what_came_while_nobody_listened_and_what_was_not_announced(self) -> None:
        bench = GsmBench()
        bench.text("一")
        bench.start()
        assert [text.text for text in bench.of(TextArrived)] == ["一"]
        bench.chip.receive(b"AT+CNMI=0,0,0,0,0\r")
        bench.text("二")
        bench.run(310, 0.5)
        assert "二" in [text.text for text in bench.of(TextArrived)]

    @pytest.mark.parametrize("options", [{}, {"backwards": True}, {"wide": True}])
    def test_a_long_text_comes_in_parts(self, options: dict[str, Any]) -> None:
        bench = ready()
        words = "请问复查前要不要空腹？" * 20
        bench.text(words, **options)
        bench.run(5)
        parts = sorted(bench.of(TextArrived), key=lambda one: one.position)
        assert "".join(one.text for one in parts) == words
        assert {(one.total, one.reference) for one in parts} == {(4, parts[0].reference)}

    def test_a_full_sim_gets_the_rest_when_places_are_free(self) -> None:
        bench = ready(size=2)
        for number in range(5):
            bench.text(str(number))
        bench.run(2)
        for _ in range(5):
            for text in bench.of(TextArrived):
                text.written()
            bench.run(3)
        assert [text.text for text in bench.of(TextArrived)] == list("01234")
        assert bench.chip.status()["stored"]["SM"] == 0

    def test_an_announcement_in_the_middle_of_an_answer(self) -> None:
        bench = ready()
        bench.submit(part())
        bench.run(1)
        bench.text("插队")
        bench.says(b"\r\n+CMT: ,30\r\n0891683108100005F0040D91683108108300F00008621182218532230451475B50\r\n")
        bench.says(b"\r\nRING\r\n\r\n+CREG: 1\r\n")
        bench.run(5)
        assert [type(signal) for signal in bench.signals][:1] == [TextArrived]
        assert {text.text for text in bench.of(TextArrived)} == {"插队", "兇子"}
        assert [accepted.key for accepted in bench.of(PartAccepted)] == ["1"]

    @pytest.mark.parametrize(
        ("tpdu", "sender", "words", "at"),
        [
            # The length of the words is more than there is of them.
            ("040D91683108108300F0000862118221853223144F60", NUMBER, "04 000862118221853223144F60", AT),
            ("040D91683108108300F0000862118221", NUMBER, "04 000862118221", None),
            ("040D91683108108300F0", NUMBER, "04", None),
            ("0404", "", CENTRE + "0404", None),
            ("060591", "", CENTRE + "060591", None),
        ],
    )
    def test_what_cannot_be_read_is_told_as_hexadecimal_and_deleted_when_it_is_written_down(
        self, tpdu: str, sender: str, words: str, at: datetime | None
    ) -> None:
        bench = ready()
        bench.keep(tpdu)
        bench.run(320, 0.5)
        [text] = bench.of(TextArrived)
        assert (text.sender, text.text, text.at, text.total) == (sender, words, at, 1)
        assert [found.place for found in bench.of(UnreadableFound)] == ["SM 1"]
        assert b"CMGD" not in bench.commands
        assert bench.chip.status()["stored"]["SM"] == 1
        text.written()
        bench.run(2)
        assert bench.chip.status()["stored"]["SM"] == 0
        bench.run(700, 0.5)
        assert bench.of(TextArrived) == [text]

    def test_what_is_read_otherwise_the_second_time_is_not_told_as_hexadecimal(self) -> None:
        bench = ready()
        line = CENTRE + "0405A10180F600086211822185322302597D"
        bench.text("好")
        bench.state(mute=True)
        bench.run(1)
        # The cable lost an octet of the first answer; the second is the modem's own.
        bench.says(f"\r\n+CMGR: 0,,19\r\n{line[:-2]}\r\n\r\nOK\r\n".encode())
        bench.state(mute=False)
        bench.run(5)
        assert [text.text for text in bench.of(TextArrived)] == ["好"]
        assert bench.of(UnreadableFound) == []
        assert bench.commands.count(b"AT+CMGR=1\r") == 2

    def test_garbage_that_changes_with_every_look_is_not_read_without_end(self) -> None:
        bench = ready()
        bench.state(mute=True)
        bench.says(b'\r\n+CMTI: "SM",1\r\n')
        for place in range(5):
            bench.says(f"\r\n+CMGR: 0,,19\r\n{CENTRE}04{place:02X}\r\n\r\nOK\r\n".encode())
            bench.run(0.3)
        assert bench.commands.count(b"AT+CMGR=1\r") == 2
        assert bench.of(TextArrived) == []

    def test_what_was_passed_on_and_cannot_be_read_is_told_at_once(self) -> None:
        bench = ready()
        bench.says(f"\r\n+CMT: ,22\r\n{CENTRE}040D91683108108300F0000862118221853223144F60\r\n".encode())
        [text] = bench.of(TextArrived)
        assert (text.sender, text.text) == (NUMBER, "04 000862118221853223144F60")
        assert [found.place for found in bench.of(UnreadableFound)] == [""]

    def test_a_storage_that_is_full_of_what_stays_there_is_told_and_that_it_is_not_any_more(self) -> None:
        bench = ready()
        bench.keep("11", sent=True, count=27)
        bench.run(330, 0.5)
        assert bench.counts == [StorageTold(27, 30)]
        bench.keep("11", sent=True)
        bench.run(330, 0.5)
        assert bench.counts[1:] == [StorageTold(28, 30)]
        bench.text("一")
        bench.run(2)
        bench.of(TextArrived)[0].written()
        bench.run(2)
        # Deleted, and counted at once; it is no news.
        assert bench.counts[2:] == []
        bench.chip.receive(b"AT+CMGD=1,4\r")
        bench.run(330, 0.5)
        assert bench.counts[2:] == [StorageTold(0, 30)]

    def test_what_waits_to_be_deleted_does_not_make_it_full(self) -> None:
        bench = GsmBench(size=5)
        for number in range(5):
            bench.text(str(number))
        bench.start()
        for text in bench.of(TextArrived):
            text.written()
        bench.run(30)
        assert bench.counts == [StorageTold(0, 5)]

    def test_a_full_storage_that_is_emptied_is_told_at_once(self) -> None:
        bench = GsmBench(size=5)
        for number in range(5):
            bench.text(str(number))
        bench.start().run(30)
        assert bench.counts == [StorageTold(5, 5)]
        for text in bench.of(TextArrived):
            text.written()
        bench.run(3)
        assert bench.counts[1:] == [StorageTold(0, 5)]


class TestWatching:
    def test_its_network_is_asked_for(self) -> None:
        bench = ready()
        bench.run(40)
        assert not bench.of(LOST)
        bench.state(registration=0, signal=99)
        bench.run(40)
        assert bench.of(LOST)[0].reason.saying is Saying.NO_NETWORK
        bench.state(registration=5)
        bench.run(60, 0.5)
        assert bench.signals[-1] == GatewayReady()

    def test_a_modem_that_falls_silent(self) -> None:
        bench = ready()
        bench.state(mute=True)
        bench.run(60, 0.5)
        assert [lost.reason.saying for lost in bench.of(LOST)] == [Saying.FELL_SILENT]
        bench.state(mute=False)
        bench.run(120, 0.5)
        assert bench.signals[-1] == GatewayReady()


NOISE = [
    b"\r\nOK\r\n", b"\r\nERROR\r\n", b"> ", b"\r\n+CMGS: 999\r\n", b'\r\n+CMTI: "SM",99999\r\n', b"\r\n+CMT: ,5\r\n",
    b"\r\n+CDS: 9\r\n00\r\n", b"\r\n+CMGL: x\r\nzz\r\n", b"\r\n+CMS ERROR: 99999999\r\n", b"\r\n+CPIN: SIM PUK\r\n",
    b"RDY\r\n",
]  # fmt: skip


@settings(max_examples=60)
@given(noise=st.lists(st.binary(max_size=60) | st.sampled_from(NOISE), max_size=12), seed=st.integers(0, 2**32))
def test_noise_breaks_nothing_and_every_part_has_one_end(noise: list[bytes], seed: int) -> None:
    chance = random.Random(seed)
    bench = GsmBench(GsmSettings(rate=10.0), seed=seed).start()
    keys = [str(number) for number in range(6)]
    parts: list[Part] = [part(key) for key in keys[: bench.session.room]]
    bench.submit(*parts)
    for data in noise:
        bench.run(chance.random() * 2)
        bench.says(data)
    bench.run(100, 0.5)
    bench.perform(bench.session.drain(bench.clock.seconds()))
    bench.perform(bench.session.port_lost("over", bench.clock.seconds()))
    ends = [signal for signal in bench.signals
            if isinstance(signal, PartAccepted | PartRefused | PartUnknown | PartUnsent)]  # fmt: skip
    assert sorted(end.key for end in ends) == sorted(one.key for one in parts)
    up = [signal for signal in bench.signals if isinstance(signal, GatewayReady | GatewayLost)]
    assert all(type(one) is not type(other) for one, other in pairwise(up))
