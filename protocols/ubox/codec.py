"""The UBOX service's JSON: one object per WebSocket message, ``{"event": E, "handle": h, …}`` both ways. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from protocols.text import clean_text
from protocols.ubox.messages import (
    Alarm,
    BusyTone,
    CallerNumber,
    Channels,
    Dialled,
    Joined,
    Key,
    Message,
    NoLine,
    OffHook,
    OnHook,
    OutOfOrder,
    PluggedIn,
    PluggedOut,
    Product,
    ProductIs,
    Rang,
    Refused,
    RingingStopped,
)

MAX_MESSAGE = 65_536
"""Longest message read, in bytes. The longest known, the list of channels, takes a few hundred."""
MAX_CHANNELS = 256
MAX_NUMBER = 32
_TELEPHONE, _SOFTWARE = (3,), (6, 7)
"""``type`` of ``hookoff``: taken on the telephone, by software with either polarity."""
_OF_OTHER_CLIENTS = frozenset(
    {"RecordFile", "StopRecord", "PlayFile", "StopPlay", "StartReadLineVoltage", "StopReadLineVoltage", "GetUsernum",
     "GetDeviceVersionNum", "GetProductID"}
)  # fmt: skip
"""Commands whose failure is no news of a call. Web pages beside us may give them."""
_KEYS = "0123456789*#ABCD"

Fields = Mapping[str, Any]


def decode(data: bytes) -> Message | None:
    """The message in ``data``, None for anything that is none, or none of ours. Never raises."""
    if len(data) > MAX_MESSAGE:
        return None
    try:
        # The service runs on a Chinese Windows: text may be GBK.
        fields = json.loads(_text(data))
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    event = fields.get("event")
    reader = _READERS.get(event) if isinstance(event, str) else None
    return reader(fields) if reader is not None else None


def encode(event: str, handle: int | None = None, **fields: str) -> bytes:
    """A command: ``getinfo``, or one to the channel ``handle``."""
    channel = {} if handle is None else {"handle": handle}
    return json.dumps({"event": event, **channel, **fields}).encode("ascii")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _integer(value: Any) -> int | None:
    """``value`` as an integer that a handle or a code can be; it may come as text."""
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**63:
        return None
    return value


def _about(kind: Callable[[int], Message]) -> Callable[[Fields], Message | None]:
    """Reader of a message that holds nothing but its handle."""

    def read(fields: Fields) -> Message | None:
        handle = _integer(fields.get("handle"))
        return None if handle is None else kind(handle)

    return read


def _caller(fields: Fields) -> Message | None:
    number = fields.get("callernumber")
    if isinstance(number, int) and not isinstance(number, bool):
        number = str(number)
    text = clean_text(number)[:MAX_NUMBER] if isinstance(number, str) else ""
    return _about(lambda handle: CallerNumber(handle, text))(fields)


def _off_hook(fields: Fields) -> Message | None:
    kind = _integer(fields.get("type"))
    by_software = True if kind in _SOFTWARE else False if kind in _TELEPHONE else None
    return _about(lambda handle: OffHook(handle, by_software))(fields)


def _key(fields: Fields) -> Message | None:
    """``dtmfkey`` is the character's code, as number or text."""
    code = fields.get("dtmfkey")
    number = _integer(code)
    key = chr(number) if number is not None and 32 < number < 127 else code
    if not isinstance(key, str) or len(key) != 1 or key not in _KEYS:
        return None
    return _about(lambda handle: Key(handle, key))(fields)


def _channels(fields: Fields) -> Message | None:
    listed = fields.get("channels")
    if not isinstance(listed, list):
        return None
    entries = [entry for entry in listed[:MAX_CHANNELS] if isinstance(entry, dict)]
    handles = {handle: entry for entry in entries if (handle := _integer(entry.get("handle"))) is not None}
    faulty = frozenset(handle for handle, entry in handles.items() if entry.get("deviceError"))
    return Channels(frozenset(handles), faulty)


def _answer(fields: Fields) -> Message | None:
    if fields.get("type") != "GetProductID":
        return None
    name = str(_integer(fields.get("result")))
    product = Product(name) if name in {each.value for each in Product} else None
    return _about(lambda handle: ProductIs(handle, product))(fields)


def _notice(fields: Fields) -> Message | None:
    code = _integer(fields.get("result"))
    if code is None or code >= 0 or str(fields.get("errorType")) in _OF_OTHER_CLIENTS:
        return None
    return _about(lambda handle: Refused(handle, code))(fields)


_READERS: Mapping[str, Callable[[Fields], Message | None]] = {
    "joined": lambda _: Joined(),
    "getinfo": _channels,
    "plugin": _about(PluggedIn),
    "plugout": _about(PluggedOut),
    "answer": _answer,
    "notify": _notice,
    "ring": _about(Rang),
    "ringCancel": _about(RingingStopped),
    "callerId": _caller,
    "hookoff": _off_hook,
    "hookup": _about(OnHook),
    "hang": _about(NoLine),
    "dtmfdown": _key,
    "busyTone": _about(BusyTone),
    "CallOutFinish": _about(Dialled),
    "deviceAlarm": _about(Alarm),
    "deviceError": _about(OutOfOrder),
}
