"""What a trace shows of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.gateways import gsm_trace
from hardware.gateways.masking import masked
from protocols import ucs2
from protocols.cmpp import codec as cmpp
from protocols.cmpp import messages as cmpp_messages
from protocols.cmpp import words as cmpp_words
from protocols.cmpp.session import CmppTongue
from protocols.cmpp.settings import CmppAccount
from protocols.gsm_modem.codec import decode_incoming, encode_deliver, from_line, to_line
from protocols.gsm_modem.messages import Coding, Deliver, Joint, UserData
from protocols.smpp import codec as smpp
from protocols.smpp import messages as smpp_messages
from protocols.smpp import words as smpp_words
from protocols.smpp.session import SmppTongue
from protocols.smpp.settings import Joining, Role, SmppAccount
from protocols.sms import Part
from protocols.sms_heard import Tongue
from tests.peers.sms_session import NOON, part


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"\x0013800138000\x00", b"\x001380013****\x00"),
        (b"+8613800138000;1069", b"+861380013****;1069"),
        (b"123456", b"123456"),
        ("电话13800138000。".encode("utf-16-be"), "电话1380013****。".encode("utf-16-be")),
        (b"01088886666 and 13900139000", b"0108888**** and 1390013****"),
    ],
)
def test_the_last_digits_are_hidden(data: bytes, shown: bytes) -> None:
    assert masked(data) == shown


DIGITS = "0123456789"


@given(
    # Digits beside a number are part of it, and may then show its last four once more.
    st.binary(max_size=100).map(lambda around: around.translate(None, DIGITS.encode())),
    st.text(DIGITS, min_size=7, max_size=20),
)
def test_whatever_stands_around_it(around: bytes, number: str) -> None:
    shown = masked(around + number.encode() + around)
    assert len(shown) == 2 * len(around) + len(number)
    assert number.encode() not in shown


# A number in a long text, which stands half in one part and half in the next.

NUMBER = "13912345678"
Show = Callable[[Part], str]
"""The words of a part, as a trace shows them."""


def smpp_text(pdu: bytes, account: SmppAccount) -> str:
    message = smpp.decode(smpp.HEADER.unpack_from(pdu)[1], pdu[smpp.HEADER.size :])
    assert isinstance(message, smpp_messages.ShortMessage)
    return smpp_words.read_words(message, account.alphabet)[1]


def over_smpp(**settings: Any) -> Show:
    account = SmppAccount("huifang", "secret", **settings)
    tongue = SmppTongue(account, Role.TRANSCEIVER, lambda: NOON)
    return lambda one: smpp_text(masked(tongue.shown(tongue.submission(one, 7))), account)


def brought_by_smpp(one: Part) -> str:
    account = SmppAccount("huifang", "secret")
    sent = smpp.decode(smpp_messages.Command.SUBMIT_SM, submission(account, one)[smpp.HEADER.size :])
    pdu = smpp.encode(smpp_messages.Command.DELIVER_SM, 7, sent)
    return smpp_text(masked(SmppTongue(account, Role.RECEIVER, lambda: NOON).shown(pdu)), account)


def submission(account: SmppAccount, one: Part) -> bytes:
    tongue: Tongue = SmppTongue(account, Role.TRANSCEIVER, lambda: NOON)
    return tongue.submission(one, 7)


def over_cmpp(version: int, *, gbk: bool) -> Show:
    tongue = CmppTongue(CmppAccount("900001", "888888", "1069", version=version, gbk=gbk), lambda: NOON)
    dialect = {2: cmpp.V2, 3: cmpp.V3}[version]

    def show(one: Part) -> str:
        pdu = masked(tongue.shown(tongue.submission(one, 7)))
        message = cmpp.decode(cmpp_messages.Command.SUBMIT, pdu[cmpp.HEADER.size :], dialect)
        assert isinstance(message, cmpp_messages.Submit)
        words = cmpp_words.split_words(message)[1]
        if message.format == cmpp_messages.Format.UCS2:
            return ucs2.decode(words, is_part=True)
        return words.decode("gb18030")

    return show


def by_modem(one: Part) -> str:
    coding = Coding.GSM7 if one.text.isascii() else Coding.UCS2
    body = UserData(coding, text=one.text, joint=Joint(one.reference, one.total, one.position))
    tpdu = encode_deliver(Deliver("+8613800138000", body, datetime(2026, 3, 2, 8, tzinfo=UTC)))
    shown = decode_incoming(from_line(gsm_trace.masked(to_line(tpdu).encode()).replace(b"*", b"0").decode()))
    assert isinstance(shown, Deliver)
    return shown.body.text


SHOWS: dict[str, Show] = {
    "smpp": over_smpp(),
    "smpp, sar": over_smpp(joining=Joining.SAR),
    "smpp, payload": over_smpp(payload=True),
    "smpp, brought": brought_by_smpp,
    "cmpp 2": over_cmpp(2, gbk=False),
    "cmpp 3": over_cmpp(3, gbk=True),
    "gsm": by_modem,
}


def halves(before: str, after: str) -> Iterator[tuple[Part, Part]]:
    for place in range(1, len(NUMBER)):
        texts = before + NUMBER[:place], NUMBER[place:] + after
        yield tuple(part(text=text, reference=9, position=at, total=2) for at, text in enumerate(texts, 1))  # type: ignore[misc]


@pytest.mark.parametrize("show", SHOWS.values(), ids=SHOWS)
@pytest.mark.parametrize(("before", "after"), [("请拨打电话", "，谢谢"), ("call ", ", bye"), ("", "")])
def test_a_number_that_stands_half_in_one_part_and_half_in_the_next_is_not_shown(
    show: Show, before: str, after: str
) -> None:
    for one, other in halves(before, after):
        shown = show(one) + show(other)
        assert shown == before + shown[len(before) :][: len(NUMBER)] + after
        assert shown[len(before) :][len(NUMBER) - 4 : len(NUMBER)] == "****"


@pytest.mark.parametrize("show", SHOWS.values(), ids=SHOWS)
def test_digits_at_the_ends_of_the_whole_text_and_within_a_part_are_shown(show: Show) -> None:
    assert show(part(text="3 天后 8 点。", reference=9, position=1, total=2)) == "3 天后 8 点。"
    assert show(part(text="请服药 2", reference=9, position=2, total=2)) == "请服药 2"
