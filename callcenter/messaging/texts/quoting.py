"""How many short messages a text makes and what it costs, by the rule of the gateway that would carry it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.gateways.routing import Beginnings, Chosen, Route, Wanted, choose, unable_for
from callcenter.messaging.texts.segments import (
    Counting,
    Wording,
    lay_out,
    message_text,
    signature_mark,
    unwritable_signs,
)
from callcenter.messaging.vocabulary import Purpose, purposes_of
from hardware.gateways.http_settings import joins_texts
from hardware.gateways.letters import charset_of, letters_of
from hardware.gateways.settings import GatewayKind
from protocols.text import lacking
from storage.models import SmsGateway
from storage.models.base import NO, YES

_UNKNOWN = Wording(Counting.CHINA)
"""No gateway is set up for it: counted as most of them in China count."""


@dataclass(frozen=True)
class Quote:
    """``parts`` short messages of ``signs`` characters, ``cost`` in thousandths of a yuan. ``gateway`` is the name of
    the one that would carry it now, empty for none; ``signature`` what stands before the text, with its brackets.
    ``unwritable`` are signs that the gateway ``unable``, which would come first, cannot write: it does not carry it.
    """

    parts: int
    signs: int
    cost: int
    gateway: str = ""
    signature: str = ""
    unwritable: tuple[str, ...] = ()
    unable: str = ""

    @property
    def hopeless(self) -> bool:
        """Whether no gateway can write it."""
        return bool(self.unwritable) and not self.gateway

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
            "unable": self.unable,
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
        route, first = self._choose(wanted), self._choose(wanted._replace(unable=frozenset()))
        wording = _UNKNOWN if first is None else (route or first).wording
        layout = lay_out(words, wording)
        mark = signature_mark(wording.signature)
        signs = unwritable_signs(words, first.wording) if first is not None else ()
        return Quote(
            len(layout.parts),
            len(mark) + len(words.removeprefix(mark)),
            0 if route is None else route.cost * len(layout.parts),
            self._name(route),
            mark,
            signs,
            self._name(first) if signs else "",
        )

    def is_hopeless(self, number: str, purpose: Purpose, text: str) -> bool:
        """Whether no gateway that is set up for it can write ``text``."""
        unable = unable_for(self._bound, message_text(text))
        wanted = Wanted(number, purpose, unable=unable)
        return bool(unable) and self._choose(wanted) is None and self._choose(Wanted(number, purpose)) is not None

    def unusual(self, text: str) -> str:
        """The characters of ``text`` that not every gateway can write."""
        charsets = {route.wording.charset for route in self._bound}
        if not any(lacking(text, charset) for charset in charsets):
            return ""
        return "".join(sign for sign in text if any(lacking(sign, charset) for charset in charsets))

    @cached_property
    def beginnings(self) -> Beginnings:
        """Tells which numbers may go by the same gateways."""
        return Beginnings(self.routes)

    @cached_property
    def _bound(self) -> tuple[Route, ...]:
        return tuple(route for route in self.routes if route.wording.charset)

    def _choose(self, wanted: Wanted) -> Route | None:
        found = choose(self.routes, wanted, dict.fromkeys(self.names, 1))
        return found.route if isinstance(found, Chosen) else None

    def _name(self, route: Route | None) -> str:
        return "" if route is None else self.names[route.gateway_id]


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
            charset=charset_of(GatewayKind(row.kind), row.settings),
        ),
    )
