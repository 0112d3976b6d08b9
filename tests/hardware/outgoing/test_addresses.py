"""Where we go when somebody else's text says where: never inside, unless we were told to."""

from __future__ import annotations

import pytest

from hardware.outgoing.addresses import is_allowed, is_ever_allowed

OUTSIDE = ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822")
INSIDE = (
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.2.1",
    "::1",
    "fc00::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
)
NEVER = (
    "169.254.169.254",
    "169.254.0.23",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "100.100.100.200",
    "::ffff:100.100.100.200",
    "fd00:ec2::254",
    "0.1.2.3",
    "::ffff:0.1.2.3",
    "0.0.0.0",  # noqa: S104 - not listened on
    "255.255.255.255",
    "224.0.0.1",
    "239.1.1.1",
    "::",
    "ff02::1",
    "::ffff:224.0.0.1",
)
NO_ADDRESS = (
    "",
    "localhost",
    "2130706433",
    "0x7f.1",
    "1.2.3",
)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_outside_is_allowed(address: str) -> None:
    assert is_allowed(address, inside=False)
    assert is_allowed(address, inside=True)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_is_allowed_only_if_the_configuration_says_so(address: str) -> None:
    assert not is_allowed(address, inside=False)
    assert is_allowed(address, inside=True)


@pytest.mark.parametrize("address", [*NEVER, *NO_ADDRESS])
def test_the_link_the_cloud_many_nobody_and_what_is_no_address_are_never_allowed(address: str) -> None:
    assert not is_allowed(address, inside=False)
    assert not is_allowed(address, inside=True)


@pytest.mark.parametrize("address", [*NEVER, *NO_ADDRESS])
def test_of_these_it_is_known_that_no_setting_helps(address: str) -> None:
    assert not is_ever_allowed(address)


@pytest.mark.parametrize("address", [*OUTSIDE, *INSIDE])
def test_of_the_others_one_does(address: str) -> None:
    assert is_ever_allowed(address)
