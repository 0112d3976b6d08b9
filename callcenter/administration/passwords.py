"""Passwords: hashing with argon2id off the reactor, a few at a time, and what a password must be like."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.defer import DeferredSemaphore
from twisted.internet.interfaces import IReactorThreads
from twisted.internet.threads import deferToThreadPool

from callcenter.errors import InvalidError, UnavailableError
from callcenter.text import N_, Text

T = TypeVar("T")

THREADS = 2
"""Each hash takes 64 MiB and a processor for some tens of milliseconds: more at a time would starve the calls."""

MOST_WAITING = 40
SHORTEST = 10
LONGEST = 128

# Without signs that look alike when read from paper or over the phone.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class Passwords:
    """Makes and checks hashes on the reactor's threads. Methods are called on the reactor thread."""

    def __init__(self, reactor: IReactorThreads, hasher: PasswordHasher | None = None) -> None:
        self._reactor: Any = reactor
        self._hasher = hasher or PasswordHasher()
        self._turns = DeferredSemaphore(THREADS)
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The argon2id hash with its parameters. Raises UnavailableError when too many are waiting."""
        return await self._on_thread(lambda: self._hasher.hash(_canonical(password)))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether ``password`` belongs to ``stored``; without a hash (None) it takes as long, and says no."""
        if self._nobody is None:
            self._nobody = await self.hash(secrets.token_urlsafe(16))
        compared = stored or self._nobody

        def check() -> bool:
            try:
                return self._hasher.verify(compared, _canonical(password)) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

        return await self._on_thread(check)

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(stored)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise UnavailableError(N_("Too many people are signing in at this moment. Try again in a minute."))
        self._waiting += 1
        try:
            return await self._turns.run(deferToThreadPool, self._reactor, self._reactor.getThreadPool(), work)
        finally:
            self._waiting -= 1


def _canonical(password: str) -> bytes:
    # The same sign can be typed as one code point or two, depending on the keyboard; a lone surrogate is no text.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def require_good_password(password: str, username: str, *, field: str = "password") -> None:
    """Raise InvalidError for a password that is too short, too long, or no secret."""
    problem = _problem(unicodedata.normalize("NFKC", password), username)
    if problem:
        raise InvalidError(problem, {field: problem})


def _problem(password: str, username: str) -> str:
    plain = password.casefold()
    if len(password) < SHORTEST:
        return Text(N_("A password has at least {count} characters. A sentence is easy to remember."), count=SHORTEST)
    if len(password) > LONGEST:
        return Text(N_("A password has at most {count} characters."), count=LONGEST)
    if len(set(plain)) < 5 or plain in _running_signs():
        return N_("This password is too easy to guess: use more different characters.")
    if username and (username.casefold() in plain or plain in username.casefold()):
        return N_("The password must not contain the user name.")
    return ""


@lru_cache(maxsize=1)
def _running_signs() -> frozenset[str]:
    """What fingers type when they only run along the keys: 1234567890, qwertyuiop and the like, both ways."""
    rows = (
        "12345678901234567890",
        "qwertyuiopasdfghjklzxcvbnm",
        "abcdefghijklmnopqrstuvwxyz",
        "passwordpassword1234567890",
    )
    both = (*rows, *(row[::-1] for row in rows))
    return frozenset(
        row[start:end] for row in both for start in range(len(row)) for end in range(start + SHORTEST, len(row) + 1)
    )


def one_time_password() -> str:
    """A password to hand over and to be changed at the first sign-in: three groups of four, about 59 bits."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
    return "-".join(groups)
