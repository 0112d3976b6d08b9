"""Values of declared fields as people read them in lists, files and the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from callcenter.administration.fields import Field, Kind
from web.exchange import Exchange
from web.forms import as_list
from web.sheet_cells import local_time
from web.words import word_of, yes_no


@dataclass(frozen=True)
class Reader:
    """Who reads: ``named`` gives the name of what an id of a field points to, empty where it must not be known."""

    exchange: Exchange
    named: Callable[[Field, Any], str]

    def text(self, field: Field, value: Any) -> str:
        """``value`` of ``field``, as JSON data, in the reader's language and time; empty for none."""
        match field.kind:
            case Kind.FLAG:
                return yes_no(value, self.exchange.translate)
            case Kind.REFERENCE:
                return "" if value is None else self.named(field, value)
            case Kind.REFERENCES:
                return ", ".join(self.named(field, one) for one in value or [])
            case Kind.PHONES:
                return ", ".join(one["number"] for one in value or [])
            case Kind.CHOICE:
                words, say = dict(field.choices), self.exchange.translate
                return ", ".join(word_of(words, one, say) for one in as_list(value or ""))
            case Kind.MOMENT:
                return local_time(value, self.exchange.settings.time_zone)
            case _:
                return "" if value is None else str(value)


def field_text(exchange: Exchange, field: Field, record: Mapping[str, Any]) -> str:
    """The value of a field of a record, which has the names of what it refers to beside their ids."""
    beside = record.get(field.shown_as) if field.reference is not None else None
    many = beside if type(beside) is list else [beside] if beside else []
    names = {one["id"]: one["name"] for one in many}
    return Reader(exchange, lambda _, key: names.get(key, "")).text(field, record.get(field.name))
