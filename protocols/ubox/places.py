"""Which channel of the service is the first, the second …, although the service only has handles for them."""

from __future__ import annotations

from collections.abc import Set as AbstractSet


def arranged(places: tuple[int, ...], handles: AbstractSet[int]) -> tuple[int, ...]:
    """The handles by place, after ``places``, now that these ``handles`` are plugged in.

    A channel keeps its place while it is unplugged. Those that come back under new handles take the vacant places in
    order, once as many are new as are missing. When none is known any more all are counted anew, as at the start.
    """
    known = set(places)
    if not handles:
        return places
    if not known & handles:
        return tuple(sorted(handles))
    missing = [handle for handle in places if handle not in handles]
    new = sorted(handles - known)
    if not missing:
        return (*places, *new)
    if len(missing) != len(new):
        return places
    renamed = dict(zip(missing, new, strict=True))
    return tuple(renamed.get(handle, handle) for handle in places)
