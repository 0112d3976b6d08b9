"""How many short messages a text makes and what it costs, by the rule of the gateway that would carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.gateways.routing import Chosen, Route, Wanted, choose
from callcenter.messaging.texts.segments import Counting, Wording, lay_out, message_text, signature_mark
from callcenter.messaging.vocabulary import Purpose, purposes_of
from hardware.gateways.http_settings import joins_texts
from hardware.gateways.letters import letters_of
from hardware.gateways.settings import GatewayKind
from storage.models import SmsGateway
from storage.models.base import NO, YES

_UNKNOWN = Wording(Counting.CHINA)
"""No gateway is set up for it: counted as most of them in China count."""


@dataclass(frozen=True)
class Quote:
    """``parts`` short messages of ``signs`` characters, ``cost`` in thousandths of a yuan. ``gateway`` is the name of
    the one that would carry it now, empty for none; ``signature`` what stands before the text, with its brackets.
    """

    parts: int
    signs: int
    cost: int
    gateway: str = ""
    signature: str = ""

    @property
    def view(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "parts": self.parts,
            "characters": self.signs,
            "cost": self.cost,
            "gateway": self.gateway,
            "signature": self.signature,
        }


@dataclass(frozen=True)
class Tariff:
    """The gateways as they are set up, to ask about many texts."""

    routes: tuple[Route, ...]
    names: dict[int, str]

    def quote(self, number: str, purpose: Purpose, text: str, rather: int | None = None) -> Quote:
        """What one text for ``number`` makes; ``rather``: the conversation's gateway."""
        found = choose(self.routes, Wanted(number, purpose, rather=rather), dict.fromkeys(self.names, 1))
        route = found.route if isinstance(found, Chosen) else None
        wording = _UNKNOWN if route is None else route.wording
        words = message_text(text)
        layout = lay_out(words, wording)
        mark = signature_mark(wording.signature)
        name = "" if route is None else self.names.get(route.gateway_id, "")
        cost = 0 if route is None else route.cost * len(layout.parts)
        return Quote(len(layout.parts), len(mark) + len(words.removeprefix(mark)), cost, name, mark)


def load_tariff(session: Session) -> Tariff:
    """The gateways in service, as though all were ready: what is written now may go when they are."""
    found = select(SmsGateway).where(SmsGateway.disabled == NO, SmsGateway.in_service == YES).order_by(SmsGateway.id)
    rows = list(session.scalars(found))
    return Tariff(tuple(_route(row) for row in rows), {row.id: row.name for row in rows})


def _route(row: SmsGateway) -> Route:
    return Route(
        row.id,
        prefixes=tuple(row.prefixes.split()),
        purposes=purposes_of(row.purposes.split()),
        priority=row.priority,
        cost=row.cost,
        room=1,
        wording=Wording(
            Counting(row.counting),
            row.signature,
            row.adds_signature,
            long_text=row.kind != GatewayKind.HTTP or joins_texts(row.settings),
            letters=letters_of(GatewayKind(row.kind), row.settings),
        ),
    )
