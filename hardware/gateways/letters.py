"""Which characters a gateway writes, and how: by which charset it is told of words of the GSM alphabet, which not every
one has; and whether it is bound to one that lacks characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hardware.gateways.http_settings import charset_of_provider
from hardware.gateways.settings import GatewayKind
from protocols.smpp.settings import DefaultAlphabet

_CMPP = frozenset({GatewayKind.CMPP2, GatewayKind.CMPP3})


def letters_of(kind: GatewayKind, options: Mapping[str, Any]) -> str:
    """``GatewayDevice.letters`` of a gateway of these settings, as they are kept or in use."""
    if kind in _CMPP:
        return "ascii"
    # Where data_coding 0 is not the GSM alphabet, what it lacks goes as Latin-1 (data_coding 3).
    has_its_own = kind is GatewayKind.SMPP and options.get("alphabet", DefaultAlphabet.GSM7) != DefaultAlphabet.GSM7
    return "latin-1" if has_its_own else ""


def charset_of(kind: GatewayKind, options: Mapping[str, Any]) -> str:
    """``GatewayDevice.charset`` of a gateway of these settings, as they are kept."""
    return charset_of_provider(options).limit if kind is GatewayKind.HTTP else ""
