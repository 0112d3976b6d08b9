"""Which message a report is about: by what is remembered, and what is said when nothing is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from protocols.gsm_modem.messages import StatusReport
from protocols.gsm_modem.sent import SentMessages
from protocols.sms import NameHint

SENT = datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC)
CENTRE_SENT = datetime(2026, 3, 2, 16, 0, 2, tzinfo=timezone(timedelta(hours=8)))
NUMBER = "+8613800138000"
REPORT = StatusReport(17, "8613800138000", CENTRE_SENT, CENTRE_SENT, 0)


def test_a_message_that_is_remembered_has_the_name_that_it_got() -> None:
    sent = SentMessages()
    name = sent.add(17, NUMBER, SENT.timestamp())
    assert name == "20260302080005-017"
    assert sent.gateway_id(REPORT) == (name, None)


def test_of_one_that_is_not_remembered_the_end_of_its_name_and_the_centres_time_are_told() -> None:
    name = SentMessages().add(17, NUMBER, SENT.timestamp())
    guess, hint = SentMessages().gateway_id(REPORT)
    assert (guess, hint) == ("20260302080002-017", NameHint("-017", datetime(2026, 3, 2, 8, 0, 2, tzinfo=UTC)))
    assert hint is not None
    assert name.endswith(hint.ending)


def test_one_with_the_same_reference_to_another_number_or_of_another_day_is_another() -> None:
    sent = SentMessages()
    sent.add(17, "+8613900139000", SENT.timestamp())
    sent.add(17, NUMBER, (SENT + timedelta(days=2)).timestamp())
    assert sent.gateway_id(REPORT)[1] is not None


def test_without_the_centres_time_it_is_the_last_that_is_remembered_or_none() -> None:
    sent = SentMessages()
    assert sent.gateway_id(replace(REPORT, sent_at=None)) == ("", None)
    name = sent.add(17, NUMBER, SENT.timestamp())
    assert sent.gateway_id(replace(REPORT, sent_at=None)) == (name, None)
