"""A clock, quick hashing on real threads, and a hospital with a few people."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from twisted.internet import reactor
from twisted.internet.task import Clock

from callcenter.administration.passwords import Passwords

START = 1_772_438_400.0
"""2026-03-02T08:00:00Z."""


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.advance(START)
    return clock


@pytest.fixture
def hasher() -> PasswordHasher:
    """argon2id all the same, but with little memory: tests sign in often."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def passwords(hasher: PasswordHasher) -> Passwords:
    return Passwords(reactor, hasher)
