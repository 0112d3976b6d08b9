"""``make bench [BENCH=pop]``: run the measurements named, or all."""

from __future__ import annotations

import sys

from tests.benchmarks import center, fanout, pop, search, sms

MEASUREMENTS = {"pop": pop.main, "fanout": fanout.main, "center": center.main, "search": search.main, "sms": sms.main}

for name in sys.argv[1:] or MEASUREMENTS:
    if name not in MEASUREMENTS:
        sys.exit(f"no measurement {name!r}; there are {', '.join(MEASUREMENTS)}")
    MEASUREMENTS[name]()
