"""A demo that takes its time with what is sent to many: one page of patients in ten seconds, so that whoever looks,
pauses or kills it finds it in the middle. ``python -m tests.peers.slow_batches demo …`` is ``callcenter demo …``.
"""

from __future__ import annotations

import sys

from callcenter.messaging.batches import maker
from twistd_plugin.commands import main

maker.BREATH_SECONDS = 10.0

if __name__ == "__main__":
    sys.exit(main())
