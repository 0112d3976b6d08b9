"""What the documents of the protocols call a gateway's answers, and systems a lost connection: English where it arises,
said in any language by pages.

A gateway's own words are not among them, and stand as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols import system_words
from protocols.cmpp import results
from protocols.gsm_modem import refusals
from protocols.sayings import Saying
from protocols.smpp import statuses

WORDS = results.WORDS | statuses.WORDS | refusals.WORDS | system_words.WORDS
# "CMS 42: congestion", "flow control (8)": how codecs and sessions put a code to it.
_WITH_CODE = re.compile(r"(?P<code>[A-Z]+ \d+: )?(?P<words>.+?)(?P<also> \([^()]*\))?", re.DOTALL)
KNOWN = WORDS | {saying.value for saying in Saying}
"""With what is ours to say."""


def said_in(translate: Callable[[str], str], words: str) -> str:
    """``words`` of a gateway in the language of ``translate`` (gettext) where they are a document's, or ours."""
    if words in KNOWN:
        return translate(words)
    found = _WITH_CODE.fullmatch(words)
    if found is None or found["words"] not in KNOWN:
        return words
    return f"{found['code'] or ''}{translate(found['words'])}{found['also'] or ''}"
