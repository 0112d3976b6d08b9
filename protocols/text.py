"""Text that comes from the telephone network: unknown charset, untrusted content."""

from __future__ import annotations

import codecs
import unicodedata

MAX_NAME = 64
"""Longest name passed on, in characters. Networks send 15 to 20; more is noise."""

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# GB18030 contains GBK and GB2312, so one decoder serves every mainland Chinese exchange.
_CHARSETS = ("utf-8", "gb18030")
# Python reads a codec from the disk when it is first asked for: now, and not when the reactor runs.
for _each in (*_CHARSETS, "gbk", "ascii", "latin-1", "utf-16-be"):
    codecs.lookup(_each)


def decode_text(raw: bytes) -> str:
    """Text of bytes in UTF-8 or GBK, cleaned; bytes that fit neither become ``?`` one by one. Never raises."""
    return clean_text(decode_bytes(raw))


def decode_bytes(raw: bytes) -> str:
    """Like ``decode_text``, but neither cleaned nor cut: for values that are no text for people."""
    for charset in _CHARSETS:
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return raw.decode("ascii", errors="replace").replace("\N{REPLACEMENT CHARACTER}", "?")


def lacking(text: str, charset: str) -> str:
    """The first character of ``text`` that ``charset``, Python's name, lacks, or nothing."""
    try:
        text.encode(charset)
    except UnicodeEncodeError as error:
        return text[error.start]
    return ""


def clean_text(text: str, limit: int = MAX_NAME) -> str:
    """``text`` on one line: no control, bidirectional, invisible or private characters, at most ``limit`` long."""
    # Nothing of what is dropped can be printed, so most texts need no look at each character.
    if not text.isprintable():
        text = "".join(char for char in text if unicodedata.category(char) not in _DROPPED)
    return " ".join(text.split())[:limit].rstrip()
