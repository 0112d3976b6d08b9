"""From caller-id lines to one ``CallerIdentified``, whatever the network leaves out or mangles."""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocols.caller_numbers import absent_reason, read_number
from protocols.hayes.messages import CallerIdField, CallerIdKey
from protocols.signals import AbsentReason, CallerIdentified


@dataclass(frozen=True)
class CallerId:
    """What is known so far about who calls on one call. ``number`` is None until the modem said anything."""

    number: str | None = None
    absent: AbsentReason | None = None
    name: str = ""
    verified: bool = True
    received: bool = False

    def with_field(self, message: CallerIdField) -> CallerId:
        """This caller id with one more line taken in."""
        if message.key is CallerIdKey.NUMBER:
            return self._with_number(message.value)
        if message.key is CallerIdKey.NAME:
            name = "" if absent_reason(message.value) else message.value
            return replace(self, name=name or self.name, received=True)
        # Date and time are the exchange's clock, a message line is about voice mail: neither tells who calls.
        return self

    def damaged(self) -> CallerId:
        """This caller id after the modem reported a wrong checksum."""
        return replace(self, verified=False, received=True)

    def _with_number(self, value: str) -> CallerId:
        number, absent = read_number(value)
        if self.number and not number:
            # Some exchanges send the number and then mask it; what was received is not unknown any more.
            return self
        return replace(self, number=number, absent=absent, received=True)

    def signal(self) -> CallerIdentified:
        """What the line reports about it."""
        return CallerIdentified(self.number or "", self.name, self.absent, self.verified)
