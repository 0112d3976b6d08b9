"""One whole event of a TP phone box: code and parameters in, message out. Pure; never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocols.tp_hid.messages import (
    BatteryLow,
    BusyTone,
    CallerId,
    Dialled,
    Digits,
    Event,
    Hook,
    HookMoved,
    Identity,
    LocalDigit,
    Message,
    Rang,
    Restarted,
    StateIs,
)

MAX_NUMBER = 32
"""Longest number taken from a caller-id event, in digits; E.164 allows 15."""
_KEYS = "0123456789*#"
_DATE = 2
_NUMBER = 6
_RANGES = (range(1, 13), range(1, 32), range(24), range(60))


def read_event(code: int, parameters: bytes) -> Message | None:
    """The message of an event, None if it tells nothing of the line or its parameters are missing."""
    reader = _READERS.get(code)
    return reader(parameters) if reader is not None else None


def _caller_id(parameters: bytes) -> Message:
    """``mode len month day hour minute number``: the number is packed BCD, high nibble first, ended by a nibble > 9.

    What ``mode`` and ``len`` count is not documented, and neither is whether the date is BCD: either is accepted.
    """
    date, packed = parameters[_DATE:_NUMBER], parameters[_NUMBER:]
    number = _packed_digits(packed)
    return CallerId(number[:MAX_NUMBER], plausible=_is_date(date) and len(number) <= MAX_NUMBER)


def _packed_digits(packed: bytes) -> str:
    digits = ""
    for nibble in (nibble for byte in packed for nibble in (byte >> 4, byte & 0x0F)):
        if nibble > 9:
            break
        digits += str(nibble)
    return digits


def _is_date(date: bytes) -> bool:
    raw = tuple(date)
    bcd = tuple((byte >> 4) * 10 + (byte & 0x0F) for byte in date if byte & 0x0F <= 9)
    return any(
        len(numbers) == len(_RANGES)
        and all(number in allowed for number, allowed in zip(numbers, _RANGES, strict=True))
        for numbers in (raw, bcd)
    )


def _digits(parameters: bytes) -> Message | None:
    digits = "".join(_KEYS[key] for key in parameters if key < len(_KEYS))
    return Digits(digits) if digits else None


def _state(parameters: bytes) -> Message | None:
    if not parameters or parameters[0] > max(Hook):
        return None
    return StateIs(Hook(parameters[0]) if parameters[0] else None)


def _identity(name: str) -> Callable[[bytes], Message | None]:
    return lambda parameters: Identity(name, parameters[:8].hex()) if parameters else None


_READERS: Mapping[int, Callable[[bytes], Message | None]] = {
    Event.VERSION: _identity("version"),
    Event.SERIAL_NUMBER: _identity("serial number"),
    Event.HARDWARE: _identity("type"),
    Event.STATE: _state,
    Event.CALLER_ID: _caller_id,
    Event.FAR_DIGITS: _digits,
    Event.FAR_DIGITS_RECORDING: _digits,
    Event.PARALLEL_DIGITS: _digits,
    Event.DIALLED: lambda _: Dialled(),
    Event.HANDS_FREE_UP: lambda _: HookMoved(Hook.HANDS_FREE, up=True),
    Event.HANDS_FREE_DOWN: lambda _: HookMoved(Hook.HANDS_FREE, up=False),
    Event.HANDSET_UP: lambda _: HookMoved(Hook.HANDSET, up=True),
    Event.HANDSET_DOWN: lambda _: HookMoved(Hook.HANDSET, up=False),
    Event.PARALLEL_UP: lambda _: HookMoved(Hook.PARALLEL, up=True),
    Event.PARALLEL_DOWN: lambda _: HookMoved(Hook.PARALLEL, up=False),
    Event.RING: lambda _: Rang(),
    Event.RESTARTED: lambda _: Restarted(),
    Event.BUSY_TONE: lambda _: BusyTone(),
    Event.LOCAL_DIGIT: lambda _: LocalDigit(),
    Event.BATTERY_LOW: lambda _: BatteryLow(),
}
