"""Which addresses we may connect to when somebody else's text says where.

What is not part of the public internet is refused unless the configuration says that the place is inside. An address
that carries another one (IPv4 in IPv6, 6to4, Teredo, NAT64) is judged by the one that it leads to as well.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_LAST_32_BITS = 0xFFFF_FFFF


def is_allowed(text: str, *, inside: bool) -> bool:
    """Whether we may connect to the address ``text``; ``inside`` allows loopback, link-local and private ones.

    Nothing is ever sent to many (multicast, broadcast) or to no address. What is no address is refused.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_one_allowed(one, inside=inside) for one in (address, *_carried(address)))


def _one_allowed(address: Address, *, inside: bool) -> bool:
    if address.is_multicast or address.is_unspecified or address == IPv4Address("255.255.255.255"):
        return False
    if inside or _stands_for_another(address):
        return True
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not address.is_reserved and not site_local


def _stands_for_another(address: Address) -> bool:
    return isinstance(address, IPv6Address) and (address.ipv4_mapped is not None or address in _NAT64[0])


def _carried(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses inside an IPv6 one."""
    if not isinstance(address, IPv6Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour]
    if any(address in network for network in _NAT64):
        found.append(IPv4Address(int(address) & _LAST_32_BITS))
    if address.teredo is not None:
        found.extend(address.teredo)
    return [one for one in found if one is not None]
