"""What every gateway session promises, tried with both protocols."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.cmpp import codec as cmpp
from protocols.cmpp.messages import RESPONSE, ConnectAnswer, Deliver, SubmitAnswer
from protocols.cmpp.messages import Command as Cmpp
from protocols.cmpp.session import CmppTongue
from protocols.cmpp.settings import CmppAccount
from protocols.pdu_frames import PduSplitter
from protocols.sayings import Said, Saying
from protocols.smpp import codec as smpp
from protocols.smpp.messages import Address, BindAnswer, MessageAnswer, ShortMessage
from protocols.smpp.messages import Command as Smpp
from protocols.smpp.session import SmppTongue
from protocols.smpp.settings import Role, SmppAccount
from protocols.sms import (
    GatewayLost,
    GatewayPaused,
    GatewayReady,
    GatewaySignal,
    PartAccepted,
    PartRefused,
    PartUnknown,
    PartUnsent,
    Refusal,
    TextArrived,
)
from protocols.sms_actions import SmsLimits, SmsTimings
from protocols.sms_heard import Tongue
from tests.peers.sms_session import NOON, Driven, part


@dataclass(frozen=True)
class CmppPeer:
    header = cmpp.HEADER
    submit, heartbeat, farewell, delivered = Cmpp.SUBMIT, Cmpp.ACTIVE_TEST, Cmpp.TERMINATE, Cmpp.DELIVER | RESPONSE

    def tongue(self) -> Tongue:
        return CmppTongue(CmppAccount("900001", "888888", "1069"), lambda: NOON)

    def welcome(self, status: int = 0) -> bytes:
        return cmpp.encode(Cmpp.CONNECT | RESPONSE, 1, ConnectAnswer(status, bytes(16), 0x30), cmpp.V3)

    def answer(self, sequence: int, gateway_id: int, status: int = 0) -> bytes:
        return cmpp.encode(Cmpp.SUBMIT | RESPONSE, sequence, SubmitAnswer(gateway_id, status), cmpp.V3)

    def throttle(self, sequence: int) -> bytes:
        return self.answer(sequence, 0, 8)

    def plain(self, command: int, sequence: int) -> bytes:
        return cmpp.plain(command, sequence)

    def text(self, sequence: int) -> bytes:
        message = Deliver(7, "1069", "13800138000", b"T", 0)
        return cmpp.encode(Cmpp.DELIVER, sequence, message, cmpp.V3)


@dataclass(frozen=True)
class SmppPeer:
    header = smpp.HEADER
    submit, heartbeat, farewell = Smpp.SUBMIT_SM, Smpp.ENQUIRE_LINK, Smpp.UNBIND
    delivered = Smpp.DELIVER_SM | RESPONSE

    def tongue(self) -> Tongue:
        return SmppTongue(SmppAccount("huifang", "secret"), Role.TRANSCEIVER, lambda: NOON)

    def welcome(self, status: int = 0) -> bytes:
        return smpp.encode(Smpp.BIND_TRANSCEIVER | RESPONSE, 1, BindAnswer(b"smsc"), {0: 0, 3: 0x0E}[status])

    def answer(self, sequence: int, gateway_id: int, status: int = 0) -> bytes:
        return smpp.encode(Smpp.SUBMIT_SM | RESPONSE, sequence, MessageAnswer(b"%d" % gateway_id), status)

    def throttle(self, sequence: int) -> bytes:
        return smpp.plain(Smpp.SUBMIT_SM | RESPONSE, sequence, 0x58)

    def plain(self, command: int, sequence: int) -> bytes:
        return smpp.plain(command, sequence)

    def text(self, sequence: int) -> bytes:
        message = ShortMessage(Address(b"13800138000"), Address(b"1069"), b"T")
        return smpp.encode(Smpp.DELIVER_SM, sequence, message)


Peer = CmppPeer | SmppPeer
PEERS = [CmppPeer(), SmppPeer()]
SILENT = Said(Saying.GATEWAY_SILENT)


@pytest.fixture(params=PEERS, ids=["cmpp", "smpp"])
def peer(request: pytest.FixtureRequest) -> Peer:
    return request.param  # type: ignore[no-any-return]


def written(peer: Peer, driven: Driven) -> list[tuple[int, int]]:
    """Command and sequence number of what was written."""
    return [(header[1], header[-1]) for header, _ in PduSplitter(peer.header).feed(driven.take_written())]


def signed_in(peer: Peer, **limits: Any) -> Driven:
    driven = Driven(peer.tongue(), SmsLimits(**{"rate": 1000.0, "window": 4, **limits}))
    driven.start()
    driven.hear(peer.welcome())
    assert driven.take_signals() == [GatewayReady()]
    driven.take_written()
    return driven


def submits(peer: Peer, driven: Driven) -> list[int]:
    return [sequence for command, sequence in written(peer, driven) if command == peer.submit]


def test_parts_are_written_by_the_window_and_answered_in_any_order(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.submit(*[part(str(each)) for each in range(6)])
    first = submits(peer, driven)
    assert len(first) == 4
    driven.hear(peer.answer(first[2], 102), peer.answer(first[0], 100))
    assert driven.take_signals() == [PartAccepted("2", "102"), PartAccepted("0", "100")]
    assert len(submits(peer, driven)) == 2


def test_nothing_is_taken_before_the_sign_in_nor_after_the_end(peer: Peer) -> None:
    driven = Driven(peer.tongue())
    driven.submit(part("early"))
    driven.start()
    assert driven.session.room == 0
    driven.submit(part("soon"))
    driven.hear(peer.welcome())
    assert driven.session.room == 10
    driven.lose()
    driven.submit(part("late"))
    unsent = [signal.key for signal in driven.take_signals() if isinstance(signal, PartUnsent)]
    assert unsent == ["early", "soon", "late"]


def test_what_is_lost_is_unknown_or_unsent(peer: Peer) -> None:
    driven = signed_in(peer, window=1)
    driven.submit(part("1"), part("2"))
    driven.lose("the line is cut")
    assert driven.take_signals() == [
        PartUnsent("2"), PartUnknown("1", "the line is cut"), GatewayLost("the line is cut"),
    ]  # fmt: skip
    assert driven.session.next_deadline() is None
    driven.start()
    driven.hear(peer.welcome(), peer.answer(2, 9))
    assert driven.take_signals() == [GatewayReady()]


def test_a_refused_sign_in_says_so(peer: Peer) -> None:
    driven = Driven(peer.tongue())
    driven.start()
    driven.hear(peer.welcome(3))
    assert driven.closed
    driven.lose()
    [lost] = driven.take_signals()
    why = {"cmpp": "authentication", "smpp": "password"}["cmpp" if isinstance(peer, CmppPeer) else "smpp"]
    assert lost == GatewayLost(Said(Saying.GATEWAY_REFUSED, why=why), refused=True)


def test_a_gateway_that_never_answers_the_sign_in(peer: Peer) -> None:
    driven = Driven(peer.tongue())
    driven.start()
    driven.wait(19)
    assert not driven.closed
    driven.wait(2)
    assert driven.closed
    driven.lose()
    assert driven.take_signals() == [GatewayLost(Said(Saying.GATEWAY_MUTE))]


def test_the_rate_is_kept_in_parts(peer: Peer) -> None:
    driven = signed_in(peer, rate=20.0, window=1000)
    driven.submit(*[part(str(each)) for each in range(100)])
    assert len(submits(peer, driven)) == 2
    driven.wait(1.0)
    assert 18 <= len(submits(peer, driven)) <= 20
    driven.wait(1.0)
    assert 19 <= len(submits(peer, driven)) <= 21


def test_a_throttle_pauses_longer_each_time_and_what_waits_is_given_back(peer: Peer) -> None:
    driven = signed_in(peer, window=2)
    for length in (1.0, 2.0, 4.0):
        driven.submit(part("1"), part("2"), part("3"))
        one, two = submits(peer, driven)
        driven.hear(peer.throttle(one), peer.throttle(two))
        said = [signal for signal in driven.take_signals() if not isinstance(signal, PartRefused)]
        assert said == [GatewayPaused(length), PartUnsent("3")]
        assert driven.session.room == 0
        driven.submit(part("4"))
        assert (driven.take_signals(), driven.take_written()) == ([PartUnsent("4")], b"")
        driven.wait(length)
        assert driven.session.room > 0
    driven.submit(part("5"))
    driven.hear(peer.answer(submits(peer, driven)[0], 5))
    driven.submit(part("6"))
    driven.hear(peer.throttle(submits(peer, driven)[0]))
    assert GatewayPaused(1.0) in driven.take_signals()


def test_a_refused_part_means_what_it_means(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.submit(part("1"), part("2"))
    one, two = submits(peer, driven)
    bad_number = 13 if isinstance(peer, CmppPeer) else 0x0B
    driven.hear(peer.answer(one, 0, bad_number), peer.answer(two, 0, 200))
    never, gateway = driven.take_signals()
    assert isinstance(never, PartRefused)
    assert isinstance(gateway, PartRefused)
    assert gateway.number == part().number
    assert (never.key, never.refusal) == ("1", Refusal.NEVER)
    assert (gateway.key, gateway.refusal) == ("2", Refusal.GATEWAY)


def test_a_part_that_cannot_be_written_is_refused_and_the_others_go(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.submit(part("1", number="+86138;rm"), part("2", "x" * 161), part("3", sender="中"), part("4"))
    assert len(submits(peer, driven)) == 1
    refused = driven.take_signals()
    assert [(each.key, each.refusal) for each in refused if isinstance(each, PartRefused)] == [
        (key, Refusal.NEVER) for key in "123"
    ]
    assert all("138" not in str(each) for each in refused)


def test_the_gateway_is_asked_whether_it_is_there(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.wait(59)
    assert written(peer, driven) == []
    driven.wait(2)
    [(command, sequence)] = written(peer, driven)
    assert command == peer.heartbeat
    driven.hear(peer.plain(peer.heartbeat | RESPONSE, sequence))
    driven.wait(59)
    assert written(peer, driven) == []
    driven.wait(130)
    assert len(written(peer, driven)) == 3
    assert not driven.closed
    driven.wait(60)
    driven.lose()
    assert driven.take_signals() == [GatewayLost(SILENT)]


def test_whoever_wants_to_know_has_it_asked_at_once_and_learns_that_it_read_what_was_written(peer: Peer) -> None:
    driven = signed_in(peer)
    link = driven.session.arrivals.link
    told: list[float] = []
    link.watcher = lambda: told.append(driven.now)
    link.ask()
    driven.flush()
    [(command, sequence)] = written(peer, driven)
    assert command == peer.heartbeat
    asked_at = driven.now
    driven.wait(2)
    # An answer to an older question was written before it read the last one.
    driven.hear(peer.plain(peer.heartbeat | RESPONSE, sequence - 1))
    assert not link.has_read(asked_at)
    driven.hear(peer.plain(peer.heartbeat | RESPONSE, sequence))
    assert (link.has_read(asked_at), link.has_read(asked_at + 1)) == (True, False)
    assert told[-1] == driven.now
    driven.flush()
    assert written(peer, driven) == []
    driven.lose()
    assert link.ended


def test_whoever_wants_to_know_more_while_a_question_waits_has_it_asked_when_that_is_answered(peer: Peer) -> None:
    driven = signed_in(peer)
    link = driven.session.arrivals.link
    link.ask()
    driven.flush()
    [(_, first)] = written(peer, driven)
    for _ in range(3):
        driven.wait(1)
        link.ask()
        driven.flush()
    assert written(peer, driven) == []
    driven.hear(peer.plain(peer.heartbeat | RESPONSE, first))
    assert link.has_read(driven.now - 3)
    [(command, second)] = written(peer, driven)
    assert command == peer.heartbeat
    asked_at = driven.now
    driven.hear(peer.plain(peer.heartbeat | RESPONSE, second))
    assert link.has_read(asked_at)
    driven.flush()
    assert written(peer, driven) == []


def test_a_question_that_is_never_answered_keeps_nobody_from_asking_for_ever(peer: Peer) -> None:
    driven = signed_in(peer)
    link = driven.session.arrivals.link
    for asked in range(1, 4):
        link.ask()
        driven.flush()
        assert len(written(peer, driven)) == 1, asked
        for _ in range(2):
            driven.wait(SmsTimings().answer / 2)
            # It says something, but not that.
            driven.hear(peer.plain(peer.heartbeat, 77))
        written(peer, driven)


def test_a_gateway_that_drips_a_pdu_that_never_ends_is_left_like_a_silent_one(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.hear((60_000).to_bytes(4, "big"))
    dripped = 0
    while not driven.closed and dripped < 60:
        driven.wait(10)
        driven.hear(b"\0")
        dripped += 1
    driven.lose()
    assert driven.take_signals() == [GatewayLost(SILENT)]
    driven = signed_in(peer)
    driven.wait(1)
    driven.submit(part("1"))
    driven.hear((60_000).to_bytes(4, "big"))
    for _ in range(7):
        driven.wait(10)
        driven.hear(b"\0")
    assert driven.closed


def test_the_gateway_asks_whether_we_are_there(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.hear(peer.plain(peer.heartbeat, 77))
    assert written(peer, driven) == [(peer.heartbeat | RESPONSE, 77)]


def test_one_lost_answer_is_unknown_and_the_rest_goes_on(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.submit(part("1"), part("2"))
    two = submits(peer, driven)[1]
    driven.wait(30)
    driven.hear(peer.answer(two, 2))
    driven.take_signals()
    driven.wait(31)
    assert driven.take_signals() == [PartUnknown("1", SILENT)]
    assert driven.session.room


def stay_up(peer: Peer, driven: Driven, times: int) -> None:
    """The gateway says nothing for a while, and then that it is there."""
    for _ in range(times):
        driven.wait(21)
        driven.hear(peer.plain(peer.heartbeat, 77))


def with_one_given_up(peer: Peer, **limits: Any) -> tuple[Driven, int]:
    """A connection that stayed up while the answer to its part "1" did not come; and that part's sequence number."""
    driven = signed_in(peer, **limits)
    driven.submit(part("1"))
    [one] = submits(peer, driven)
    stay_up(peer, driven, 3)
    assert (driven.take_signals(), driven.closed) == ([PartUnknown("1", SILENT)], False)
    driven.take_written()
    return driven, one


def test_an_answer_that_comes_late_is_told_once(peer: Peer) -> None:
    driven, one = with_one_given_up(peer)
    driven.hear(peer.answer(one, 7))
    assert driven.take_signals() == [PartAccepted("1", "7")]
    driven.hear(peer.answer(one, 7))
    assert driven.take_signals() == []


def test_a_late_refusal_is_told_and_a_late_throttle_pauses(peer: Peer) -> None:
    driven, one = with_one_given_up(peer)
    driven.hear(peer.answer(one, 0, 13 if isinstance(peer, CmppPeer) else 0x0B))
    [refused] = driven.take_signals()
    assert isinstance(refused, PartRefused)
    assert (refused.key, refused.refusal) == ("1", Refusal.NEVER)
    driven, one = with_one_given_up(peer)
    driven.hear(peer.throttle(one))
    refused, paused = driven.take_signals()
    assert isinstance(refused, PartRefused)
    assert (refused.refusal, paused) == (Refusal.LATER, GatewayPaused(1.0))


def test_a_late_answer_belongs_to_its_connection(peer: Peer) -> None:
    driven, one = with_one_given_up(peer)
    driven.lose()
    assert driven.take_signals() == [GatewayLost("gone")]
    driven.start()
    driven.hear(peer.welcome(), peer.answer(one, 7))
    assert driven.take_signals() == [GatewayReady()]


def test_late_answers_show_that_parts_are_not_written_in_vain(peer: Peer) -> None:
    driven = signed_in(peer, window=2)
    for each in range(1, 7):
        driven.submit(part(str(each)))
        [one] = submits(peer, driven)
        stay_up(peer, driven, 3)
        driven.hear(peer.answer(one, each))
        assert driven.take_signals() == [PartUnknown(str(each), SILENT), PartAccepted(str(each), str(each))]
        driven.take_written()
    assert not driven.closed


def test_a_sequence_number_that_may_be_answered_late_is_not_given_again(peer: Peer) -> None:
    driven, one = with_one_given_up(peer)
    driven.session._sequence._last = one - 1
    driven.submit(part("2"))
    assert submits(peer, driven) == [one + 1]
    driven.hear(peer.answer(one, 7), peer.answer(one + 1, 8))
    assert driven.take_signals() == [PartAccepted("1", "7"), PartAccepted("2", "8")]


def test_a_gateway_that_accepts_and_falls_silent_is_left(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.wait(1)
    driven.submit(part("1"))
    driven.wait(61)
    assert driven.closed
    driven.lose()
    assert driven.take_signals() == [PartUnknown("1", SILENT), GatewayLost(SILENT)]


def test_a_gateway_that_answers_heartbeats_but_no_parts_is_left_after_a_window(peer: Peer) -> None:
    driven = signed_in(peer, window=2)
    for each in range(12):
        driven.submit(part(str(each)))
        driven.wait(25)
        if driven.closed:
            break
        driven.hear(peer.plain(peer.heartbeat | RESPONSE, 1))
    assert driven.closed
    keys = [signal.key for signal in driven.take_signals() if isinstance(signal, PartUnknown)]
    assert keys == ["0", "1"]


def test_what_arrived_is_answered_once_it_is_on_disk_and_only_once(peer: Peer) -> None:
    driven = signed_in(peer)
    woken: list[int] = []
    driven.session.arrivals.wake = lambda: woken.append(1)
    driven.hear(peer.text(5), peer.text(6))
    five, six = driven.take_signals()
    assert isinstance(five, TextArrived)
    assert isinstance(six, TextArrived)
    assert (five.sender, five.recipient, five.text) == ("13800138000", "1069", "T")
    assert written(peer, driven) == []
    six.written()
    six.written()
    driven.flush()
    assert (written(peer, driven), woken, driven.session.arrivals.owed) == ([(peer.delivered, 6)], [1], 1)


def test_an_answer_for_a_connection_that_is_gone_is_not_given_to_the_next(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.hear(peer.text(5))
    [text] = driven.take_signals()
    driven.lose()
    driven.start()
    driven.hear(peer.welcome())
    driven.take_written()
    text.written()  # type: ignore[attr-defined]
    driven.flush()
    assert written(peer, driven) == []


def test_a_text_without_a_name_has_the_connection_that_tells_whether_its_answer_was_read() -> None:
    peer = SmppPeer()
    driven = signed_in(peer)
    driven.hear(peer.text(5))
    [text] = driven.take_signals()
    assert isinstance(text, TextArrived)
    assert text.link is not None
    answered = driven.now
    driven.wait(4)
    driven.hear(peer.text(6))
    assert not text.link.has_read(answered)
    driven.wait(1)
    driven.hear(peer.text(7))
    assert text.link.has_read(answered)
    assert not text.link.has_read(driven.now)
    driven.leave()
    before = driven.now
    driven.wait(1)
    [(_, sequence)] = written(peer, driven)
    driven.hear(peer.plain(peer.farewell | RESPONSE, sequence))
    assert (text.link.has_read(before), text.link.has_read(driven.now), text.link.ended) == (True, False, False)
    driven.lose()
    assert text.link.ended


def test_a_text_with_a_name_needs_no_connection() -> None:
    driven = signed_in(CmppPeer())
    message = Deliver(0, "1069", "13800138000", b"T", 0)
    driven.hear(CmppPeer().text(5), cmpp.encode(Cmpp.DELIVER, 6, message, cmpp.V3))
    named, nameless = driven.take_signals()
    assert isinstance(named, TextArrived)
    assert isinstance(nameless, TextArrived)
    assert (named.gateway_id, named.link) == ("7", None)
    # Msg_Id 0 names nothing.
    assert (nameless.gateway_id, nameless.link is None) == ("", False)


def test_nothing_is_heard_of_texts_before_the_sign_in(peer: Peer) -> None:
    driven = Driven(peer.tongue())
    driven.start()
    driven.hear(peer.text(5))
    assert driven.take_signals() == []


def test_leaving_waits_for_answers_and_says_farewell(peer: Peer) -> None:
    driven = signed_in(peer, window=1)
    driven.submit(part("1"), part("2"))
    [one] = submits(peer, driven)
    driven.leave()
    assert driven.take_signals() == [PartUnsent("2")]
    assert written(peer, driven) == []
    driven.hear(peer.answer(one, 1))
    assert driven.take_signals() == [PartAccepted("1", "1")]
    [(command, sequence)] = written(peer, driven)
    assert command == peer.farewell
    driven.hear(peer.plain(peer.farewell | RESPONSE, sequence))
    assert driven.closed


def test_leaving_a_silent_gateway(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.submit(part("1"))
    driven.leave()
    driven.wait(5.5)
    assert written(peer, driven)[-1][0] == peer.farewell
    driven.wait(3)
    assert driven.closed
    driven.lose()
    stopped = Said(Saying.STOPPED)
    assert driven.take_signals() == [PartUnknown("1", stopped), GatewayLost(stopped)]


def test_the_gateway_leaves(peer: Peer) -> None:
    driven = signed_in(peer)
    driven.hear(peer.plain(peer.farewell, 8))
    assert (written(peer, driven), driven.closed) == ([(peer.farewell | RESPONSE, 8)], True)
    driven.lose()
    assert driven.take_signals() == [GatewayLost(Said(Saying.GATEWAY_LEFT))]


def test_sequence_numbers_begin_again_and_skip_what_waits(peer: Peer) -> None:
    driven = Driven(peer.tongue(), SmsLimits(1000, 100), first=0x7FFFFFFF - 3)
    driven.start()
    driven.hear(peer.welcome())
    driven.take_written()
    driven.submit(*[part(str(each)) for each in range(5)])
    assert submits(peer, driven) == [0x7FFFFFFE, 0x7FFFFFFF, 1, 2, 3]
    driven.hear(peer.answer(1, 11))
    assert PartAccepted("2", "11") in driven.take_signals()


@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 86400.0 * 365])
def test_a_clock_that_jumps_costs_nothing(peer: Peer, seconds: float) -> None:
    driven = signed_in(peer)
    driven.submit(part("1"))
    [one] = submits(peer, driven)
    driven.jump(seconds)
    assert (driven.take_signals(), driven.closed) == ([], False)
    driven.jump(1.0)
    driven.hear(peer.answer(one, 1))
    assert driven.take_signals() == [PartAccepted("1", "1")]
    driven.wait(70)
    assert (peer.heartbeat) in [command for command, _ in written(peer, driven)]


@pytest.mark.parametrize("length", [0, 11, 2**31])
def test_a_length_that_cannot_be_ends_the_connection(peer: Peer, length: int) -> None:
    driven = signed_in(peer)
    driven.submit(part("1"))
    [one] = submits(peer, driven)
    noise = peer.header.pack(length, *[1] * (peer.header.size // 4 - 1))
    driven.hear(peer.answer(one, 1), noise)
    assert driven.take_signals() == [PartAccepted("1", "1")]
    assert driven.closed
    driven.lose()
    [lost] = driven.take_signals()
    assert isinstance(lost, GatewayLost)
    assert f"a PDU of {length} octets" in lost.reason


def test_unknown_commands_and_answers_to_nothing_do_no_harm(peer: Peer) -> None:
    driven = signed_in(peer)
    size = peer.header.size
    others = [0] * (size // 4 - 3)
    for command in (0x99, 0x80000099, peer.submit, peer.submit | RESPONSE, peer.farewell | RESPONSE):
        driven.hear(peer.header.pack(size, command, *others, 12345))
    driven.hear(peer.answer(999, 1), peer.welcome(), peer.welcome(3))
    assert driven.take_signals() == []
    assert not driven.closed
    driven.submit(part("1"))
    assert submits(peer, driven)


def test_the_trace_sees_every_pdu_without_the_proof_of_the_secret(peer: Peer) -> None:
    seen: list[tuple[bool, bytes]] = []
    driven = Driven(peer.tongue())
    driven.session.tap = lambda sent, pdu: seen.append((sent, pdu))
    driven.start()
    sign_in = driven.take_written()
    driven.hear(peer.welcome(), peer.plain(peer.heartbeat, 4))
    assert [sent for sent, _ in seen] == [True, False, False, True]
    assert len(seen[0][1]) == len(sign_in)
    assert seen[0][1] != sign_in
    assert b"secret" not in seen[0][1]


def test_room_follows_what_the_gateway_manages(peer: Peer) -> None:
    driven = signed_in(peer, rate=1000.0, window=10)
    for _ in range(40):
        room = driven.session.room
        driven.submit(*[part("x")] * room)
        driven.hear(*[peer.answer(sequence, 1) for sequence in submits(peer, driven)])
        driven.wait(0.1)
    assert 90 <= driven.session.room + 100 <= 1000
    assert driven.session._parts._capacity.parts <= 210


@given(st.sampled_from(PEERS), st.data())
def test_any_split_of_what_the_gateway_says_means_the_same(peer: Peer, data: st.DataObject) -> None:
    def conversation(cuts: list[int]) -> tuple[list[GatewaySignal], list[tuple[int, int]]]:
        driven = signed_in(peer)
        driven.submit(part("1"), part("2"), part("3"))
        one, two, three = submits(peer, driven)
        said = b"".join((
            peer.answer(two, 2), peer.text(5), peer.plain(peer.heartbeat, 6), peer.answer(one, 0, 9),
            peer.throttle(three), peer.plain(peer.farewell, 7),
        ))  # fmt: skip
        for start, end in itertools.pairwise([0, *sorted(cut % len(said) for cut in cuts), len(said)]):
            driven.hear(said[start:end])
        driven.lose()
        return list(driven.take_signals()), written(peer, driven)

    assert conversation(data.draw(st.lists(st.integers(0, 10_000), max_size=12))) == conversation([])


actions = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.integers(1, 5)),
        st.tuples(st.just("answer"), st.integers(0, 10)),
        st.tuples(st.just("throttle"), st.integers(0, 10)),
        st.tuples(st.just("noise"), st.binary(max_size=30)),
        st.tuples(st.just("wait"), st.floats(0, 100)),
        st.tuples(st.just("stay"), st.integers(1, 4)),
        st.tuples(st.just("jump"), st.floats(-1e6, 1e6)),
        st.tuples(st.just("lose"), st.none()),
        st.tuples(st.just("leave"), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(st.sampled_from(PEERS), actions)
def test_whatever_happens_each_part_has_one_end(peer: Peer, script: list[tuple[str, Any]]) -> None:
    driven = Driven(peer.tongue(), SmsLimits(50, 3))
    keys, sequences = 0, [1]
    heard: list[GatewaySignal] = []
    driven.start()
    driven.hear(peer.welcome())
    for what, value in script:
        sequences.extend(submits(peer, driven))
        match what:
            case "submit":
                driven.submit(*[part(str(keys + each)) for each in range(value)])
                keys += value
            case "answer" | "throttle":
                sequence = sequences[-1 - value % len(sequences)]
                driven.hear(peer.answer(sequence, 1) if what == "answer" else peer.throttle(sequence))
            case "noise":
                driven.hear(value)
            case "wait":
                driven.wait(value)
            case "stay":
                stay_up(peer, driven, value)
            case "jump":
                driven.jump(value)
            case "leave":
                driven.leave()
        if what == "lose" or driven.closed:
            driven.lose()
            driven.start()
            driven.hear(peer.welcome())
    driven.lose()
    heard.extend(driven.take_signals())
    assert_each_has_its_end(keys, heard)


def assert_each_has_its_end(parts: int, heard: list[GatewaySignal]) -> None:
    """Each part has one, and one that was given up may have its answer after that."""
    ends: dict[str, list[type[GatewaySignal]]] = {str(each): [] for each in range(parts)}
    for signal in heard:
        if isinstance(signal, PartAccepted | PartRefused | PartUnknown | PartUnsent):
            ends[signal.key].append(type(signal))
    for first, *more in ends.values():
        assert more in ([], [PartAccepted], [PartRefused])
        assert not more or first is PartUnknown
