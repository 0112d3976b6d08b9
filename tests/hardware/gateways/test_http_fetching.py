"""What a provider gives once, and not as it should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from hardware.gateways.errands import Errands
from hardware.gateways.http_arrivals import Arrivals
from hardware.gateways.http_fetching import Fetching
from hardware.gateways.http_talk import Outcome
from protocols.http_sms.answers import HttpAnswer
from protocols.http_sms.presets import PRESETS, Preset
from protocols.http_sms.provider import Form, Harvest
from protocols.http_sms.requests import HttpRequest, UnwritableError, build, values_of_account
from protocols.sms import GatewaySignal, TextArrived
from tests.conftest import LostFailures
from tests.protocols.http_sms.test_requests import ACCOUNT

BOX = "<callbox><mobile>%s</mobile><content>%s</content><receivetime>2026-11-28 12:00:01</receivetime></callbox>"


class Provider:
    """Answers to everything as it is told."""

    def __init__(self, answer: HttpAnswer) -> None:
        self._answer = answer
        self.asked: list[HttpRequest] = []

    async def ask(self, request: HttpRequest) -> Outcome:
        self.asked.append(request)
        return self._answer


def fetched(preset: Preset, harvest: Harvest, body: bytes) -> tuple[list[GatewaySignal], list[str]]:
    """What the pull for ``harvest`` brings of ``body``, and what is logged."""
    provider = PRESETS[preset]
    clock, heard = Clock(), list[GatewaySignal]()
    talk: Any = Provider(HttpAnswer(200, "text/xml", body))
    pulls = [pull for pull in provider.pulls if pull.harvest is harvest]

    def built(form: Form) -> HttpRequest:
        return build(form, values_of_account(ACCOUNT, clock.seconds()), provider.charset)

    tell: Callable[[Any], None] = heard.extend
    arrivals = Arrivals(clock, tell, "10690")
    fetching = Fetching("服务商", provider, pulls, talk, built, arrivals, Errands(clock), clock, tell)
    with capturedLogs() as events:
        fetching.begin()
        clock.advance(0)
    assert len(talk.asked) == 1
    arrivals.stop()
    # When it was logged is not what is looked at.
    return heard, [str({**event, "log_time": None}) for event in events]


def texts(signals: list[GatewaySignal]) -> list[str]:
    return [signal.text for signal in signals if isinstance(signal, TextArrived)]


@pytest.mark.parametrize("wrong", [b"A&B", b"A\x0bB", b"\xff\xfe", b"<![CDATA[<!DOCTYPE]]>", "好".encode()[:2]])
def test_one_wrong_character_loses_no_other_reply(wrong: bytes) -> None:
    rows = [("13800138000", b"1"), ("13800138001", wrong), ("13800138002", b"2")]
    boxes = b"".join(BOX.encode() % (number.encode(), words) for number, words in rows)
    signals, logged = fetched(Preset.SMS_ASPX, Harvest.REPLY_XML, b"<returnsms>" + boxes + b"</returnsms>")
    assert texts(signals)[::2] == ["1", "2"]
    assert len(signals) == 3
    assert logged == []


def test_half_a_character_loses_no_other_reply_of_linkws() -> None:
    when = "#2026-11-28 12:00:01#"
    body = f"||13800138000#好{when}||13800138001#".encode("gbk") + "好".encode("gbk")[:1] + when.encode()
    body += f"||13800138002#退订{when}".encode("gbk")
    signals, logged = fetched(Preset.LINKWS, Harvest.HASHES, body)
    assert texts(signals) == ["好", "\N{REPLACEMENT CHARACTER}", "退订"]
    assert logged == []


def test_what_could_not_be_read_is_told_without_saying_what_it_is() -> None:
    cut = "<returnsms>" + BOX % ("13800138000", "好") + "<callbox><mobile>13800138001</mobile><content>伤口"
    signals, [logged] = fetched(Preset.SMS_ASPX, Harvest.REPLY_XML, cut.encode())
    assert texts(signals) == ["好"]
    assert "'unread': 1" in logged
    assert "服务商" in logged
    assert "138" not in logged
    assert "伤口" not in logged


def test_what_cannot_be_asked_once_is_asked_again(lost_failures: LostFailures) -> None:
    provider = PRESETS[Preset.LINKWS]
    clock, heard, tried = Clock(), list[GatewaySignal](), list[Form]()
    talk: Any = Provider(HttpAnswer(200, "text/plain", b""))

    def built(form: Form) -> HttpRequest:
        tried.append(form)
        if len(tried) == 1:
            raise UnwritableError("not in this charset")
        return build(form, values_of_account(ACCOUNT, clock.seconds()), provider.charset)

    arrivals = Arrivals(clock, heard.extend, "10690")
    (pull,) = provider.pulls
    fetching = Fetching("服务商", provider, [pull], talk, built, arrivals, Errands(clock), clock, heard.extend)
    fetching.begin()
    clock.advance(0)
    assert ["not in this charset" in text for text in lost_failures.take()] == [True]
    assert not talk.asked
    clock.advance(pull.every)
    assert len(talk.asked) == 1
    fetching.end()
    assert not clock.getDelayedCalls()
