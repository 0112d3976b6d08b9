"""Which line hosts may connect, by their tokens."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.administration.attempts import locked, network_of
from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.throttle import Limits, Throttle
from callcenter.clock import iso, utc_now
from callcenter.errors import InvalidError, NotFoundError, ServiceError
from callcenter.tasks import Periodic
from callcenter.text import N_
from hardware.line_hosts import LineHost, LineHosts, Mark
from hardware.settings import host_name
from storage.database import Database
from storage.models import LineHost as LineHostRecord
from storage.models import PhoneLine

_log = Logger(namespace="callcenter.line_hosts")

WRONG_TOKENS = Limits(
    free=10, first=timedelta(seconds=10), longest=timedelta(minutes=5), forgotten_after=timedelta(minutes=15)
)
RECHECK_SECONDS = 20.0
_TOKEN = re.compile(r"([A-Za-z0-9_-]{1,40})\.([A-Za-z0-9_-]{43})")
_ADDRESS_LENGTH = 60


class TokenRefusedError(ServiceError):
    """There is no line host with this token. Whether there is one of this name is not said."""

    code = "signed-out"


class NoLinesError(ServiceError):
    """The token is right, but the configuration has no line of this line host."""

    code = "not-allowed"


@dataclass(frozen=True)
class Admitted:
    """A line host that may connect: ``marks`` are the last reports of its lines that are written down."""

    host: LineHost
    marks: Sequence[Mark]


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("ascii", "replace")).hexdigest()


# For the command line, in one transaction each.


def make_token(session: Session, name: str, principal: Principal, now: datetime) -> str:
    """A new token for the line host ``name``; one from before is void. It is kept nowhere. Raises InvalidError."""
    try:
        host_name(name)
    except ValueError as error:
        raise InvalidError(N_("The name of a line host has 1 to 40 letters, digits, _ and -.")) from error
    token = f"{name}.{secrets.token_urlsafe(32)}"
    record = session.get(LineHostRecord, name)
    if record is None:
        session.add(LineHostRecord(name=name, token_hash=hash_of(token), created_at=now))
    else:
        record.token_hash, record.created_at = hash_of(token), now
    record_audit(session, principal, "give-token", "line_host", name, at=now)
    return token


def revoke_token(session: Session, name: str, principal: Principal, now: datetime) -> None:
    """The line host ``name`` may not connect any more. Raises NotFoundError."""
    record = session.get(LineHostRecord, name)
    if record is None:
        raise NotFoundError(N_("There is no line host of this name."))
    session.delete(record)
    record_audit(session, principal, "revoke-token", "line_host", name, at=now)


def list_hosts(session: Session) -> list[dict[str, Any]]:
    """Every line host that has a token: ``name``, ``created_at``, ``connected_at`` (last time) and ``address``."""
    return [
        {
            "name": one.name,
            "created_at": iso(one.created_at),
            "connected_at": iso(one.connected_at),
            "address": one.address,
        }
        for one in session.scalars(select(LineHostRecord).order_by(LineHostRecord.name))
    ]


class LineHostAccess:
    """Lets line hosts in, and puts out those whose token was revoked meanwhile."""

    def __init__(self, database: Database, clock: IReactorTime, hosts: LineHosts) -> None:
        self._database = database
        self._clock = clock
        self._hosts = hosts
        self._wrong = Throttle(WRONG_TOKENS)
        self._inside: dict[str, str] = {}
        self._checks = Periodic(clock, RECHECK_SECONDS, self._check)

    def start(self) -> None:
        """Look from time to time whether tokens are still good."""
        self._checks.start()

    async def stop(self) -> None:
        """Look no more."""
        await self._checks.stop()

    async def admit(self, token: str, address: str) -> Admitted:
        """The line host with ``token``, connecting from ``address``.

        Raises LockedError after too many wrong ones, TokenRefusedError, and NoLinesError.
        """
        now = utc_now(self._clock)
        key = network_of(address)
        if closed := self._wrong.closed_for(key, now):
            raise locked(closed)
        # Counted before it is checked: many sent at once are many.
        self._wrong.count(key, now)
        match = _TOKEN.fullmatch(token)
        name = "" if match is None else match[1]
        kept = await self._database.read(_token_hash, name)
        token_hash = hash_of(token)
        # One that is not there takes as long as one that is wrong.
        right = hmac.compare_digest(kept or hash_of(""), token_hash) and bool(kept)
        if not right:
            _log.warn("a line host from {address} has no valid token", address=address)
            raise TokenRefusedError(N_("This is not the token of a line host."))
        self._wrong.take_back(key)
        host = self._hosts.find(name)
        if host is None:
            _log.warn("line host {host} is not in the configuration", host=name)
            raise NoLinesError(N_("The configuration has no line of this line host."))
        marks = await self._database.run(_enter, host.name, host.lines, address[:_ADDRESS_LENGTH], now)
        self._inside[name] = token_hash
        return Admitted(host, marks)

    async def _check(self) -> None:
        kept = await self._database.read(_all_hashes)
        for name, token_hash in list(self._inside.items()):
            host = self._hosts.find(name)
            if host is not None and kept.get(name) != token_hash:
                del self._inside[name]
                host.expel("its token is not valid any more")


def _token_hash(session: Session, name: str) -> str:
    record = session.get(LineHostRecord, name)
    return "" if record is None else record.token_hash


def _all_hashes(session: Session) -> dict[str, str]:
    rows = session.execute(select(LineHostRecord.name, LineHostRecord.token_hash))
    return {name: token_hash for name, token_hash in rows}  # noqa: C416 - a Row is no pair to mypy


def _enter(session: Session, name: str, lines: dict[str, str], address: str, now: datetime) -> list[Mark]:
    entered = update(LineHostRecord).where(LineHostRecord.name == name)
    session.execute(entered.values(connected_at=now, address=address), execution_options={"synchronize_session": False})
    statement = select(PhoneLine.name, PhoneLine.heard_source, PhoneLine.heard_number)
    found = {line: (source, number) for line, source, number in session.execute(statement)}
    marks = []
    for line, configured in lines.items():
        source, number = found.get(configured, ("", None))
        if source and number is not None:
            marks.append((line, source, number))
    return marks
