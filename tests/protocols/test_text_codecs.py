"""What our protocols write and read text in is loaded with them, not from the disk while the reactor runs."""

from __future__ import annotations

import codecs
import re
import subprocess
import sys
from pathlib import Path

import protocols
from protocols.http_sms.provider import Charset

_NAMED = re.compile(r'(?:de|en)code\("([\w-]+)"')
_SCRIPT = """
import codecs, sys, protocols.text
loaded = set(sys.modules)
for name in sys.argv[1:]:
    codecs.lookup(name)
print(sorted(one for one in set(sys.modules) - loaded))
"""


def test_every_codec_that_a_protocol_names_is_there_already() -> None:
    folder = Path(protocols.__file__).parent
    named = {name for path in folder.rglob("*.py") for name in _NAMED.findall(path.read_text())}
    names = {name for name in named if _is_codec(name)} | {one.value for one in Charset}
    assert {"utf-16-be", "gb18030", "ascii"} <= names
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *sorted(names)], capture_output=True, text=True, check=True, timeout=60,
        cwd=folder.parent,
    )  # fmt: skip
    assert ran.stdout.strip() == "[]"


def _is_codec(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
