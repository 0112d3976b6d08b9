"""Which addresses we may connect to when somebody else's text says where.

What is not part of the public internet is refused unless the configuration says that the place is inside. What lies on
the cable itself (link-local) is refused in any case: no provider is there, but clouds give their keys there to whoever
asks. An address that carries another one (IPv4 in IPv6, 6to4, Teredo, NAT64) is judged by the one that it leads to as
well.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_LAST_32_BITS = 0xFFFF_FFFF


_THIS_NETWORK = IPv4Network("0.0.0.0/8")
"""RFC 1122 section 3.2.1.3: an address of it is nobody's; systems take it for their own."""
_CLOUD = frozenset({IPv4Address("100.100.100.200"), IPv6Address("fd00:ec2::254")})
"""Where Alibaba Cloud and AWS give keys to whoever asks from inside, beside the link-local ones."""


def is_allowed(text: str, *, inside: bool) -> bool:
    """Whether we may connect to the address ``text``; ``inside`` allows loopback and private ones. See
    ``is_ever_allowed``.
    """
    return all(_one_allowed(one, inside=inside) for one in _meant(text)) and is_ever_allowed(text)


def is_ever_allowed(text: str) -> bool:
    """Whether any setting makes us connect to the address ``text``: not to one of the link (169.254.0.0/16,
    fe80::/10), to many (multicast, broadcast), to nobody (0.0.0.0/8, ::), nor to where a cloud keeps its keys. What is
    no address is refused.
    """
    meant = _meant(text)
    return bool(meant) and not any(_is_never(one) for one in meant)


def _meant(text: str) -> list[Address]:
    """The address and those that it carries; none where it is no address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return []
    return [address, *_carried(address)]


def _is_never(address: Address) -> bool:
    nobody = address.is_unspecified or (isinstance(address, IPv4Address) and address in _THIS_NETWORK)
    many = address.is_multicast or address == IPv4Address("255.255.255.255")
    return nobody or many or address.is_link_local or address in _CLOUD


def _one_allowed(address: Address, *, inside: bool) -> bool:
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
