"""Reading a provider's answers. Pure; never raises on what a provider sends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.http_sms.provider import AnswerRules, Charset, Meaning
from protocols.sms import Refusal
from protocols.text import clean_text

MOST_BYTES = 256_000
"""Longest answer that is read."""
_WORDS = 120
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w-]+)", re.IGNORECASE)
_HTML = re.compile(r"\s*(<!doctype html|<html)", re.IGNORECASE)
_TOO_MANY = 429
_READABLE = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030"}


@dataclass(frozen=True)
class HttpAnswer:
    """What came back."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Taken:
    """The message was taken; empty ``gateway_id`` if the provider gives none."""

    gateway_id: str


@dataclass(frozen=True)
class NotTaken:
    """The message was not taken. ``slower``: because of too many."""

    meaning: Meaning
    code: str
    words: str
    slower: bool = False


@dataclass(frozen=True)
class Unclear:
    """There is an answer, but not what it means: the message may have been taken."""

    words: str


Verdict = Taken | NotTaken | Unclear


def text_of(answer: HttpAnswer, charset: Charset) -> str | None:
    """The words of ``answer``: by the charset that it names, else by ``charset``; None if they are in neither."""
    named = _CHARSET.search(answer.content_type)
    candidates = [named[1].lower() if named else "", charset.value]
    for candidate in candidates:
        try:
            return answer.body.decode(_READABLE.get(candidate, "ascii")).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    return None


def read_answer(rules: AnswerRules, answer: HttpAnswer, charset: Charset) -> Verdict:
    """What ``answer`` says of a message."""
    if not 200 <= answer.status < 300:
        return _by_status(answer.status)
    text = text_of(answer, charset)
    if text is None:
        return Unclear("the answer is in another charset")
    if re.search(rules.accepted, text):
        return Taken(clean_text(_group(rules.gateway_id, text), 64))
    if _HTML.match(text):
        return NotTaken(Meaning(Refusal.LATER), "HTML", "a web page instead of an answer")
    code, words = (clean_text(_group(pattern, text), _WORDS) for pattern in (rules.code, rules.words))
    if not code and not words:
        return Unclear(f"the answer is not understood: {clean_text(text, _WORDS)}")
    meaning = rules.codes.get(code) or _hinted(rules, words) or Meaning(Refusal.GATEWAY)
    return NotTaken(meaning, code, meaning.words or words)


def read_number(pattern: str, answer: HttpAnswer, charset: Charset) -> int | None:
    """Group 1 of ``pattern`` as a number; None if there is none."""
    text = text_of(answer, charset) if 200 <= answer.status < 300 else None
    found = _group(pattern, text or "")
    try:
        return int(float(found)) if len(found) < 20 else None
    except (ValueError, OverflowError):
        return None


def _by_status(status: int) -> NotTaken:
    code = f"HTTP {status}"
    if status == _TOO_MANY:
        return NotTaken(Meaning(Refusal.LATER), code, "too many requests", slower=True)
    if 300 <= status < 400:
        return NotTaken(Meaning(Refusal.LATER), code, "redirected, which is not followed")
    if 400 <= status < 500:
        return NotTaken(
            Meaning(Refusal.GATEWAY, account=status in (401, 403)), code, "the provider refuses the request"
        )
    return NotTaken(Meaning(Refusal.LATER), code, "the provider is out of order")


def _group(pattern: str, text: str) -> str:
    found = re.search(pattern, text) if pattern else None
    return (found[1] or "") if found else ""


def _hinted(rules: AnswerRules, words: str) -> Meaning | None:
    return next((meaning for hint, meaning in rules.hints.items() if hint in words), None)
