"""How the simulated modem chips differ. Written from their published descriptions, apart from our drivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    """One chip. ``known`` are commands it accepts besides those every modem has; ``caller_id_on`` are those of them
    that switch caller id on; ``handset_events`` are the DLE codes for lifted and replaced, None if it cannot tell.
    ``receive_stops`` are what, behind DLE, ends receive mode; without them it has none.
    """

    name: str
    information: Mapping[str, str]
    caller_id_on: frozenset[str]
    known: frozenset[str]
    forgets_caller_id: bool = False
    handset_events: tuple[str, str] | None = ("H", "h")
    far_end_gone: str = "b"
    field: str = "{key}={value}"
    dialled: str = "VCON"
    receive_stops: tuple[bytes, ...] = ()


_VOICE = frozenset({"+FCLASS=8", "+FCLASS=0", "+VLS=0", "+VLS=1"})

CHIPS: Mapping[str, Chip] = {
    chip.name: chip
    for chip in (
        Chip(
            name="usr",
            information={"0": "5601", "3": "U.S. Robotics 56K FAX USB V1.2.23"},
            caller_id_on=frozenset({"+VCID=1", "#CID=1"}),
            known=_VOICE | {"+VCID=0", "+VCID=1", "#CID=1", "+VSD=128,0", "+VSM=128,8000", "+VRX"},
            receive_stops=(b"!",),
        ),
        Chip(
            name="conexant",
            information={"0": "56000", "3": "CX93001-EIS_V0.2002-V92"},
            caller_id_on=frozenset({"+VCID=1"}),
            known=_VOICE | {"-SCID=1", "+VCID=0", "+VCID=1", "-STE=3", "+VSD=0,0", "+VSM=1,8000,0,0", "+VRX"},
            receive_stops=(b"!", b"\x1b"),
            forgets_caller_id=True,
            handset_events=("P", "h"),
            field="{key} = {value}",
            dialled="OK",
        ),
        Chip(
            name="agere",
            information={"0": "LT V.92 Data+Fax+Voice Modem Version 8.30", "3": "LT V.92 1.0"},
            caller_id_on=frozenset({"+VCID=1", "*ID1"}),
            known=_VOICE | {"+VCID=0", "+VCID=1", "*ID1"},
            far_end_gone="l",
        ),
        Chip(
            name="generic",
            information={"0": "33600", "3": "Voice modem"},
            caller_id_on=frozenset({"#CID=1"}),
            known=frozenset({"#CLS=8", "#CLS=0", "#VLS=0", "#VLS=1", "#CID=0", "#CID=1"}),
            handset_events=None,
            field="{key} = {value}",
        ),
    )
}
