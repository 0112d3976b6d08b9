"""What administrators do with gateways: set up, changed, tried and removed while the daemon runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.writing import read_version
from callcenter.clock import utc_now
from callcenter.errors import InvalidError, UnavailableError
from callcenter.messaging.gateways.board import GatewayBoard
from callcenter.messaging.gateways.live import NOTHING_NOW, Passing
from callcenter.messaging.gateways.making import GatewayMaker
from callcenter.messaging.gateways.posts import Post
from callcenter.messaging.gateways.rows import (
    change_gateway_row,
    find_kept,
    load_kept,
    make_gateway_row,
    missing,
    remove_gateway_row,
    show_kept,
)
from callcenter.messaging.gateways.secret_box import SecretBox
from callcenter.messaging.gateways.settings import (
    GatewayKinds,
    SetUp,
    option_names,
    read_kind,
    read_set_up,
    secret_names,
)
from callcenter.messaging.gateways.views import GatewayView, load_views
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.texts.segments import message_text
from callcenter.messaging.vocabulary import Purpose
from callcenter.numbers import normalise
from callcenter.text import N_
from hardware.gateways.device import GatewayAbility
from hardware.gateways.settings import GatewayKind
from storage.database import Database

_LONGEST_TEST = 200


class Gateways:
    """The record first, then the device; one change at a time."""

    def __init__(
        self, database: Database, clock: IReactorTime, board: GatewayBoard, kinds: GatewayKinds, box: SecretBox
    ) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._kinds = kinds
        self._maker = GatewayMaker(kinds, box)
        # Made once, and before the reactor runs: pydantic imports what it needs for it when it is first asked.
        self._schemas = {kind: model.model_json_schema() for kind, model in kinds.models.items()}
        self._box = box
        self._turn = DeferredLock()

    async def start(self) -> None:
        """Make and start every gateway of the database. One that cannot be made is lost and says why."""
        for kept in await self._database.read(load_kept):
            self._board.put(kept.gateway_id, *self._maker.made(kept))

    async def list(self, principal: Principal) -> Sequence[GatewayView]:
        """Every gateway as it is now. Needs ``gateways.view``."""
        principal.require("gateways.view")
        return await self._database.read(load_views, self._board.passing())

    async def get(self, principal: Principal, gateway_id: int) -> GatewayView:
        """One gateway with its settings: ``options``, and in ``secrets`` the names of those it has.

        Needs ``gateways.edit``.
        """
        principal.require("gateways.edit")
        return await self._show(gateway_id)

    async def marks(self, principal: Principal, gateway_id: int) -> Mapping[str, str]:
        """Of each secret it has, what tells whether it was changed, and nothing else. Needs ``gateways.edit``."""
        principal.require("gateways.edit")
        secrets = self._maker.secrets(await self._database.read(find_kept, gateway_id))
        return {name: self._box.mark(f"{gateway_id}.{name}", value) for name, value in secrets.items()}

    def kinds(self, principal: Principal) -> Mapping[GatewayKind, tuple[Sequence[str], Sequence[str]]]:
        """The kinds that can be set up: the names of their settings, and which of these are secret."""
        principal.require("gateways.edit")
        return {kind: (option_names(model), secret_names(model)) for kind, model in self._kinds.models.items()}

    def schema(self, principal: Principal, kind: GatewayKind) -> dict[str, Any]:
        """What can be set on a kind, as JSON Schema."""
        principal.require("gateways.edit")
        return self._schemas[kind]

    async def create(self, principal: Principal, values: Mapping[str, Any]) -> GatewayView:
        """Add a gateway and start it: ``kind``, ``options``, and what ``Arrangement`` has. Needs ``gateways.edit``.

        Raises InvalidError naming each field that is wrong.
        """
        principal.require("gateways.edit")
        kind = read_kind(self._kinds.models, values.get("kind"))
        wanted = {name: value for name, value in values.items() if name not in ("kind", "options")}
        made = read_set_up(self._kinds.models, kind, wanted, values.get("options") or {}, {})
        async with self._turn:
            now = utc_now(self._clock)
            kept = await self._database.run(make_gateway_row, principal, made, self._box, now)
            self._board.put(kept.gateway_id, made.arrangement, self._maker.device(made), made.limits)
        return await self._show(kept.gateway_id)

    async def edit(self, principal: Principal, gateway_id: int, values: Mapping[str, Any], version: Any) -> GatewayView:
        """Change what ``values`` names. Needs ``gateways.edit``.

        None: its default again; of a secret, that it is removed. An empty secret stays as it is.

        What concerns the connection makes it anew; what was being sent by it is answered for first. Raises
        ConflictError, ``current`` the gateway as it is, when somebody else has changed it since ``version``.
        """
        principal.require("gateways.edit")
        meant = read_version(version)
        async with self._turn:
            kept = await self._database.read(find_kept, gateway_id)
            kind = read_kind(self._kinds.models, kept.kind)
            before = self._maker.set_up(kept)
            wanted = {**kept.arrangement, **{name: value for name, value in values.items() if name != "options"}}
            options = {**kept.options, **(values.get("options") or {})}
            secrets = before.secrets if before is not None else {}
            after = read_set_up(self._kinds.models, kind, wanted, options, secrets)
            await self._database.run(
                change_gateway_row,
                principal,
                gateway_id,
                meant,
                before or after,
                after,
                self._box,
                self._passing(gateway_id),
                utc_now(self._clock),
            )
            await self._apply(gateway_id, before, after)
        return await self._show(gateway_id)

    async def remove(self, principal: Principal, gateway_id: int, version: Any) -> None:
        """Take a gateway away; its messages stay. Needs ``gateways.edit``."""
        principal.require("gateways.edit")
        meant = read_version(version)
        async with self._turn:
            await self._database.run(remove_gateway_row, principal, gateway_id, meant, utc_now(self._clock))
            if self._board.get(gateway_id) is not None:
                await self._board.halt(gateway_id)
                self._board.drop(gateway_id)

    async def test(self, principal: Principal, gateway_id: int, number: str, text: str) -> int:
        """Queue a message by this gateway and no other; its id. Needs ``gateways.test``."""
        principal.require("gateways.test")
        self._require(gateway_id)
        words = message_text(text).strip()
        canonical = normalise(number).number
        wrong = {} if canonical else {"number": N_("This is no phone number.")}
        wrong |= {} if 0 < len(words) <= _LONGEST_TEST else {"text": N_("Write 1 to 200 characters.")}
        if wrong:
            raise InvalidError(N_("The message cannot be sent."), wrong)
        draft = MessageDraft(canonical, words, Purpose.TEST, gateway_id=gateway_id, created_by=principal.user_id)
        # Before it is queued: it is looked at in the same moment, and would be put off.
        self._board.try_soon(gateway_id)
        return await self._database.run(_queue_test, principal, draft, gateway_id, utc_now(self._clock))

    def ask_balance(self, principal: Principal, gateway_id: int) -> None:
        """Have the gateway's balance told anew. Needs ``gateways.test``; UnavailableError where it cannot be asked."""
        principal.require("gateways.test")
        post = self._require(gateway_id)
        if post.device is None or not post.abilities & GatewayAbility.BALANCE:
            raise UnavailableError(N_("This gateway does not tell its balance now."))
        post.device.ask_balance()

    def _require(self, gateway_id: int) -> Post:
        post = self._board.get(gateway_id)
        if post is None:
            raise missing(gateway_id)
        return post

    async def _show(self, gateway_id: int) -> GatewayView:
        view, kept = await self._database.read(show_kept, gateway_id, self._passing(gateway_id))
        return {**view, "options": dict(kept.options), "secrets": sorted(self._maker.secrets(kept))}

    def _passing(self, gateway_id: int) -> Passing:
        return self._board.passing().get(gateway_id, NOTHING_NOW)

    async def _apply(self, gateway_id: int, before: SetUp | None, after: SetUp) -> None:
        same = before is not None and (before.options, before.secrets) == (after.options, after.secrets)
        served = before is not None and before.arrangement.in_service
        if same and served == after.arrangement.in_service:
            self._board.arrange(gateway_id, after.arrangement)
            return
        if self._board.get(gateway_id) is not None:
            await self._board.halt(gateway_id)
        self._board.put(gateway_id, after.arrangement, self._maker.device(after), after.limits)


def _queue_test(session: Session, principal: Principal, draft: MessageDraft, gateway_id: int, now: Any) -> int:
    message_id = queue_message(session, draft, now)
    record_audit(session, principal, "test", "gateway", gateway_id, None, {"message_id": message_id}, now)
    return message_id
