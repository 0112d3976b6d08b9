"""What a text to many comes to: in how many parts, at what cost, and for whom no gateway can carry it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from callcenter.messaging.batches.tally import Tally
from callcenter.messaging.texts.quoting import Quote, Tariff
from callcenter.messaging.texts.segments import MOST_NAMED
from callcenter.messaging.vocabulary import Purpose, Reason


@dataclass
class Quotes:
    """``plain`` is the text without what is filled in for each. Texts of one length for one kind of number are asked
    about once: the characters that are put in are taken for Chinese ones, which count at least as much as others.
    """

    tariff: Tariff
    purpose: Purpose
    plain: str
    known: dict[tuple[tuple[str, ...], int, str], Quote] = field(default_factory=dict)
    hopeless: Counter[Quote] = field(default_factory=Counter)
    """How many get nothing because no gateway can carry it."""

    def unusual(self, filled: str) -> str:
        """The characters of what is filled in that not every gateway can write."""
        return self.tariff.unusual(filled)

    def hopeless_for(self, number: str, length: int, unusual: str) -> Reason | None:
        """Why no gateway can carry it, if none can, which is counted: with ``length`` characters filled in,
        ``unusual`` ones among them.
        """
        quote = self._of(number, length, unusual)
        if quote.hopeless:
            self.hopeless[quote] += 1
        return quote.hopeless

    def priced(self, tally: Tally) -> dict[str, Any]:
        """Parts and cost of all, the fewest and most parts of one, and who does not get it by the gateway that would
        come first.
        """
        counts: Counter[Quote] = Counter()
        for number, (_, _, _, length, unusual) in tally.fit.items():
            counts[self._of(number, length, unusual)] += 1
        each = [quote.parts for quote in counts]
        return {
            "parts": sum(count * quote.parts for quote, count in counts.items()),
            "cost": sum(count * quote.cost for quote, count in counts.items()),
            "shortest": min(each, default=0),
            "longest": max(each, default=0),
            "unable": _unable([*counts.items(), *self.hopeless.items()]),
        }

    def _of(self, number: str, length: int, unusual: str) -> Quote:
        key = self.tariff.beginnings.of(number), length, unusual
        if key not in self.known:
            words = self.plain + unusual + "字" * (length - len(unusual))
            self.known[key] = self.tariff.quote(number, self.purpose, words)
        return self.known[key]


def _unable(counts: Iterable[tuple[Quote, int]]) -> list[dict[str, Any]]:
    """For how many which gateway cannot write which signs, or takes no more characters than ``limit``, and which one
    (empty: none) carries it instead, or ``later``, when it is in service again. Who is both stands in both.
    """
    many: Counter[tuple[str, str, str, int]] = Counter()
    signs: dict[tuple[str, str, str, int], dict[str, None]] = {}
    for quote, count in counts:
        who = quote.unable, quote.gateway, quote.later
        if quote.unwritable:
            many[*who, 0] += count
            signs.setdefault((*who, 0), {}).update(dict.fromkeys(quote.unwritable))
        if quote.limit:
            many[*who, quote.limit] += count
    return [
        {
            "unwritable": list(signs.get(key, ()))[:MOST_NAMED],
            "limit": key[3],
            "unable": key[0],
            "gateway": key[1],
            "later": key[2],
            "count": count,
        }
        for key, count in many.items()
    ]
