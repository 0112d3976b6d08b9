"""What people call the states of a recording, and why there is none."""

from __future__ import annotations

from enum import StrEnum

from callcenter.administration.fields import Field, Kind
from callcenter.text import N_


class State(StrEnum):
    """Where a recording is."""

    RECORDING = "recording"
    KEPT = "kept"
    LOST = "lost"
    NONE = "none"
    """There was nothing that the device could have recorded."""
    DELETED = "deleted"


class Reason(StrEnum):
    """Why a recording is not kept, or not yet."""

    DEVICE = "device"
    HANDSET = "handset"
    TOO_SHORT = "too_short"
    NO_FILE = "no_file"
    REFUSED = "refused"
    DISK_FULL = "disk_full"
    UNREADABLE = "unreadable"
    EXPIRED = "expired"
    BY_HAND = "by_hand"


REASONS = (
    (Reason.DEVICE, N_("the line could not record")),
    (Reason.HANDSET, N_("the call was on the handset, which this line does not hear")),
    (Reason.TOO_SHORT, N_("the call was over before it began")),
    (Reason.NO_FILE, N_("the device left no file")),
    (Reason.REFUSED, N_("what the device left is no recording")),
    (Reason.DISK_FULL, N_("the disk is full; it is tried again every hour")),
    (Reason.UNREADABLE, N_("the file of the device cannot be read or moved; it is tried again every hour")),
    (Reason.EXPIRED, N_("its time was over")),
    (Reason.BY_HAND, N_("deleted by somebody")),
)

RECORDING_FIELDS = (
    Field("state", N_("Recording"), Kind.CHOICE, choices=(
        (State.RECORDING, N_("being recorded")),
        (State.KEPT, N_("recorded")),
        (State.LOST, N_("lost")),
        (State.NONE, N_("not recorded")),
        (State.DELETED, N_("deleted")),
    )),
    Field("reason", N_("Why there is no recording"), Kind.CHOICE, choices=REASONS),
)  # fmt: skip
