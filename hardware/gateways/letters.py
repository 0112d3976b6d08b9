"""Which texts a gateway writes, and how: by which charset it is told of words of the GSM alphabet, which not every one
has; whether it is bound to one that lacks characters, and to how many of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hardware.gateways.http_settings import kept_provider
from hardware.gateways.settings import GatewayKind
from protocols.http_sms.provider import Charset
from protocols.smpp.settings import DefaultAlphabet

_CMPP = frozenset({GatewayKind.CMPP2, GatewayKind.CMPP3})


def letters_of(kind: GatewayKind, options: Mapping[str, Any]) -> str:
    """``GatewayDevice.letters`` of a gateway of these settings, as they are kept or in use."""
    if kind in _CMPP:
        return "ascii"
    # Where data_coding 0 is not the GSM alphabet, what it lacks goes as Latin-1 (data_coding 3).
    has_its_own = kind is GatewayKind.SMPP and options.get("alphabet", DefaultAlphabet.GSM7) != DefaultAlphabet.GSM7
    return "latin-1" if has_its_own else ""


class Limits(NamedTuple):
    """``charset`` and ``longest`` of a ``GatewayDevice``; ``joins``: it has LONG_TEXT."""

    charset: str = ""
    longest: int = 0
    joins: bool = True


UNBOUND = Limits()


def limits_of(kind: GatewayKind, options: Mapping[str, Any]) -> Limits:
    """What a gateway of these settings, as they are kept, is bound to."""
    if kind is not GatewayKind.HTTP:
        return UNBOUND
    provider = kept_provider(options)
    return Limits(Charset(provider.charset).limit, provider.longest, provider.joins)
