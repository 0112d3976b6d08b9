"""What was typed into the form of an SMS gateway, and amounts as people write them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from web.parsing import Input

Typed = Annotated[str, Field(max_length=1000)]

TEXTS = ("name", "signature", "number")
FLAGS = ("adds_signature", "trace", "in_service")


class GatewayForm(Input):
    """What was typed; beside these, ``o-NAME`` for each setting of the kind, and ``x-NAME`` for a secret that is to go.

    ``seen`` is what the form was opened with, as JSON, and ``version`` that of then.
    """

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)

    kind: Typed = ""
    version: Typed = ""
    seen: Annotated[str, Field(max_length=50_000)] = ""
    name: Typed = ""
    prefixes: Typed = ""
    purposes: Typed | list[Typed] = ""
    priority: Typed = ""
    cost: Typed = ""
    signature: Typed = ""
    adds_signature: Typed = ""
    counting: Typed = ""
    number: Typed = ""
    balance_low: Typed = ""
    in_service: Typed = ""
    trace: Typed = ""

    @property
    def arranged(self) -> dict[str, Any]:
        """What was typed of what any gateway has, as the service takes it."""
        purposes = [self.purposes] if isinstance(self.purposes, str) else self.purposes
        return {
            # An empty choice or number is the default; an empty name or signature is meant.
            **{name: getattr(self, name) for name in TEXTS},
            **{name: getattr(self, name) or None for name in ("priority", "counting")},
            **{name: bool(getattr(self, name)) for name in FLAGS},
            "prefixes": self.prefixes.replace(",", " ").replace("，", " ").split(),
            "purposes": [one for one in purposes if one],
            "cost": thousandths(self.cost),
            "balance_low": self.balance_low or None,
        }

    @property
    def shown(self) -> dict[str, Any]:
        """The same as the form shows it again: an amount as it was typed."""
        return {**self.arranged, "cost": self.cost}


def thousandths(text: str) -> Any:
    """Yuan as typed (``0.045``) in thousandths; what is no such amount is refused by the service."""
    try:
        thousandths = Decimal(text or "0") * 1000
        return int(thousandths) if thousandths == int(thousandths) else text
    except (InvalidOperation, ValueError, OverflowError):
        return text


def yuan(cost: Any) -> str:
    """Thousandths in yuan; what was typed as it is."""
    return f"{cost / 1000:g}" if isinstance(cost, int) else str(cost)
