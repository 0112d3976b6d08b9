"""The words of a part as CMPP content, and of what arrived (``Msg_Fmt``: QB-GF-028-2003, section 7.4.3.1)."""

from __future__ import annotations

from protocols import ucs2
from protocols.cmpp.messages import Deliver, Format, Submit
from protocols.pdu_frames import PduError
from protocols.sms import Part, TextEncoding
from protocols.user_data import WHOLE, Place, place_header, split_header

_MOST_ASCII = 160
_MOST_OTHER = 140
_ENCODINGS = {Format.ASCII: "ascii", Format.UCS2: "utf-16-be", Format.GBK: "gb18030"}


def write_words(part: Part, *, gbk: bool) -> tuple[Format, bytes]:
    """The format and content of ``part``, header included. ``PduError`` if it does not fit any format.

    There is no GSM alphabet in CMPP: what is not ASCII of it goes as GBK or UCS2, if it is short enough.
    """
    header = b""
    if part.total > 1:
        header = place_header(part.reference, part.position, part.total)
    chinese = (Format.GBK, Format.UCS2) if gbk else (Format.UCS2, Format.GBK)
    formats = chinese if part.encoding is TextEncoding.UCS2 else (Format.ASCII, *chinese)
    for each in formats:
        content = header + part.text.encode(_ENCODINGS[each], "surrogatepass") if _can(part.text, each) else None
        if content is not None and len(content) <= (_MOST_ASCII if each is Format.ASCII else _MOST_OTHER):
            return each, content
    raise PduError(f"a part of {len(part.text)} characters does not fit into a message")


def _can(text: str, form: Format) -> bool:
    match form:
        case Format.ASCII:
            return text.isascii()
        case Format.UCS2:
            return True
        case _:
            try:
                # Four octets for one character are GB18030, which phones need not know.
                return all(len(sign.encode("gb18030")) <= 2 for sign in text)
            except UnicodeEncodeError:
                return False


def read_words(message: Deliver) -> tuple[Place, str]:
    """The place and words of what arrived. What is not text is given in hexadecimal, what is wrong as U+FFFD."""
    place, words = split_words(message)
    match message.format:
        case Format.UCS2:
            return place, ucs2.decode(words, is_part=place.total > 1)
        case Format.BINARY | Format.CARD:
            return place, words.hex()
        case _:
            # ASCII is part of it, and gateways that say ASCII have been seen to send GBK.
            return place, words.decode("gb18030", "replace")


def split_words(message: Deliver | Submit) -> tuple[Place, bytes]:
    """The place of a message, and its words as they are written."""
    return split_header(message.content) if message.has_header else (WHOLE, message.content)
