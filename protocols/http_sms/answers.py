"""Reading a provider's answers. Pure; never raises on what a provider sends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.http_sms.provider import AnswerRules, Charset, Meaning
from protocols.patterns import SlowPatternError, search
from protocols.sayings import Said, Saying
from protocols.sms import Refusal
from protocols.text import clean_text

MOST_BYTES = 256_000
"""Longest answer that is read."""
_WORDS = 120
_MARK, _REPLACEMENT = "\ufeff", "\N{REPLACEMENT CHARACTER}"
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w-]+)", re.IGNORECASE)
_HTML = re.compile(r"\s*(<!doctype html|<html)", re.IGNORECASE)
_TOO_MANY, _UNAVAILABLE = 429, 503
# RFC 9110 section 15.5.9 and RFC 8470 section 5.2: the request was not processed, and may be repeated.
_UNPROCESSED = frozenset({408, 425})
_READABLE = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030"}


@dataclass(frozen=True)
class HttpAnswer:
    """What came back. ``comes_again``: with a time when to ask again, ``Retry-After``."""

    status: int
    content_type: str
    body: bytes
    comes_again: bool = False


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
    """There is an answer, but not what it means: the message may have been taken. ``heard`` is how the answer begins
    if it is text.
    """

    words: Said
    heard: str = ""


Verdict = Taken | NotTaken | Unclear


def text_of(answer: HttpAnswer, charset: Charset) -> str | None:
    """The words of ``answer``: by the charset that it names, else by ``charset``; None if they are in neither."""
    for codec in _codecs(answer, charset):
        try:
            return answer.body.decode(codec).removeprefix(_MARK)
        except UnicodeDecodeError:
            continue
    return None


def legible_text_of(answer: HttpAnswer, charset: Charset) -> str:
    """``text_of``, for what comes only once: what is in neither charset is U+FFFD, in whichever has least of it."""
    text = text_of(answer, charset)
    if text is not None:
        return text
    texts = [answer.body.decode(codec, "replace").removeprefix(_MARK) for codec in _codecs(answer, charset)]
    return min(texts, key=lambda found: found.count(_REPLACEMENT))


def _codecs(answer: HttpAnswer, charset: Charset) -> list[str]:
    named = _CHARSET.search(answer.content_type)
    return [_READABLE.get(name, "ascii") for name in (named[1].lower() if named else "", charset.value)]


def read_answer(rules: AnswerRules, answer: HttpAnswer, charset: Charset) -> Verdict:
    """What ``answer`` says of a message."""
    if not 200 <= answer.status < 300:
        return _by_status(answer)
    text = text_of(answer, charset)
    if text is None:
        return Unclear(Said(Saying.ANSWER_CHARSET))
    try:
        return _by_text(rules, text)
    except SlowPatternError:
        return Unclear(Said(Saying.ANSWER_TAKES_TOO_LONG), clean_text(text, _WORDS))


def _by_text(rules: AnswerRules, text: str) -> Verdict:
    if search(rules.accepted, text):
        return Taken(clean_text(_group(rules.gateway_id, text), 64))
    if _HTML.match(text):
        # Of whoever stands before the provider, as often as not: it does not say that the provider has not taken it.
        return Unclear(Said(Saying.ANSWER_IS_PAGE))
    code, words = (clean_text(_group(pattern, text), _WORDS) for pattern in (rules.code, rules.words))
    if not code and not words:
        return Unclear(Said(Saying.ANSWER_NOT_UNDERSTOOD), clean_text(text, _WORDS))
    meaning = rules.codes.get(code) or _hinted(rules, words) or Meaning(Refusal.GATEWAY)
    return NotTaken(meaning, code, meaning.words or words)


def read_number(pattern: str, answer: HttpAnswer, charset: Charset) -> int | None:
    """Group 1 of ``pattern`` as a number; None if there is none, or it is not found in time."""
    text = text_of(answer, charset) if 200 <= answer.status < 300 else None
    try:
        found = _group(pattern, text or "")
        return int(float(found)) if len(found) < 20 else None
    except (ValueError, OverflowError, SlowPatternError):
        return None


def _by_status(answer: HttpAnswer) -> NotTaken | Unclear:
    status = answer.status
    code = f"HTTP {status}"
    if status == _TOO_MANY or (status == _UNAVAILABLE and answer.comes_again):
        return NotTaken(Meaning(Refusal.LATER), code, "too many requests", slower=True)
    if status in _UNPROCESSED:
        return NotTaken(Meaning(Refusal.LATER), code, "the provider did not read the request")
    if 400 <= status < 500:
        return NotTaken(
            Meaning(Refusal.GATEWAY, account=status in (401, 403)), code, "the provider refuses the request"
        )
    # The request had been delivered: what a proxy gave up (502, 504) or failed afterwards (500) may have been taken.
    return Unclear(Said(Saying.ANSWER_REDIRECTS if 300 <= status < 400 else Saying.ANSWER_IS_ERROR, status=status))


def _group(pattern: str, text: str) -> str:
    found = search(pattern, text) if pattern else None
    return (found[1] or "") if found else ""


def _hinted(rules: AnswerRules, words: str) -> Meaning | None:
    return next((meaning for hint, meaning in rules.hints.items() if hint in words), None)
