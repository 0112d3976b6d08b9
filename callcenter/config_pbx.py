"""Whether the lines on PBXes and the ``[[asterisk]]`` sections fit together."""

from __future__ import annotations

from callcenter.settings import Settings
from callcenter.toml_positions import KeyPath
from hardware.settings import DriverName, LineSettings
from protocols.ami.settings import PbxPort, parse_port


def pbx_mistakes(settings: Settings) -> list[tuple[KeyPath, str]]:
    """Where a PBX is named twice or is not there, or two lines share an endpoint and cannot; and what to say of it."""
    found: list[tuple[KeyPath, str]] = []
    names: dict[str, int] = {}
    for index, pbx in enumerate(settings.asterisk):
        if pbx.name in names:
            first = names[pbx.name] + 1
            found.append((("asterisk", index, "name"), f'"{pbx.name}" is taken by the {first}. [[asterisk]] section'))
        names.setdefault(pbx.name, index)
    seen: list[tuple[int, LineSettings, PbxPort]] = []
    for index, line in enumerate(settings.lines):
        if line.driver is not DriverName.ASTERISK:
            continue
        port = parse_port(line.port)
        if port.pbx not in names:
            known = ", ".join(names) or "none"
            found.append((("lines", index, "port"), f'there is no [[asterisk]] named "{port.pbx}". Known: {known}'))
        found += [mistake for other in seen if (mistake := _clash(other, index, line, port))]
        seen.append((index, line, port))
    return found


def _clash(
    other: tuple[int, LineSettings, PbxPort], index: int, line: LineSettings, port: PbxPort
) -> tuple[KeyPath, str] | None:
    """What is wrong between two lines."""
    earlier, other_line, other_port = other
    if (port.pbx, port.endpoint) != (other_port.pbx, other_port.endpoint):
        return None
    if port.slot == other_port.slot and line.port != other_line.port:
        return ("lines", index, "port"), f'"{line.port}" is the same as that of line {earlier + 1} of the file'
    if line.trunk != other_line.trunk:
        return ("lines", index, "trunk"), f"must be as in line {earlier + 1} of the file, which has the same endpoint"
    return None
