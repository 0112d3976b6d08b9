"""What administrators do with gateways: set up, changed, tried and removed while the daemon runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session
from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.writing import read_version
from callcenter.clock import utc_now
from callcenter.errors import InvalidError, NotFoundError, ServiceError, UnavailableError
from callcenter.messaging.gateways.board import GatewayBoard
from callcenter.messaging.gateways.rows import (
    NOTHING_NOW,
    GatewayView,
    Kept,
    change_gateway_row,
    load_kept,
    load_views,
    make_gateway_row,
    remove_gateway_row,
)
from callcenter.messaging.gateways.secret_box import SecretBox, SecretsUnreadableError
from callcenter.messaging.gateways.settings import (
    OPTION,
    Arrangement,
    GatewayKinds,
    SetUp,
    option_names,
    read_kind,
    read_set_up,
    secret_names,
)
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.texts.segments import message_text
from callcenter.messaging.vocabulary import Purpose
from callcenter.numbers import normalise
from callcenter.text import N_
from hardware.gateways.device import GatewayAbility, GatewayDevice
from hardware.gateways.settings import GatewayKind
from hardware.gateways.unusable import UnusableGateway
from storage.database import Database

_log = Logger(namespace="callcenter.messaging")
_OTHER_KEY = N_("Its password was encrypted with another key. Type it in again.")


class Gateways:
    """The record first, then the device; one change at a time."""

    def __init__(
        self, database: Database, clock: IReactorTime, board: GatewayBoard, kinds: GatewayKinds, box: SecretBox
    ) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._kinds = kinds
        # Made once, and before the reactor runs: pydantic imports what it needs for it when it is first asked.
        self._schemas = {kind: model.model_json_schema() for kind, model in kinds.models.items()}
        self._box = box
        self._turn = DeferredLock()

    async def start(self) -> None:
        """Make and start every gateway of the database. One that cannot be made is lost and says why."""
        for kept in await self._database.read(load_kept):
            arranged, device = self._made(kept)
            self._board.put(kept.gateway_id, arranged, device)

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
        secrets = self._secrets(await self._kept(gateway_id))
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
        await self._turn.acquire()
        try:
            now = utc_now(self._clock)
            kept = await self._database.run(make_gateway_row, principal, made, self._box, now)
            self._board.put(kept.gateway_id, made.arrangement, self._device(made))
        finally:
            self._turn.release()
        return await self._show(kept.gateway_id)

    async def edit(self, principal: Principal, gateway_id: int, values: Mapping[str, Any], version: Any) -> GatewayView:
        """Change what ``values`` names. Needs ``gateways.edit``.

        None: its default again; of a secret, that it is removed. An empty secret stays as it is.

        What concerns the connection makes it anew; what was being sent by it is answered for first. Raises
        ConflictError, ``current`` the gateway as it is, when somebody else has changed it since ``version``.
        """
        principal.require("gateways.edit")
        meant = read_version(version)
        await self._turn.acquire()
        try:
            kept = await self._kept(gateway_id)
            kind = read_kind(self._kinds.models, kept.kind)
            before = self._before(kept)
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
                self._board.passing().get(gateway_id, NOTHING_NOW),
                utc_now(self._clock),
            )
            await self._apply(gateway_id, before, after)
        finally:
            self._turn.release()
        return await self._show(gateway_id)

    async def remove(self, principal: Principal, gateway_id: int, version: Any) -> None:
        """Take a gateway away; its messages stay. Needs ``gateways.edit``."""
        principal.require("gateways.edit")
        meant = read_version(version)
        await self._turn.acquire()
        try:
            await self._database.run(remove_gateway_row, principal, gateway_id, meant, utc_now(self._clock))
            if self._board.get(gateway_id) is not None:
                await self._board.halt(gateway_id)
                self._board.drop(gateway_id)
        finally:
            self._turn.release()

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

    def _require(self, gateway_id: int) -> Any:
        post = self._board.get(gateway_id)
        if post is None:
            raise NotFoundError(N_("There is no such gateway."), gateway_id=gateway_id)
        return post

    async def _kept(self, gateway_id: int) -> Kept:
        found = await self._database.read(load_kept, gateway_id)
        if not found:
            raise NotFoundError(N_("There is no such gateway."), gateway_id=gateway_id)
        return found[0]

    async def _show(self, gateway_id: int) -> GatewayView:
        views = await self._database.read(load_views, self._board.passing())
        kept = await self._kept(gateway_id)
        view = next(one for one in views if one["id"] == gateway_id)
        return {**view, "options": dict(kept.options), "secrets": sorted(self._secrets(kept))}

    def _secrets(self, kept: Kept) -> Mapping[str, str]:
        """Those that there are and that can be read."""
        try:
            return {name: value for name, value in self._box.open(kept.sealed).items() if value}
        except SecretsUnreadableError:
            return {}

    async def _apply(self, gateway_id: int, before: SetUp | None, after: SetUp) -> None:
        same = before is not None and (before.options, before.secrets) == (after.options, after.secrets)
        served = before is not None and before.arrangement.in_service
        if same and served == after.arrangement.in_service:
            self._board.arrange(gateway_id, after.arrangement)
            return
        if self._board.get(gateway_id) is not None:
            await self._board.halt(gateway_id)
        self._board.put(gateway_id, after.arrangement, self._device(after))

    def _before(self, kept: Kept) -> SetUp | None:
        """The gateway as it was; None when nothing can be made of what is kept."""
        try:
            kind = read_kind(self._kinds.models, kept.kind)
            return read_set_up(self._kinds.models, kind, kept.arrangement, kept.options, self._box.open(kept.sealed))
        except (ServiceError, SecretsUnreadableError):
            return None

    def _made(self, kept: Kept) -> tuple[Arrangement, GatewayDevice | None]:
        """What is needed to run a gateway of the database."""
        try:
            kind = read_kind(self._kinds.models, kept.kind)
            made = read_set_up(self._kinds.models, kind, kept.arrangement, kept.options, self._box.open(kept.sealed))
        except SecretsUnreadableError:
            return Arrangement.model_validate(kept.arrangement), UnusableGateway(_OTHER_KEY)
        except InvalidError as error:
            why = "; ".join(f"{name.removeprefix(OPTION)}: {words}" for name, words in error.fields.items())
            return _salvaged(kept), UnusableGateway(why or error.message)
        return made.arrangement, self._device(made)

    def _device(self, made: SetUp) -> GatewayDevice | None:
        if not made.arrangement.in_service:
            return None
        try:
            return self._kinds.make(made.settings)
        except Exception as error:  # noqa: BLE001 - one gateway's settings must not keep the others from starting
            _log.failure("gateway {gateway}: no device can be made", gateway=made.arrangement.name)
            return UnusableGateway(str(error) or type(error).__name__)


_LONGEST_TEST = 200


def _salvaged(kept: Kept) -> Arrangement:
    try:
        return Arrangement.model_validate(kept.arrangement)
    except ValidationError:
        return Arrangement(name=str(kept.arrangement.get("name") or "?")[:40])


def _queue_test(session: Session, principal: Principal, draft: MessageDraft, gateway_id: int, now: Any) -> int:
    message_id = queue_message(session, draft, now)
    record_audit(session, principal, "test", "gateway", gateway_id, None, {"message_id": message_id}, now)
    return message_id
