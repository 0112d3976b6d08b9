"""What recordings are told when they are built."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True)
class RecordingSettings:
    """``folder`` holds the files. Calls are recorded if ``enabled``; what there is is kept for ``keep`` either way."""

    folder: Path
    enabled: bool = False
    keep: timedelta = timedelta(days=180)
