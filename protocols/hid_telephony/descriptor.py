"""HID report descriptors: which bits of which report mean what. Pure.

Source: Device Class Definition for HID 1.11, section 6.2.2. Only what reading and writing single controls takes:
physical units, designators and strings are passed over.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

LONGEST = 4096
"""Bytes of a descriptor; the kernel's own limit."""
_MOST_BITS = 64 * 8
_DEEPEST = 16
_LONG_ITEM = 0xFE
_VARIABLE, _RELATIVE = 2, 4


class DescriptorError(ValueError):
    """Not a report descriptor, or one that nobody sane sends."""


class Direction(enum.Enum):
    """Which way a report goes; the value is the tag of the main item."""

    INPUT = 8
    OUTPUT = 9


@dataclass(frozen=True)
class Usage:
    """What a control is, by the numbers of the HID usage tables."""

    page: int
    id: int


@dataclass(frozen=True)
class Control:
    """``size`` bits from ``bit`` on in the report ``report_id``, behind its id; 0 where reports have no ids.

    A variable control has one usage and is on while it is not 0. An array tells which of its ``usages`` is on, counted
    from ``first``.
    """

    direction: Direction
    report_id: int
    bit: int
    size: int
    usages: tuple[Usage, ...]
    relative: bool = False
    array: bool = False
    first: int = 0


@dataclass(frozen=True)
class _Globals:
    page: int = 0
    minimum: int = 0
    size: int = 0
    count: int = 0
    report_id: int = 0


@dataclass
class _Locals:
    """Usages as written: a page in the upper half, or none."""

    usages: list[int] = field(default_factory=list)
    minimum: int | None = None


def parse(descriptor: bytes) -> tuple[Control, ...]:
    """The controls of inputs and outputs, padding left out. Raises ``DescriptorError``."""
    if len(descriptor) > LONGEST:
        raise DescriptorError(f"{len(descriptor)} bytes are no report descriptor")
    reader = _Reader()
    for kind, tag, data in _items(descriptor):
        reader.item(kind, tag, data)
    return tuple(reader.controls)


def report_bytes(controls: tuple[Control, ...], direction: Direction, report_id: int) -> int:
    """How many bytes the controls of a report reach to, its id not counted."""
    ends = [one.bit + one.size for one in controls if (one.direction, one.report_id) == (direction, report_id)]
    return (max(ends, default=0) + 7) // 8


def _items(descriptor: bytes) -> Iterator[tuple[int, int, bytes]]:
    position = 0
    while position < len(descriptor):
        prefix = descriptor[position]
        if prefix == _LONG_ITEM:
            # Long items exist on paper only: their length, then a tag.
            length = descriptor[position + 1] if position + 1 < len(descriptor) else 0
            position += 3 + length
            continue
        length = (0, 1, 2, 4)[prefix & 3]
        data = descriptor[position + 1 : position + 1 + length]
        if len(data) < length:
            raise DescriptorError("the descriptor is cut off")
        yield prefix >> 2 & 3, prefix >> 4, data
        position += 1 + length


class _Reader:
    def __init__(self) -> None:
        self.controls: list[Control] = []
        self._globals = _Globals()
        self._stack: list[_Globals] = []
        self._locals = _Locals()
        self._bits: dict[tuple[Direction, int], int] = {}

    def item(self, kind: int, tag: int, data: bytes) -> None:
        value = int.from_bytes(data, "little")
        match kind:
            case 0:
                self._main(tag, value)
                self._locals = _Locals()
            case 1:
                self._global(tag, value, data)
            case 2:
                self._local(tag, value, data)
            case _:
                raise DescriptorError(f"an item of the reserved type {kind}")

    def _global(self, tag: int, value: int, data: bytes) -> None:
        match tag:
            case 0x0:
                self._globals = replace(self._globals, page=value)
            case 0x1:
                self._globals = replace(self._globals, minimum=int.from_bytes(data, "little", signed=True))
            case 0x7:
                self._globals = replace(self._globals, size=value)
            case 0x8:
                self._globals = replace(self._globals, report_id=value & 0xFF)
            case 0x9:
                self._globals = replace(self._globals, count=value)
            case 0xA:
                if len(self._stack) >= _DEEPEST:
                    raise DescriptorError("more is pushed than anybody pops")
                self._stack.append(self._globals)
            case 0xB:
                if not self._stack:
                    raise DescriptorError("more is popped than was pushed")
                self._globals = self._stack.pop()
            case _:
                pass

    def _local(self, tag: int, value: int, data: bytes) -> None:
        usage = value if len(data) == 4 else self._globals.page << 16 | value
        match tag:
            case 0x0:
                self._locals.usages.append(usage)
            case 0x1:
                self._locals.minimum = usage
            case 0x2 if self._locals.minimum is not None:
                first, self._locals.minimum = self._locals.minimum, None
                if usage - first >= _MOST_BITS:
                    raise DescriptorError("more usages than a report has bits")
                self._locals.usages += range(first, usage + 1)
            case _:
                pass

    def _main(self, tag: int, flags: int) -> None:
        if tag not in (Direction.INPUT.value, Direction.OUTPUT.value):
            return
        direction, here = Direction(tag), self._globals
        start = self._bits.get((direction, here.report_id), 0)
        # Each checked: their product may be enormous, and is never counted up to.
        if max(here.size, here.count, start + here.size * here.count) > _MOST_BITS:
            raise DescriptorError("a report longer than USB sends")
        self._bits[direction, here.report_id] = start + here.size * here.count
        # Padding has no usage. Products are about whose real controls are marked constant, as padding is.
        if self._locals.usages and here.size:
            self._add(direction, start, flags)

    def _add(self, direction: Direction, start: int, flags: int) -> None:
        here, usages = self._globals, tuple(Usage(one >> 16, one & 0xFFFF) for one in self._locals.usages)
        relative = bool(flags & _RELATIVE)
        for place in range(here.count):
            bit = start + place * here.size
            if flags & _VARIABLE:
                # The last usage is that of all that follow.
                usage = usages[min(place, len(usages) - 1)]
                control = Control(direction, here.report_id, bit, here.size, (usage,), relative)
            else:
                control = Control(direction, here.report_id, bit, here.size, usages, relative, True, here.minimum)
            self.controls.append(control)
