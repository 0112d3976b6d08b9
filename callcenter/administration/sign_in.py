"""Signing in and out, and who is behind a token."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from callcenter.administration import accounts
from callcenter.administration.accounts import Account
from callcenter.administration.attempts import Attempt, AttemptLimits, Attempts, locked
from callcenter.administration.passwords import Passwords, require_good_password
from callcenter.administration.principal import Principal
from callcenter.administration.session_cache import EndedListener, SessionCache, Unsubscribe
from callcenter.administration.sessions import (
    NewSession,
    SessionInfo,
    SessionLimits,
    find_session,
    hash_of,
    hashes_of,
    touch_sessions,
)
from callcenter.administration.throttle import Throttle
from callcenter.clock import utc_now
from callcenter.errors import InvalidError, NotAllowedError, ServiceError
from callcenter.text import N_
from storage.database import Database

_log = Logger(namespace="callcenter.administration")

LANGUAGES = ("", "zh_CN", "en")
USERNAME_LENGTH = 60
SEEN_WRITTEN_EVERY = timedelta(seconds=30)


class SignInRefusedError(ServiceError):
    """Name or password is wrong, or the account is disabled: the three are not told apart."""

    code = "sign-in-refused"


class SignIn:
    """Everything about being signed in. All methods are called on the reactor thread."""

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        passwords: Passwords,
        limits: SessionLimits | None = None,
        attempts: AttemptLimits | None = None,
    ) -> None:
        self.limits = limits or SessionLimits()
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._cache = SessionCache()
        admitted = attempts or AttemptLimits()
        self._attempts = Attempts(admitted)
        self._changes = Throttle(admitted.per_user)
        self._seen_written = datetime.min.replace(tzinfo=utc_now(clock).tzinfo)

    async def sign_in(
        self, username: str, password: str, address: str, user_agent: str = "", *, replaces: str = ""
    ) -> NewSession:
        """A new session; the one whose token is ``replaces`` ends with it.

        Raises SignInRefusedError, LockedError, and UnavailableError when too many sign in at once. The first takes the
        same time and says the same for unknown names, wrong passwords and disabled accounts.
        """
        name = username_of(username)
        account = await self._database.read(accounts.load_account, name, address)
        attempt = self._attempts.admit(account, address, self._now())
        right = await self._check(attempt, account, password)
        opened = None
        if right and not account.disabled:
            replaced = hash_of(replaces) if replaces else ""
            opened = await self._database.run(
                accounts.record_sign_in, account, address, user_agent, replaced,
                await self._renewed(account, password), self._now(), self.limits,
            )  # fmt: skip
        if opened is None:
            await self._database.run(accounts.record_failure, account, address, attempt.standing, self._now())
            raise SignInRefusedError(N_("The user name or the password is not right."))
        self._attempts.was_right(attempt)
        self._cache.end(opened.ended)
        return opened.session

    async def _check(self, attempt: Attempt, account: Account, password: str) -> bool:
        try:
            return await self._passwords.verify(account.password_hash, password)
        except BaseException:
            self._attempts.was_not_checked(attempt)
            raise

    async def _renewed(self, account: Account, password: str) -> str | None:
        """The hash made with the present parameters, if the stored one is not."""
        outdated = account.password_hash is not None and self._passwords.is_outdated(account.password_hash)
        return await self._passwords.hash(password) if outdated else None

    async def principal_for(self, token: str) -> SessionInfo | None:
        """The open session behind a cookie's or bearer's token, or None. Using it keeps it from idling out."""
        token_hash, now = hash_of(token), self._now()
        info = self._cache.get(token_hash, now)
        if info is None:
            generation = self._cache.generation
            info = await self._load(token_hash)
            if info is None:
                return None
            self._cache.put(info, generation, now)
        self._cache.seen(token_hash, now)
        await self._write_seen(now)
        return info

    async def is_open(self, info: SessionInfo) -> bool:
        """Whether the session is open still, for the same person with the same rights; asks the database."""
        found = await self._load(info.token_hash)
        if found is not None and found.principal == info.principal:
            return True
        # Whoever asks next must not be told what was true before.
        self._cache.drop(info.token_hash)
        return False

    def keep_open(self, info: SessionInfo) -> None:
        """A socket of this session is in use: the session does not idle out."""
        self._cache.seen(info.token_hash, self._now())

    async def sign_out(self, token: str) -> None:
        """End the session of ``token``; one that is not open is no error."""
        self._cache.end(await self._database.run(accounts.record_sign_out, hash_of(token), self._now()))

    async def sign_out_everywhere(self, principal: Principal) -> None:
        """End every session of ``principal``, the present one too."""
        self._cache.end(await self._database.run(accounts.record_sign_out_everywhere, principal, self._now()))

    async def change_password(self, principal: Principal, old: str, new: str, user_agent: str = "") -> NewSession:
        """Change one's own password. All sessions end; the new one that is returned takes their place.

        Raises InvalidError naming ``old_password`` or ``new_password``, LockedError, ConflictError.
        """
        if principal.user_id is None:
            raise NotAllowedError(N_("Only a person has a password."))
        account = await self._database.read(accounts.load_own_account, principal.user_id)
        await self._check_old(principal.user_id, account, old)
        require_good_password(new, principal.username, field="new_password")
        if old == new:
            message = N_("The new password is the old one.")
            raise InvalidError(message, {"new_password": message})
        old_hash = account.password_hash if account else None
        opened = await self._database.run(
            accounts.record_new_password, principal, old_hash, await self._passwords.hash(new), user_agent,
            self._now(), self.limits,
        )  # fmt: skip
        self._cache.end(opened.ended)
        return opened.session

    async def _check_old(self, user_id: int, account: Account | None, old: str) -> None:
        """Whoever found an open session must not be able to guess the password through it."""
        key = str(user_id)
        if closed := self._changes.closed_for(key, self._now()):
            raise locked(closed)
        self._changes.count(key, self._now())
        if not await self._passwords.verify(account.password_hash if account else None, old):
            message = N_("The current password is not right.")
            raise InvalidError(message, {"old_password": message})
        self._changes.clear(key)

    async def choose_language(self, principal: Principal, language: str) -> None:
        """Remember the language somebody wants to read; raises InvalidError for one we do not have."""
        if language not in LANGUAGES:
            message = N_("There is no such language.")
            raise InvalidError(message, {"language": message})
        for token_hash in await self._database.run(accounts.record_language, principal, language):
            self._cache.drop(token_hash)

    def on_session_ended(self, listener: EndedListener) -> Unsubscribe:
        """Call ``listener`` with the token hashes of sessions that ended or whose rights changed: close their sockets.

        A session whose rights changed is open still, so the page that comes back gets the new rights.
        """
        return self._cache.listen(listener)

    async def rights_changed(self, user_ids: Collection[int], forgiven: Collection[str] = ()) -> None:
        """Let changed rights, disabled accounts and ended sessions of these users be felt at once.

        ``forgiven`` are names whose failures are forgotten.
        """
        for username in forgiven:
            self._attempts.forgive(username)
        if user_ids:
            self._cache.end(await self._database.read(hashes_of, user_ids))

    async def _load(self, token_hash: str) -> SessionInfo | None:
        seen = self._cache.seen_at(token_hash)
        return await self._database.read(find_session, token_hash, self._now(), self.limits, seen)

    async def _write_seen(self, now: datetime) -> None:
        # Not so if the wall was set back.
        if timedelta() <= now - self._seen_written < SEEN_WRITTEN_EVERY:
            return
        self._seen_written = now
        taken = self._cache.take_seen()
        try:
            await self._database.run(touch_sessions, taken)
        except Exception:  # noqa: BLE001 - whoever happens to ask now must not be refused for it
            _log.failure("the last use of {count} sessions was not written", count=len(taken))

    def _now(self) -> datetime:
        return utc_now(self._clock)


def username_of(text: str) -> str:
    """A user name as it is kept: compatibility forms unified, lower case, without blanks at its ends."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    printable = "".join(sign for sign in plain if sign.isprintable() and not "\ud800" <= sign <= "\udfff")
    return printable[:USERNAME_LENGTH]
