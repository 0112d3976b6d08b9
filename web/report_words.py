"""The columns of reports: what each figure is called, how it is defined and written, and of which calls it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from callcenter.telephony.counting import Counted
from callcenter.telephony.reports import By
from callcenter.text import N_


class Unit(Enum):
    """How a figure is written."""

    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"


@dataclass(frozen=True)
class Figure:
    """A column. ``calls`` are those that it counts or is an average or a share of, which a click shows."""

    name: str
    label: str
    definition: str
    unit: Unit = Unit.COUNT
    calls: Counted | None = None


# {seconds} and {short} are the limits of the configuration.
FIGURES = (
    Figure("incoming", N_("Incoming"),
           N_("Calls that came in; one that rang at several telephones or was transferred counts once"),
           calls=Counted.INCOMING),
    Figure("answered", N_("Answered calls"), N_("Incoming calls on which somebody spoke"), calls=Counted.ANSWERED),
    Figure("in_time", N_("In time"), N_("Incoming calls answered within {seconds} s"), calls=Counted.IN_TIME),
    Figure("service_level", N_("Service level"),
           N_("Calls answered within {seconds} s ÷ (answered + abandoned − abandoned within {short} s)"),
           Unit.SHARE, Counted.OFFERED),
    Figure("average_speed_of_answer", N_("Average speed of answer"),
           N_("Sum of the times from the first ring to the answer ÷ answered calls"), Unit.SECONDS, Counted.ANSWERED),
    Figure("lost", N_("Abandoned calls"), N_("Calls abandoned after {short} s or later, before anybody answered"),
           calls=Counted.LOST),
    Figure("short_abandoned", N_("Abandoned early"),
           N_("Calls abandoned within {short} s; not counted in any percentage"), calls=Counted.SHORT_ABANDONED),
    Figure("abandon_share", N_("Abandoned %"),
           N_("Abandoned calls ÷ (answered + abandoned), without those abandoned early"), Unit.SHARE,
           Counted.OFFERED),
    Figure("missed", N_("Missed"), N_("Incoming calls on which nobody spoke: abandoned, or the line was busy"),
           calls=Counted.MISSED),
    Figure("outgoing", N_("Outgoing"), N_("Calls dialled, reached or not"), calls=Counted.OUTGOING),
    Figure("handled", N_("Handled"),
           N_("Calls in and out on which an agent spoke and whose end was seen; a transferred one counts for each"),
           calls=Counted.HANDLED),
    Figure("talked", N_("Talk time"), N_("Sum of the times spoken on handled calls"), Unit.SECONDS, Counted.HANDLED),
    Figure("average_handling_time", N_("Average handling time"),
           N_("(Talk with holds + the wrap-up that followed at once) ÷ handled calls"), Unit.SECONDS, Counted.HANDLED),
    Figure("occupancy", N_("Occupancy"),
           N_("Time spent on calls (ringing, talking, wrap-up) ÷ (time on calls + time available), of agents"),
           Unit.SHARE),
)  # fmt: skip

BY_WORDS: Mapping[By, str] = MappingProxyType(
    {
        By.DAY: N_("By day"),
        By.HOUR: N_("By hour"),
        By.GROUP: N_("By group"),
        By.LINE: N_("By line"),
        By.AGENT: N_("By agent"),
    }
)

KEY_WORDS: Mapping[By, str] = MappingProxyType(
    {By.DAY: N_("Day"), By.HOUR: N_("Hour"), By.GROUP: N_("Group"), By.LINE: N_("Line"), By.AGENT: N_("Agent")}
)

NOBODY_WORDS: Mapping[By, str] = MappingProxyType({By.GROUP: N_("No group"), By.AGENT: N_("No agent")})

COUNTED: Mapping[str, str] = MappingProxyType(
    {
        Counted.INCOMING: N_("incoming"),
        Counted.OUTGOING: N_("outgoing"),
        Counted.ANSWERED: N_("answered"),
        Counted.IN_TIME: N_("answered in time"),
        Counted.ABANDONED: N_("abandoned, early ones too"),
        Counted.SHORT_ABANDONED: N_("abandoned early"),
        Counted.LOST: N_("abandoned, without early ones"),
        Counted.OFFERED: N_("answered or abandoned, without early ones"),
        Counted.MISSED: N_("missed"),
        Counted.HANDLED: N_("handled"),
    }
)
"""What a list of calls is narrowed to when a figure led to it."""
