"""People write: answers, first words, one text to many; each once, filled in, by the rules, and never a secret told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, gatherResults

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from callcenter.messaging.batches.choices import Choice
from callcenter.messaging.batches.recipients import BatchDraft
from callcenter.messaging.conversations.listing import Box, ConversationFilter
from callcenter.messaging.messages.sending import Typed
from callcenter.messaging.messages.service import Messages
from callcenter.messaging.vocabulary import MessageState, Purpose
from storage.models import AuditEntry, AutoReply, Conversation, MessageTemplate, Patient, PatientPhone, SmsGateway
from tests.peers.call_center import (
    ANNA,
    DORA,
    FOLLOW_UP,
    GONE,
    HEART,
    SUSAN,
    ZHANG,
    every_row,
    principal,
)
from tests.peers.sms_desk import (
    FAMILY,
    GATEWAY,
    HEARTS_NUMBER,
    HOUSE,
    OTHER_GATEWAY,
    STRANGER,
    Desk,
    add_gateway,
    bind_gateways,
    move,
)

KEY = "0123456789abcdef"
ALL = Choice(fields={})


async def talk_of(desk: Desk) -> dict[str, Any]:
    return dict((await desk.desk.conversations.list(SUSAN, ConversationFilter(Box.ALL))).items[0])


def talk_with(number: str) -> Select[tuple[int]]:
    return select(Conversation.id).where(Conversation.number == number)


async def unchanged(desk: Desk, error: type[Exception], doing: Any) -> Any:
    """It is refused with ``error``, and not a row is another."""
    before = await desk.database.read(every_row)
    with pytest.raises(error) as caught:
        await doing
    assert await desk.database.read(every_row) == before
    return caught.value


@pytest_twisted.ensureDeferred
async def test_an_answer_is_filled_in_sent_once_and_waited_for_no_longer(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "要复查吗")
    talk = await talk_of(desk)
    typed = Typed("{patient.name}您好，请来复查。{doctor.name}", KEY)
    sent = await desk.desk.conversations.reply(DORA, talk["id"], typed)
    assert (sent["text"], sent["state"], sent["purpose"]) == ("赵心您好，请来复查。Dora", "queued", "reply")
    assert (sent["created_by"]["id"], sent["conversation_id"]) == (DORA.user_id, talk["id"])
    again = await desk.desk.conversations.reply(DORA, talk["id"], typed)
    assert again["id"] == sent["id"]
    after = await talk_of(desk)
    assert (after["unread"], after["waiting_since"], after["last_direction"]) == (0, None, "out")
    assert len(await desk.rows()) == 2
    told = [event for event in desk.events if event.type == "message.updated"]
    assert told[-1].data["id"] == sent["id"]
    actions = [row["action"] for row in await desk.rows(AuditEntry)]
    assert actions.count("send-message") == 1
    later = await desk.desk.conversations.reply(
        DORA, talk["id"], Typed("明天", KEY + "2", desk.now + timedelta(days=1))
    )
    assert (later["state"], later["next_at"]) == ("queued", "2026-03-03T08:00:00.000Z")


@pytest_twisted.ensureDeferred
async def test_a_text_that_is_not_complete_is_refused_with_the_name_of_what_is_missing(desk: Desk) -> None:
    await desk.hear(STRANGER, "您好")
    talk = await talk_of(desk)
    for text, named in (
        ("{patient.name}您好", "{patient.name}"), ("{{7*7}}", "{7*7}"), ("{0.__class__}", "{0.__class__}"),
        (" \u202e ", ""),
    ):  # fmt: skip
        error = await unchanged(desk, InvalidError, desk.desk.conversations.reply(ANNA, talk["id"], Typed(text, KEY)))
        assert named in error.fields["text"]
    for wrong in ("short", "x" * 40, "spaces in it", "drop;table"):
        await unchanged(desk, InvalidError, desk.desk.conversations.reply(ANNA, talk["id"], Typed("好", wrong)))


@pytest_twisted.ensureDeferred
async def test_the_preview_of_one_says_when_it_goes_and_the_sending_does_that(desk: Desk) -> None:
    """Now, at a time that was chosen, and at one that is in the night; the last at night without a time."""
    outgoing, soon, night = desk.desk.outgoing, desk.now + timedelta(hours=1), desk.now + timedelta(hours=6)
    morning = "2026-03-03T00:00:00.000Z"
    asked = [
        (None, "now", "", iso(desk.now)), (desk.now - timedelta(days=1), "now", "", iso(desk.now)),
        (soon, "later", "not_before", iso(soon)), (night, "later", "quiet_hours", morning),
    ]  # fmt: skip
    for place, (at, goes, reason, goes_at) in enumerate(asked):
        shown = await outgoing.preview(SUSAN, "请来复查", Purpose.CARE, patient_id=HEART, at=at)
        assert (shown["goes"], shown["reason"], shown["goes_at"]) == (goes, reason, goes_at)
        sent = await outgoing.send(SUSAN, HEART, "", Typed("请来复查", f"{KEY}{place}", at), Purpose.CARE)
        assert (sent["reason"], sent["next_at"]) == (reason, goes_at)
    desk.clock.advance(timedelta(hours=7).total_seconds())
    shown = await outgoing.preview(SUSAN, "请来复查", Purpose.CARE, patient_id=HEART)
    assert (shown["goes"], shown["reason"], shown["goes_at"]) == ("later", "quiet_hours", morning)
    far = desk.now + timedelta(days=91)
    await unchanged(desk, InvalidError, outgoing.preview(SUSAN, "请来复查", Purpose.CARE, patient_id=HEART, at=far))


@pytest_twisted.ensureDeferred
async def test_the_preview_names_what_a_gateway_cannot_write_and_who_carries_it(desk: Desk) -> None:
    outgoing, prays = desk.desk.outgoing, "好的🙏按时服药"
    await desk.hear(HEARTS_NUMBER, "谢谢")
    talk = (await talk_of(desk))["id"]

    async def asked(text: str) -> list[Any]:
        shown = await outgoing.preview(DORA, text, conversation_id=talk)
        return [shown[name] for name in ("goes", "reason", "unwritable", "unable", "gateway", "cost")]

    assert await asked(prays) == ["now", "", [], "", "移动", 45]
    await desk.change(bind_gateways, GATEWAY)
    assert await asked(prays) == ["never", "unwritable", ["🙏"], "移动", "", 0]
    other = {"priority": 9, "cost": 60, "in_service": False}
    await desk.change(lambda session: add_gateway(session, OTHER_GATEWAY, "联通", **other))
    # One that rests is waited for, unless it cannot either.
    assert await asked(prays) == ["now", "", ["🙏"], "移动", "", 60]
    assert (await outgoing.preview(DORA, prays, conversation_id=talk))["later"] == "联通"
    await desk.change(bind_gateways, GATEWAY, OTHER_GATEWAY)
    assert await asked(prays) == ["never", "unwritable", ["🙏"], "移动", "", 0]

    def let_it_serve(session: Session) -> None:
        found = update(SmsGateway).where(SmsGateway.id == OTHER_GATEWAY)
        session.execute(found.values(in_service=True, kind="cmpp2", settings={}))

    await desk.change(let_it_serve)
    assert await asked(prays) == ["now", "", ["🙏"], "移动", "联通", 60]
    # The one that the patient knows, where it can.
    assert await asked("好的，按时服药") == ["now", "", [], "", "移动", 45]
    kept = await outgoing.example(SUSAN, "templates", prays, Purpose.CARE)
    assert (kept["unwritable"], kept["unable"], kept["gateway"]) == (["🙏"], "移动", "联通")


@pytest_twisted.ensureDeferred
async def test_the_preview_says_how_much_a_gateway_takes_and_who_carries_what_is_longer(desk: Desk) -> None:
    """Of those providers one takes 300 characters, with the signature."""
    await desk.change(bind_gateways, GATEWAY)

    async def asked(text: str) -> list[Any]:
        shown = await desk.desk.outgoing.preview(SUSAN, text, Purpose.CARE, patient_id=HEART)
        return [shown[name] for name in ("goes", "reason", "limit", "unwritable", "unable", "gateway", "characters")]

    fits = "字" * 294
    assert await asked(fits) == ["now", "", 0, [], "", "移动", 300]
    assert await asked(fits + "字") == ["never", "too_long", 300, [], "移动", "", 301]
    assert await asked(fits + "🙏") == ["never", "unwritable", 300, ["🙏"], "移动", "", 301]
    await desk.change(lambda session: add_gateway(session, OTHER_GATEWAY, "联通", priority=9, signature=""))
    assert await asked(fits) == ["now", "", 0, [], "", "移动", 300]
    assert await asked(fits + "字") == ["now", "", 300, [], "移动", "联通", 295]
    kept = await desk.desk.outgoing.example(SUSAN, "templates", fits + "字", Purpose.CARE)
    assert (kept["limit"], kept["unable"], kept["gateway"]) == (300, "移动", "联通")


def add_reply(session: Session, keyword: str, text: str) -> None:
    session.add(AutoReply(keyword=keyword, text=text, disabled=False))


@pytest_twisted.ensureDeferred
async def test_braces_of_a_chinese_input_method_are_braces_wherever_a_text_goes(desk: Desk) -> None:
    """Typed at a Chinese keyboard: seen, counted and sent like the plain ones, to one, to many, and by itself."""
    text, plain = "｛patient.name｝您好，{department｝｛ｄａｔｅ｝", "{patient.name}您好，{department}{date}"
    outgoing, batches = desk.desk.outgoing, desk.desk.batches
    shown = await outgoing.preview(SUSAN, text, Purpose.CARE, patient_id=HEART)
    assert shown == await outgoing.preview(SUSAN, plain, Purpose.CARE, patient_id=HEART)
    assert "department" in shown["warnings"]
    sent = await outgoing.send(SUSAN, HEART, "", Typed(text, KEY), Purpose.CARE)
    many = [BatchDraft(one, Purpose.CARE) for one in (text, plain)]
    counted = [await batches.preview(SUSAN, draft, Choice(patient_ids=(HEART, ZHANG))) for draft in many]
    assert counted[0] == counted[1]
    assert counted[0]["sample"]
    await batches.send(SUSAN, many[0], Choice(patient_ids=(HEART,)), KEY)
    await desk.make_all()
    await desk.change(add_reply, "几点", "｛hospital｝早上八点")
    await desk.change(add_reply, "哪里", "｛patient.name｝您好")
    await desk.hear(STRANGER, "几点")
    await desk.hear(FAMILY, "哪里")
    out = [row["text"] for row in await desk.rows() if row["direction"] == "out"]
    assert out == [sent["text"], sent["text"], "仁爱医院早上八点"]
    assert sent["text"] == shown["text"]
    assert not set("{}｛｝") & set("".join(out))
    unknown = Typed("｛姓名｝", KEY + "x")
    refused = await unchanged(desk, InvalidError, outgoing.send(SUSAN, HEART, "", unknown, Purpose.CARE))
    assert "{姓名}" in refused.fields["text"]
    await unchanged(desk, InvalidError, batches.preview(SUSAN, BatchDraft("｛patient.name", Purpose.CARE), ALL))


@pytest_twisted.ensureDeferred
async def test_whoever_stopped_messages_is_answered_but_not_written_to(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "T")
    answered = await desk.desk.conversations.reply(DORA, (await talk_of(desk))["id"], Typed("已为您退订", KEY))
    assert answered["state"] == "queued"
    first = await desk.desk.outgoing.send(DORA, HEART, "", Typed("请来复查", KEY + "2"), Purpose.CARE)
    assert (first["state"], first["reason"]) == ("suppressed", "opted_out")
    shown = await desk.desk.outgoing.preview(DORA, "请来复查", Purpose.CARE, patient_id=HEART)
    assert (shown["goes"], shown["reason"], shown["warnings"]) == ("never", "opted_out", ["opted_out"])
    # Weeks later nobody waits for an answer: it is care, which was stopped.
    desk.clock.advance(timedelta(days=31).total_seconds())
    late = await desk.desk.conversations.reply(DORA, (await talk_of(desk))["id"], Typed("复查", KEY + "3"))
    assert (late["purpose"], late["state"]) == ("care", "suppressed")


@pytest_twisted.ensureDeferred
async def test_only_who_wrote_lately_gets_a_reply(desk: Desk) -> None:
    """No opt-out, hour or cap holds a reply back: so nobody gets one who asked for nothing, whoever says it is one."""
    outgoing = desk.desk.outgoing
    for asked in (
        outgoing.send(ANNA, ZHANG, "", Typed("您好", KEY), Purpose.REPLY),
        outgoing.send(ANNA, None, STRANGER, Typed("您好", KEY), Purpose.REPLY),
        outgoing.preview(ANNA, "您好", Purpose.REPLY, patient_id=ZHANG),
        outgoing.preview(ANNA, "您好", Purpose.REPLY, number=STRANGER),
    ):
        assert "purpose" in (await unchanged(desk, InvalidError, asked)).fields
    await desk.hear(HEARTS_NUMBER, "T")
    answered = await outgoing.send(DORA, HEART, "", Typed("已为您退订", KEY), Purpose.REPLY)
    assert (answered["state"], answered["purpose"]) == ("queued", "reply")
    desk.clock.advance(timedelta(days=31).total_seconds())
    talk = (await talk_of(desk))["id"]
    for asked in (
        outgoing.send(DORA, HEART, "", Typed("复查", KEY + "2"), Purpose.REPLY),
        outgoing.preview(DORA, "复查", Purpose.REPLY, patient_id=HEART),
        outgoing.preview(DORA, "复查", Purpose.REPLY, conversation_id=talk),
    ):
        assert "purpose" in (await unchanged(desk, InvalidError, asked)).fields
    # Nor is an old answer one still that is sent again.
    await desk.change(move, answered["id"], MessageState.FAILED)
    again = await Messages(desk.database, desk.clock, HOUSE.time_zone).resend(SUSAN, answered["id"])
    assert (again["purpose"], again["state"], again["reason"]) == ("care", "suppressed", "opted_out")


@pytest_twisted.ensureDeferred
async def test_a_preview_tells_of_no_number_to_which_one_could_not_write(desk: Desk) -> None:
    """Who wrote lately, wants no texts or had today's share is known of one's own patients alone."""
    outgoing = desk.desk.outgoing
    await desk.hear(STRANGER, "T")
    for purpose in (Purpose.REPLY, Purpose.MARKETING):
        await unchanged(desk, NotAllowedError, outgoing.preview(DORA, "您好", purpose, number=STRANGER))
        to_another = outgoing.preview(DORA, "您好", purpose, patient_id=HEART, number=STRANGER)
        assert (await unchanged(desk, InvalidError, to_another)).fields.keys() == {"number"}
    assert (await outgoing.preview(DORA, "您好"))["reason"] == "bad_number"
    assert (await outgoing.preview(DORA, "您好", patient_id=HEART, number=HEARTS_NUMBER))["reason"] == ""
    assert (await outgoing.preview(ANNA, "您好", Purpose.MARKETING, number=STRANGER))["reason"] == "opted_out"


@pytest_twisted.ensureDeferred
async def test_a_form_that_is_sent_again_with_something_else_in_it_is_refused(desk: Desk) -> None:
    outgoing = desk.desk.outgoing
    typed = Typed("{patient.name}您好，今天{date}", KEY)
    sent = await outgoing.send(SUSAN, ZHANG, "", typed, Purpose.CARE)
    for patient, number, text, purpose in (
        (ZHANG, "", "张先生您好", Purpose.CARE), (HEART, "", typed.text, Purpose.CARE),
        (None, STRANGER, typed.text, Purpose.CARE), (ZHANG, "", typed.text, Purpose.REMINDER),
    ):  # fmt: skip
        asked = outgoing.send(SUSAN, patient, number, Typed(text, KEY), purpose)
        assert (await unchanged(desk, ConflictError, asked)).details == {"message_id": sent["id"]}
    await desk.hear(HEARTS_NUMBER, "您好")
    talk = await desk.database.read(lambda session: session.scalar(talk_with(HEARTS_NUMBER)))
    reply = desk.desk.conversations.reply
    answer = await reply(DORA, talk, Typed("请来复查", KEY))
    error = await unchanged(desk, ConflictError, reply(DORA, talk, Typed("不用来了", KEY)))
    assert error.details == {"message_id": answer["id"]}
    await unchanged(desk, ConflictError, reply(SUSAN, talk, Typed(typed.text, KEY)))
    # The same is the same on another day too.
    desk.clock.advance(timedelta(days=1).total_seconds())
    assert (await outgoing.send(SUSAN, ZHANG, "", typed, Purpose.CARE))["id"] == sent["id"]
    assert (await reply(DORA, talk, Typed("请来复查", KEY)))["id"] == answer["id"]


@pytest_twisted.ensureDeferred
async def test_first_words_begin_a_conversation_that_is_the_writers(desk: Desk) -> None:
    outgoing = desk.desk.outgoing
    sent = await outgoing.send(ANNA, ZHANG, "", Typed("张先生您好", KEY), Purpose.CARE)
    talk = await talk_of(desk)
    assert (talk["id"], talk["patient"]["id"], talk["assigned_to"]["id"]) == (
        sent["conversation_id"],
        ZHANG,
        ANNA.user_id,
    )
    assert (talk["state"], talk["unread"]) == ("open", 0)
    await unchanged(desk, InvalidError, outgoing.send(ANNA, ZHANG, STRANGER, Typed("您好", KEY + "2"), Purpose.CARE))
    await unchanged(desk, InvalidError, outgoing.send(ANNA, GONE, "", Typed("您好", KEY + "2"), Purpose.CARE))
    await unchanged(
        desk, InvalidError, outgoing.send(ANNA, None, "010-62345678", Typed("您好", KEY + "2"), Purpose.CARE)
    )
    # A doctor writes to the patients of the department, and to no number of which nothing is known.
    await unchanged(desk, InvalidError, outgoing.send(DORA, ZHANG, "", Typed("您好", KEY + "2"), Purpose.CARE))
    await unchanged(desk, NotAllowedError, outgoing.send(DORA, None, STRANGER, Typed("您好", KEY + "2"), Purpose.CARE))
    to_stranger = await outgoing.send(ANNA, None, "138 1234 5678", Typed("您好", KEY + "2"), Purpose.CARE)
    assert to_stranger["number"] == STRANGER


@pytest_twisted.ensureDeferred
async def test_a_conversation_of_others_does_not_exist(desk: Desk) -> None:
    await desk.hear(STRANGER, "您好")
    talk = (await talk_of(desk))["id"]
    conversations = desk.desk.conversations
    for doing in (
        conversations.get(DORA, talk), conversations.messages(DORA, talk), conversations.mark_read(DORA, talk),
        conversations.reply(DORA, talk, Typed("您好", KEY)), conversations.finish(DORA, talk),
        conversations.assign(DORA, talk, DORA.user_id, None), conversations.choose_patient(DORA, talk, HEART),
        conversations.snooze(DORA, talk, desk.now + timedelta(hours=1)), conversations.reopen(DORA, talk),
        desk.desk.outgoing.preview(DORA, "x", conversation_id=talk),
    ):  # fmt: skip
        await unchanged(desk, NotFoundError, doing)
    nobody = Principal(99, "nobody", "Nobody")
    await unchanged(desk, NotAllowedError, conversations.list(nobody))
    await unchanged(desk, NotAllowedError, conversations.reply(nobody, talk, Typed("您好", KEY)))
    # Whoever answers may take it; giving it to others takes a right of its own.
    assert (await conversations.assign(ANNA, talk, ANNA.user_id, None))["assigned_to"]["id"] == ANNA.user_id
    await unchanged(desk, NotAllowedError, conversations.assign(ANNA, talk, SUSAN.user_id, None))
    await unchanged(desk, NotAllowedError, conversations.assign(ANNA, talk, ANNA.user_id, FOLLOW_UP))
    given = await conversations.assign(SUSAN, talk, None, FOLLOW_UP)
    # Whoever takes it says where it is.
    taken = await conversations.assign(ANNA, talk, ANNA.user_id, FOLLOW_UP)
    assert (taken["assigned_to"]["id"], taken["department"]["id"]) == (ANNA.user_id, FOLLOW_UP)
    given = await conversations.assign(SUSAN, talk, None, FOLLOW_UP)
    assert (given["assigned_to"], given["department"]["id"]) == (None, FOLLOW_UP)
    assert ANNA.user_id in desk.last("conversation.updated").audience["users"]


@pytest_twisted.ensureDeferred
async def test_own_scope_reaches_ones_patients_and_what_was_given_to_one(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "您好")
    await desk.hear(STRANGER, "您好")
    grants = {"conversations.view": Scope.OWN, "conversations.reply": Scope.OWN}
    doctor = Principal(DORA.user_id, "dora", "Dora", None, grants)
    colleague = Principal(ANNA.user_id, "anna", "Anna", None, grants)
    everything = ConversationFilter(Box.ALL)
    (mine,) = (await desk.desk.conversations.list(doctor, everything)).items
    assert mine["patient"]["id"] == HEART
    assert (await desk.desk.conversations.list(colleague, everything)).items == []
    await desk.desk.conversations.assign(SUSAN, mine["id"], ANNA.user_id, None)
    # It is Anna's now, and still about the doctor's patient.
    for one in (doctor, colleague):
        assert [talk["id"] for talk in (await desk.desk.conversations.list(one, everything)).items] == [mine["id"]]


@pytest_twisted.ensureDeferred
async def test_reading_is_counted_up_to_what_was_seen_and_logged(desk: Desk) -> None:
    first = await desk.hear(HEARTS_NUMBER, "一")
    await desk.hear(HEARTS_NUMBER, "二")
    talk = (await talk_of(desk))["id"]
    conversations = desk.desk.conversations
    assert await conversations.counts(DORA) == {"open": 1, "mine": 1, "department": 1, "unassigned": 0}
    page = await conversations.messages(DORA, talk, limit=1)
    assert [one["text"] for one in page.items] == ["二"]
    assert [one["text"] for one in (await conversations.messages(DORA, talk, 1, page.next)).items] == ["一"]
    assert (await conversations.mark_read(DORA, talk, first))["unread"] == 1
    assert (await conversations.mark_read(DORA, talk))["unread"] == 0
    assert [row["action"] for row in await desk.rows(AuditEntry)] == ["read-messages"]
    with pytest.raises(InvalidError):
        await conversations.messages(DORA, talk, 1, "nonsense")
    found = ConversationFilter(q="6000")
    assert [one["id"] for one in (await conversations.list(DORA, found)).items] == [talk]
    # Digits that she sees masked only find nothing.
    assert (await conversations.list(DORA, ConversationFilter(q="6136"))).items == []


@pytest_twisted.ensureDeferred
async def test_a_double_click_sends_once(desk: Desk) -> None:
    words = [
        Deferred.fromCoroutine(desk.desk.outgoing.send(SUSAN, ZHANG, "", Typed("好", KEY + "y"), Purpose.CARE))
        for _ in range(2)
    ]
    assert len({one["id"] for one in await gatherResults(words)}) == 1


@pytest.mark.parametrize(
    ("text", "purpose", "warnings"),
    [
        ("{department}提醒您复查", Purpose.REMINDER, ["department"]),
        ("心内科提醒您复查", Purpose.REMINDER, ["department"]),
        ("化疗后请复查", Purpose.CARE, ["revealing"]),
        ("化疗后请复查", Purpose.REPLY, []),
        ("请明天复查", Purpose.REMINDER, []),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_a_glance_at_the_phone_would_tell_is_warned_of(
    desk: Desk, text: str, purpose: Purpose, warnings: Sequence[str]
) -> None:
    def clinical(session: Session) -> None:
        patient = session.get_one(Patient, HEART)
        patient_department(session, patient.department_id)

    await desk.change(clinical)
    await desk.hear(HEARTS_NUMBER, "请问")
    shown = await desk.desk.outgoing.preview(DORA, text, purpose, patient_id=HEART)
    assert shown["warnings"] == list(warnings)


def patient_department(session: Session, key: int | None) -> None:
    from storage.models import Department

    session.execute(update(Department).where(Department.id == key).values(clinical=True))


@pytest_twisted.ensureDeferred
async def test_parts_and_cost_are_those_of_the_gateway_that_would_carry_it(desk: Desk) -> None:
    preview = desk.desk.outgoing.preview
    short = await preview(DORA, "好" * 64, Purpose.CARE, patient_id=HEART)
    long = await preview(DORA, "好" * 65, Purpose.CARE, patient_id=HEART)
    # The signature 【仁爱医院】 counts six.
    assert (short["parts"], short["characters"], short["cost"], short["gateway"]) == (1, 70, 45, "移动")
    assert (long["parts"], long["cost"], long["signature"]) == (2, 90, "【仁爱医院】")
    secretary = principal(DORA.user_id or 0, "dora", "doctor", None)
    with pytest.raises(InvalidError):
        await preview(secretary, "x", Purpose.CARE, patient_id=ZHANG)


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"preset": "sms56_a"}, 4),
        ({"preset": "sms_aspx"}, 3),
        ({"preset": "custom", "own": {"joins": True, "longest": 199}}, 3),
        ({"preset": "custom", "own": {"path": "send"}}, 4),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_provider_that_does_not_join_texts_costs_a_signature_for_each_part(
    desk: Desk, options: dict[str, Any], parts: int
) -> None:
    def exchange(session: Session) -> None:
        session.get_one(SmsGateway, GATEWAY).in_service = False
        add_gateway(session, GATEWAY + 1, "服务商", kind="http", settings=options)

    await desk.change(exchange)
    # With the signature it is 199, three times 67; with a signature of its own a part has 64.
    quote = await desk.desk.outgoing.preview(DORA, "好" * 193, Purpose.CARE, patient_id=HEART)
    assert (quote["parts"], quote["cost"], quote["gateway"]) == (parts, 45 * parts, "服务商")


@pytest_twisted.ensureDeferred
async def test_what_has_not_left_can_be_taken_back_and_nothing_else(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "要复查吗")
    talk = (await talk_of(desk))["id"]
    conversations = desk.desk.conversations
    later = await conversations.reply(DORA, talk, Typed("明天来", KEY, desk.now + timedelta(hours=3)))
    await unchanged(desk, NotFoundError, conversations.cancel(SUSAN, talk, later["id"]))
    assert (await conversations.cancel(DORA, talk, later["id"]))["state"] == "cancelled"
    await unchanged(desk, ConflictError, conversations.cancel(DORA, talk, later["id"]))


@pytest_twisted.ensureDeferred
async def test_first_words_leave_what_waits_in_a_conversation_of_others_unread(desk: Desk) -> None:
    """Two share the number; whoever writes to the one has not read what came, and does not see it."""

    def share(session: Session) -> None:
        session.add(PatientPhone(patient_id=HEART, number=FAMILY, position=1))

    await desk.hear(FAMILY, "请问")
    await desk.change(share)
    sent = await desk.desk.outgoing.send(DORA, HEART, FAMILY, Typed("请来复查", KEY), Purpose.CARE)
    talk = await talk_of(desk)
    assert (talk["id"], talk["unread"], talk["waiting_since"] is not None) == (sent["conversation_id"], 1, True)
    assert [row["seen_at"] for row in await desk.rows() if row["direction"] == "in"] == [None]
    assert (talk["patient"], talk["assigned_to"]) == (None, None)
    await unchanged(desk, NotFoundError, desk.desk.conversations.messages(DORA, talk["id"]))


# What a text was written from.


def add_template(session: Session, name: str, department: int | None = None) -> int:
    row = MessageTemplate(name=name, purpose="care", text="{patient.name}您好", department_id=department)
    session.add(row)
    session.flush()
    return row.id


def rename(session: Session, key: int, name: str) -> None:
    session.get_one(MessageTemplate, key).name = name


@pytest_twisted.ensureDeferred
async def test_a_message_keeps_its_template_by_the_name_of_then(desk: Desk) -> None:
    outgoing, batches = desk.desk.outgoing, desk.desk.batches
    await desk.hear(HEARTS_NUMBER, "您好")
    template = await desk.change(add_template, "复诊提醒")
    talk = (await talk_of(desk))["id"]
    typed = Typed("{patient.name}您好，请来复查", KEY, template_id=template)
    kept = {"id": template, "name": "复诊提醒"}
    sent = [
        await desk.desk.conversations.reply(DORA, talk, typed),
        await outgoing.send(SUSAN, ZHANG, "", replace(typed, key=KEY + "2"), Purpose.CARE),
        await outgoing.send(SUSAN, ZHANG, "", Typed("您好", KEY + "3"), Purpose.CARE),
    ]
    assert [one["template"] for one in sent] == [kept, kept, None]
    draft = BatchDraft("{patient.name}您好", Purpose.CARE, template_id=template)
    many = await batches.send(SUSAN, draft, Choice(patient_ids=(HEART,)), KEY + "4")
    assert many["template"] == kept
    await desk.change(rename, template, "复查通知")
    await desk.make_all()
    await desk.change(move, sent[0]["id"], MessageState.FAILED)
    again = await Messages(desk.database, desk.clock, HOUSE.time_zone).resend(SUSAN, sent[0]["id"])
    assert again["template"] == kept
    names = [(row["template_id"], row["template_name"]) for row in await desk.rows() if row["direction"] == "out"]
    assert names == [(template, "复诊提醒")] * 2 + [(None, "")] + [(template, "复诊提醒")] * 2


@pytest_twisted.ensureDeferred
async def test_a_template_of_others_is_no_ones_to_name(desk: Desk) -> None:
    await desk.hear(HEARTS_NUMBER, "您好")
    talk = (await talk_of(desk))["id"]
    theirs = await desk.change(add_template, "别科模板", FOLLOW_UP)
    for key in (theirs, 999):
        asked = desk.desk.conversations.reply(DORA, talk, Typed("您好", KEY, template_id=key))
        assert "template_id" in (await unchanged(desk, InvalidError, asked)).fields
    draft = BatchDraft("您好", Purpose.CARE, template_id=999)
    asked = desk.desk.batches.send(SUSAN, draft, Choice(patient_ids=(HEART,)), KEY)
    assert "template_id" in (await unchanged(desk, InvalidError, asked)).fields
