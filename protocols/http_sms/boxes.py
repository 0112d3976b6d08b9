"""The elements in which providers of the sms.aspx family list what they give: ``<callbox><mobile/><content/>…``.

What they give comes once, and not all of them write XML as it should be: a bare ``&``, a control character, a half
character. What is no XML as a whole is read element by element, and of each the known fields. Nothing is ever expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

FIELDS = ("mobile", "taskid", "status", "receivetime", "errorcode", "content", "extno")
"""What is read of an element that does not stand in good XML."""
_FREE = "content"
"""The one whose text is a stranger's: it goes as far as it can, so that what it holds is not taken for fields."""
_OPENING = re.compile(rf"<({'|'.join(FIELDS)})(?:\s[^<>]*)?>", re.IGNORECASE)
_CLOSING = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in FIELDS}
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));", re.IGNORECASE)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
# What XML does not allow (XML 1.0, section 2.2), and DEL.
_NO_TEXT = re.compile("[^\t\n\r\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

Box = Mapping[str, str]


def boxes_of(text: str, name: str) -> list[Box]:
    """The fields of each ``name`` (in lower case) in ``text``, in order, by their names in lower case; an empty one is
    there and could not be read. Names are compared without namespace and case. Never raises.
    """
    # A document type has no business here: the entities in it are how XML is made to grow.
    root = None if "<!DOCTYPE" in text.upper() else _parsed(text)
    if root is None:
        return [_fields(piece) for piece in _pieces(text, name)]
    return [{_name(child): (child.text or "").strip() for child in box} for box in root.iter() if _name(box) == name]


def unescaped(text: str) -> str:
    """``text`` with the references that XML knows by itself replaced by what they stand for, once."""
    return _REFERENCE.sub(_referred, text)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def _parsed(text: str) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(_DECLARATION.sub("", text).encode())  # noqa: S314 - without a document type
    except (ElementTree.ParseError, ValueError):
        return None


def _pieces(text: str, name: str) -> Iterator[str]:
    """What stands in each ``name``; one that is not closed ends where the next begins, or with the text."""
    mark = re.compile(rf"<!\[CDATA\[|<(/?)(?i:{name})(?:\s[^<>]*)?>")
    start: int | None = None
    place = 0
    while found := mark.search(text, place):
        place = found.end()
        if found[0] == _CDATA:
            end = text.find(_CDATA_END, place)
            if end < 0:
                # It is not closed: what looks like elements behind it are elements.
                mark = re.compile(rf"<(/?)(?i:{name})(?:\s[^<>]*)?>")
            else:
                place = end + len(_CDATA_END)
            continue
        if start is not None:
            yield text[start : found.start()]
        start = None if found[1] else place
    if start is not None:
        yield text[start:]


def _fields(piece: str) -> Box:
    fields: dict[str, str] = {}
    unclosed: set[str] = set()
    place = 0
    while found := _OPENING.search(piece, place):
        place = found.end()
        name = found[1].lower()
        ends = () if name in unclosed or name in fields else _CLOSING[name].finditer(piece, place)
        end = _last(ends) if name == _FREE else next(iter(ends), None)
        if end is None:
            unclosed.add(name)
            continue
        fields[name] = _plain(piece[place : end.start()])
        place = end.end()
    return fields


def _last(found: Iterator[re.Match[str]] | tuple[()]) -> re.Match[str] | None:
    last = None
    for last in found:  # noqa: B007 - the last one is wanted
        pass
    return last


def _plain(value: str) -> str:
    return _NO_TEXT.sub("", "".join(_runs(value))).strip()


def _runs(value: str) -> Iterator[str]:
    place = 0
    while (start := value.find(_CDATA, place)) >= 0 and (end := value.find(_CDATA_END, start)) >= 0:
        yield unescaped(value[place:start])
        yield value[start + len(_CDATA) : end]
        place = end + len(_CDATA_END)
    yield unescaped(value[place:])


def _referred(found: re.Match[str]) -> str:
    if found[1]:
        return _NAMED[found[1].lower()]
    code = int(found[2]) if found[2] else int(found[3], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else _REPLACEMENT
