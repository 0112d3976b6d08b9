"""Which attempts to sign in are let through: by user name, by address, and more gently from where somebody works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from callcenter.administration.accounts import Account
from callcenter.administration.throttle import Limits, Standing, Throttle
from callcenter.errors import ServiceError
from callcenter.text import N_, Text

PER_USER = Limits()
PER_ADDRESS = Limits(
    free=20,
    first=timedelta(seconds=10),
    longest=timedelta(minutes=5),
    forgotten_after=timedelta(minutes=15),
)


@dataclass(frozen=True)
class AttemptLimits:
    """What is let through for one user name, and from one address."""

    per_user: Limits = PER_USER
    per_address: Limits = PER_ADDRESS


class LockedError(ServiceError):
    """Too many attempts; ``details["retry_after"]`` is in seconds. Says nothing of whether the name exists."""

    code = "locked"


@dataclass(frozen=True)
class Attempt:
    """One attempt that was let through and counted. ``standing`` is the user's, None where it is not kept on disk."""

    user_key: str
    address_key: str
    standing: Standing | None


class Attempts:
    """Counts attempts and refuses them while a key is closed.

    Where a person has signed in lately, failures from elsewhere do not lock her out: an attacker can close a name for
    strangers, never at its owner's desk, and an address only for those who have not signed in there before.
    """

    def __init__(self, limits: AttemptLimits) -> None:
        self._forgotten_after = limits.per_user.forgotten_after
        self._users = Throttle(limits.per_user)
        self._addresses = Throttle(limits.per_address)

    def admit(self, account: Account, address: str, now: datetime) -> Attempt:
        """Let an attempt through and count it, or raise LockedError."""
        user_key = f"{account.username}@{address}" if account.known_here else account.username
        address_key = "" if account.known_here else network_of(address)
        locked_until = None if account.known_here else account.locked_until
        if locked_until and now - locked_until < self._forgotten_after:
            self._users.restore(user_key, Standing(account.failures, locked_until, locked_until))
        closed = self._users.closed_for(user_key, now)
        if address_key:
            closed = max(closed, self._addresses.closed_for(address_key, now))
        if closed:
            raise locked(closed)
        standing = self._users.count(user_key, now)
        if address_key:
            self._addresses.count(address_key, now)
        return Attempt(user_key, address_key, None if account.known_here else standing)

    def was_right(self, attempt: Attempt) -> None:
        """The password was right."""
        self._users.clear(attempt.user_key)
        if attempt.address_key:
            self._addresses.take_back(attempt.address_key)

    def was_not_checked(self, attempt: Attempt) -> None:
        """The attempt came to nothing for reasons of ours."""
        self._users.take_back(attempt.user_key)
        if attempt.address_key:
            self._addresses.take_back(attempt.address_key)

    def forgive(self, username: str) -> None:
        """An administrator gave this person a new password."""
        self._users.clear(username)


def locked(closed: timedelta) -> LockedError:
    """The refusal for somebody who has to wait."""
    seconds = max(1, round(closed.total_seconds()))
    minutes = -(-seconds // 60)
    message = Text(N_("Too many attempts. Try again in {minutes} min."), minutes=minutes)
    return LockedError(message, retry_after=seconds)


def network_of(address: str) -> str:
    """What one person can be expected to hold: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed.exploded[:19]) if isinstance(parsed, IPv6Address) else str(parsed)
