"""The GSM 7 bit default alphabet with its extension table (3GPP TS 23.038, sections 6.2.1 and 6.2.1.1)."""

from __future__ import annotations

ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_SEPTETS = {sign: bytes([place]) for place, sign in enumerate(_BASIC) if place != ESCAPE} | {
    sign: bytes([ESCAPE, place]) for place, sign in _EXTENSION.items()
}


def fits(text: str) -> bool:
    """Whether every character of ``text`` is in the alphabet."""
    return all(sign in _SEPTETS for sign in text)


def septets(text: str) -> int:
    """How many septets ``text`` takes: two for those of the extension table. ``KeyError`` unless it ``fits``."""
    return sum(len(_SEPTETS[sign]) for sign in text)


def encode(text: str) -> bytes:
    """One septet a byte, as SMPP carries them; ``ValueError`` names the first character that is not in the alphabet."""
    try:
        return b"".join(_SEPTETS[sign] for sign in text)
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not in the GSM alphabet") from None


def decode(data: bytes) -> str:
    """``data`` of one septet a byte. What is no septet, or is escaped to nothing, is U+FFFD or the plain character."""
    signs: list[str] = []
    escaped = False
    for byte in data:
        if escaped:
            signs.append(_EXTENSION.get(byte) or _plain(byte))
            escaped = False
        elif byte == ESCAPE:
            escaped = True
        else:
            signs.append(_plain(byte))
    # A receiver shows an escape at the end as a blank.
    return "".join(signs) + (" " if escaped else "")


def _plain(byte: int) -> str:
    if byte == ESCAPE:
        return " "
    return _BASIC[byte] if byte < len(_BASIC) else "\N{REPLACEMENT CHARACTER}"


def pack(data: bytes, fill: int = 0) -> bytes:
    """Septets into octets (section 6.1.2.1.1), after ``fill`` (0 to 6) zero bits up to the border of a septet."""
    value = 0
    for place, septet in enumerate(data):
        value |= (septet & 0x7F) << (7 * place + fill)
    return value.to_bytes((7 * len(data) + fill + 7) // 8, "little")


def unpack(data: bytes, count: int, fill: int = 0) -> bytes:
    """``count`` septets out of octets, or as many as there are."""
    value = int.from_bytes(data, "little") >> fill
    count = min(count, max(0, 8 * len(data) - fill) // 7)
    return bytes((value >> (7 * place)) & 0x7F for place in range(count))
