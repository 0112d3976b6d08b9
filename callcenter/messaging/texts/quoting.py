"""How many short messages a text makes and what it costs, by the rule of the gateway that would carry it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.gateways.routing import Beginnings, Chosen, Route, Waits, Wanted, choose, unable_for
from callcenter.messaging.texts.segments import (
    Counting,
    Wording,
    is_too_long,
    lay_out,
    message_text,
    signature_mark,
    unwritable_signs,
)
from callcenter.messaging.vocabulary import Purpose, Reason, purposes_of
from hardware.gateways.letters import letters_of, limits_of
from hardware.gateways.settings import GatewayKind
from protocols.text import lacking
from storage.models import SmsGateway
from storage.models.base import NO

_UNKNOWN = Wording(Counting.CHINA)
"""No gateway is set up for it: counted as most of them in China count."""


@dataclass(frozen=True)
class Quote:
    """``parts`` short messages of ``signs`` characters, ``cost`` in thousandths of a yuan. ``gateway`` is the name of
    the one that would carry it now, empty for none; ``signature`` what stands before the text, with its brackets.
    ``unwritable`` are signs that the gateway ``unable``, which would come first, cannot write, ``limit`` how many
    characters it takes if these are more, else 0: it does not carry it. ``later`` is the name of one that does where
    no other can, when it is in service again.
    """

    parts: int
    signs: int
    cost: int
    gateway: str = ""
    signature: str = ""
    unwritable: tuple[str, ...] = ()
    limit: int = 0
    unable: str = ""
    later: str = ""

    @property
    def hopeless(self) -> Reason | None:
        """Why no gateway can carry it, if none can."""
        if self.gateway or self.later or not self.unable:
            return None
        return Reason.UNWRITABLE if self.unwritable else Reason.TOO_LONG

    @property
    def view(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "parts": self.parts,
            "characters": self.signs,
            "cost": self.cost,
            "gateway": self.gateway,
            "signature": self.signature,
            "unwritable": list(self.unwritable),
            "limit": self.limit,
            "unable": self.unable,
            "later": self.later,
        }


@dataclass(frozen=True)
class Tariff:
    """The gateways as they are set up, to ask about many texts."""

    routes: tuple[Route, ...]
    names: dict[int, str]

    def quote(self, number: str, purpose: Purpose, text: str, rather: int | None = None) -> Quote:
        """What one text for ``number`` makes; ``rather``: the conversation's gateway."""
        words = message_text(text)
        wanted = Wanted(number, purpose, rather=rather, unable=unable_for(self._bound, words))
        found = self._choose(wanted)
        route = found.route if isinstance(found, Chosen) else None
        later = found.later if isinstance(found, Waits) else None
        carrier, first = route or later, self._first(wanted)
        wording = _UNKNOWN if first is None else (carrier or first).wording
        layout = lay_out(words, wording)
        mark = signature_mark(wording.signature)
        unable = first is not None and first.gateway_id in wanted.unable
        return Quote(
            len(layout.parts),
            len(mark) + len(words.removeprefix(mark)),
            0 if carrier is None else carrier.cost * len(layout.parts),
            self._name(route),
            mark,
            unwritable_signs(words, first.wording) if first is not None else (),
            first.wording.longest_text if first is not None and is_too_long(words, first.wording) else 0,
            self._name(first) if unable else "",
            self._name(later),
        )

    def hopeless(self, number: str, purpose: Purpose, text: str) -> Reason | None:
        """Why no gateway that is set up for it can carry ``text``, if none can."""
        unable = unable_for(self._bound, message_text(text))
        if not unable or isinstance(self._choose(Wanted(number, purpose, unable=unable)), Chosen):
            return None
        return self.quote(number, purpose, text).hopeless

    def unusual(self, text: str) -> str:
        """The characters of ``text`` that not every gateway can write."""
        charsets = {route.wording.charset for route in self._bound} - {""}
        if not any(lacking(text, charset) for charset in charsets):
            return ""
        return "".join(sign for sign in text if any(lacking(sign, charset) for charset in charsets))

    @cached_property
    def beginnings(self) -> Beginnings:
        """Tells which numbers may go by the same gateways."""
        return Beginnings(self.routes)

    @cached_property
    def _bound(self) -> tuple[Route, ...]:
        return tuple(route for route in self.routes if route.wording.is_bound)

    def _choose(self, wanted: Wanted) -> Chosen | Waits:
        return choose(self.routes, wanted, dict.fromkeys(self.names, 1))

    def _first(self, wanted: Wanted) -> Route | None:
        """Which would come first, whatever the text."""
        found = self._choose(wanted._replace(unable=frozenset()))
        return found.route if isinstance(found, Chosen) else None

    def _name(self, route: Route | None) -> str:
        return "" if route is None else self.names[route.gateway_id]


def load_tariff(session: Session) -> Tariff:
    """The gateways, as though all that are in service were ready: what is written now may go when they are."""
    found = select(SmsGateway).where(SmsGateway.disabled == NO).order_by(SmsGateway.id)
    rows = list(session.scalars(found))
    return Tariff(tuple(_route(row) for row in rows), {row.id: row.name for row in rows})


def _route(row: SmsGateway) -> Route:
    limits = limits_of(GatewayKind(row.kind), row.settings)
    return Route(
        row.id,
        prefixes=tuple(row.prefixes.split()),
        purposes=purposes_of(row.purposes.split()),
        priority=row.priority,
        cost=row.cost,
        in_service=row.in_service,
        room=1,
        wording=Wording(
            Counting(row.counting),
            row.signature,
            row.adds_signature,
            long_text=limits.joins,
            letters=letters_of(GatewayKind(row.kind), row.settings),
            charset=limits.charset,
            longest=limits.longest,
        ),
    )
