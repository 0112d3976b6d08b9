"""Signing in: guessing, finding out names, fixation, time-outs, and ends that are felt at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

import pytest
import pytest_twisted
from argon2 import PasswordHasher
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock

from callcenter.administration.attempts import AttemptLimits, LockedError
from callcenter.administration.passwords import Passwords
from callcenter.administration.permissions import Scope
from callcenter.administration.sessions import SessionLimits
from callcenter.administration.sign_in import SignIn, SignInRefusedError, username_of
from callcenter.administration.throttle import Limits
from callcenter.clock import utc_now
from callcenter.errors import InvalidError, NotAllowedError, ServiceError, UnavailableError
from storage.database import Database
from storage.models import AuditEntry, Role, RolePermission, UserAccount, UserRole, WebSession
from tests.peers.set_clock import SetClock

HERE, ELSEWHERE = "10.0.0.7", "203.0.113.9"
GOOD = "correct horse battery"


def add_people(session: Session, hashed: str, now: datetime) -> None:
    for key, name, disabled, must in ((1, "liu", False, False), (2, "gone", True, False), (3, "new", False, True)):
        session.add(
            UserAccount(
                id=key, username=name, display_name=name, password_hash=hashed, disabled=disabled,
                must_change_password=must, created_at=now,
            )
        )  # fmt: skip
    session.add(Role(id=1, name="nurse"))
    session.add(Role(id=2, name="old", disabled=True))
    session.flush()
    session.add_all(
        [
            RolePermission(role_id=1, permission="patients.view", scope="department"),
            RolePermission(role_id=1, permission="a.permission.of.tomorrow", scope="all"),
            RolePermission(role_id=2, permission="users.edit", scope="all"),
            *(UserRole(user_id=user, role_id=role) for user in (1, 2, 3) for role in (1, 2)),
        ]
    )


@pytest_twisted.async_yield_fixture
async def sign_in(database: Database, clock: Clock, passwords: Passwords, hasher: PasswordHasher):
    await database.run(add_people, hasher.hash(GOOD), utc_now(clock))
    yield SignIn(database, clock, passwords)


async def refusal(attempt: Awaitable[object]) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await attempt
    return caught.value


def entries(session: Session) -> list[tuple[str, str, int | None, str]]:
    rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(row.action, row.username, row.user_id, row.address) for row in rows]


def everything(session: Session) -> str:
    """All rows of all tables that signing in touches, as text."""
    tables = ("user_account", "web_session", "audit_entry")
    return json.dumps([[list(map(str, row)) for row in session.execute(text(f"select * from {name}"))]  # noqa: S608
                       for name in tables])  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_the_right_password_opens_a_session_with_the_merged_rights_of_enabled_roles(sign_in: SignIn) -> None:
    made = await sign_in.sign_in(" LIU ", GOOD, HERE, "Firefox\r\n\x00")
    info = await sign_in.principal_for(made.token)
    assert info is not None
    assert dict(info.principal.grants) == {"patients.view": Scope.DEPARTMENT}
    assert (info.principal.username, info.principal.address, info.csrf) == ("liu", HERE, made.csrf)
    assert info.token_hash == hashlib.sha256(made.token.encode()).hexdigest()


@pytest_twisted.ensureDeferred
async def test_only_hashes_are_stored(sign_in: SignIn, database: Database) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    stored = await database.read(everything)
    assert made.token not in stored
    assert GOOD not in stored
    assert "$argon2id$" in stored


@pytest_twisted.ensureDeferred
async def test_unknown_name_wrong_password_and_disabled_account_are_refused_alike(
    sign_in: SignIn, database: Database
) -> None:
    refused = [
        await refusal(sign_in.sign_in(name, password, ELSEWHERE))
        for name, password in (("nobody", GOOD), ("liu", "wrong"), ("gone", GOOD), ("", ""), ("\ud800", "\udfff"))
    ]
    assert {(type(error), error.message, str(error.details)) for error in refused} == {
        (SignInRefusedError, "The user name or the password is not right.", "{}")
    }
    assert await database.read(lambda session: list(session.scalars(select(WebSession.token_hash)))) == []
    # A name that does not exist is not written down: people type passwords there.
    assert [entry[1] for entry in await database.read(entries)] == ["", "liu", "gone", "", ""]


@pytest_twisted.ensureDeferred
async def test_a_hash_is_computed_whoever_is_named(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, passwords: Passwords
) -> None:
    await refusal(sign_in.sign_in("warm", "up", ELSEWHERE))
    computed: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hashed: str, password: str | bytes) -> bool:
        computed.append(hashed[:30])
        return bool(verify(self, hashed, password))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for name in ("liu", "nobody", "gone"):
        await refusal(sign_in.sign_in(name, "wrong", ELSEWHERE))
    # Algorithm and cost parameters are the same for all three, so the time is.
    assert len(computed) == 3
    assert len({hashed.split(",p=")[0] for hashed in computed}) == 1


@pytest.mark.parametrize("name", ["liu", "nobody", "gone"])
@pytest_twisted.ensureDeferred
async def test_guessing_is_locked_out_alike_for_names_that_exist_and_names_that_do_not(
    sign_in: SignIn, clock: Clock, name: str
) -> None:
    for _ in range(6):
        assert isinstance(await refusal(sign_in.sign_in(name, "wrong", ELSEWHERE)), SignInRefusedError)
    locked = await refusal(sign_in.sign_in(name, GOOD, ELSEWHERE))
    assert isinstance(locked, LockedError)
    assert (locked.code, locked.details) == ("locked", {"retry_after": 30})
    clock.advance(31)
    assert isinstance(await refusal(sign_in.sign_in(name, "wrong", ELSEWHERE)), SignInRefusedError)
    assert (await refusal(sign_in.sign_in(name, GOOD, ELSEWHERE))).details == {"retry_after": 60}


@pytest_twisted.ensureDeferred
async def test_a_hundred_guesses_at_once_are_a_hundred_failures(sign_in: SignIn) -> None:
    attempts = [Deferred.fromCoroutine(sign_in.sign_in("liu", f"guess {n}", ELSEWHERE)) for n in range(30)]
    kinds: list[type[Exception]] = []
    for attempt in attempts:
        attempt.addErrback(lambda failure: kinds.append(type(failure.value)))
    await gatherResults(attempts)
    assert kinds.count(SignInRefusedError) == 6
    assert kinds.count(LockedError) == 24


@pytest_twisted.ensureDeferred
async def test_whoever_hammers_elsewhere_does_not_lock_out_the_owner_at_her_desk(sign_in: SignIn) -> None:
    await sign_in.sign_in("liu", GOOD, HERE)
    for _ in range(30):
        await refusal(sign_in.sign_in("liu", "wrong", ELSEWHERE))
    assert (await sign_in.sign_in("liu", GOOD, HERE)).principal.username == "liu"


@pytest_twisted.ensureDeferred
async def test_many_names_from_one_address_close_the_address_but_not_for_who_works_there(
    sign_in: SignIn, clock: Clock
) -> None:
    await sign_in.sign_in("liu", GOOD, HERE)
    for number in range(21):
        await refusal(sign_in.sign_in(f"name{number}", "wrong", HERE))
    assert isinstance(await refusal(sign_in.sign_in("another", "x", HERE)), LockedError)
    assert (await sign_in.sign_in("liu", GOOD, HERE)).token
    assert isinstance(await refusal(sign_in.sign_in("another", "x", "10.0.0.8")), SignInRefusedError)
    clock.advance(20 * 60)
    assert isinstance(await refusal(sign_in.sign_in("another", "x", HERE)), SignInRefusedError)


@pytest_twisted.ensureDeferred
async def test_addresses_of_one_ipv6_network_count_as_one(sign_in: SignIn) -> None:
    for number in range(21):
        await refusal(sign_in.sign_in(f"name{number}", "wrong", f"2001:db8:1:2::{number:x}"))
    assert isinstance(await refusal(sign_in.sign_in("one", "x", "2001:db8:1:2:ffff::1")), LockedError)
    assert isinstance(await refusal(sign_in.sign_in("one", "x", "2001:db8:1:3::1")), SignInRefusedError)


@pytest_twisted.ensureDeferred
async def test_a_restart_does_not_forgive(
    sign_in: SignIn, database: Database, clock: Clock, passwords: Passwords
) -> None:
    for _ in range(7):
        await refusal(sign_in.sign_in("liu", "wrong", ELSEWHERE))
    again = SignIn(database, clock, passwords)
    assert isinstance(await refusal(again.sign_in("liu", GOOD, ELSEWHERE)), LockedError)


@pytest_twisted.ensureDeferred
async def test_signing_in_replaces_the_session_that_the_browser_had(sign_in: SignIn) -> None:
    first = await sign_in.sign_in("liu", GOOD, HERE)
    other = await sign_in.sign_in("liu", GOOD, HERE)
    second = await sign_in.sign_in("liu", GOOD, HERE, replaces=first.token)
    assert len({first.token, second.token, other.token}) == 3
    assert len({first.csrf, second.csrf}) == 2
    assert await sign_in.principal_for(first.token) is None
    assert await sign_in.principal_for(other.token) is not None
    # A token that an attacker planted is never taken over.
    planted = await sign_in.sign_in("liu", GOOD, HERE, replaces="planted")
    assert planted.token != "planted"
    assert await sign_in.principal_for("planted") is None


@pytest_twisted.ensureDeferred
async def test_a_session_ends_when_idle_and_when_its_time_is_over(sign_in: SignIn, clock: Clock) -> None:
    idle = await sign_in.sign_in("liu", GOOD, HERE)
    clock.advance(timedelta(hours=12).total_seconds() + 1)
    assert await sign_in.principal_for(idle.token) is None
    used = await sign_in.sign_in("liu", GOOD, HERE)
    for _ in range(7 * 24 // 8 - 1):
        clock.advance(8 * 3600)
        assert await sign_in.principal_for(used.token) is not None
    clock.advance(8 * 3600)
    assert await sign_in.principal_for(used.token) is None


@pytest_twisted.ensureDeferred
async def test_an_open_socket_keeps_its_session_from_idling_out(sign_in: SignIn, clock: Clock) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    info = await sign_in.principal_for(made.token)
    assert info is not None
    for _ in range(5):
        clock.advance(8 * 3600)
        sign_in.keep_open(info)
    assert await sign_in.is_open(info)


Listened = Callable[[], list[str]]


@pytest.fixture
def ended(sign_in: SignIn) -> Iterable[list[str]]:
    heard: list[str] = []
    unsubscribe = sign_in.on_session_ended(heard.extend)
    yield heard
    unsubscribe()


@pytest_twisted.ensureDeferred
async def test_signing_out_is_felt_at_once_in_spite_of_the_cache(sign_in: SignIn, ended: list[str]) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    info = await sign_in.principal_for(made.token)
    assert info is not None
    await sign_in.sign_out(made.token)
    assert await sign_in.principal_for(made.token) is None
    assert not await sign_in.is_open(info)
    assert ended == [info.token_hash]
    await sign_in.sign_out("no such token")


@pytest_twisted.ensureDeferred
async def test_signing_out_everywhere_ends_all_sessions_of_this_person_only(
    sign_in: SignIn, ended: list[str], database: Database
) -> None:
    mine = [await sign_in.sign_in("liu", GOOD, HERE) for _ in range(3)]
    other = await sign_in.sign_in("new", GOOD, HERE)
    await sign_in.sign_out_everywhere(mine[0].principal)
    assert [await sign_in.principal_for(made.token) for made in mine] == [None] * 3
    assert await sign_in.principal_for(other.token) is not None
    assert len(ended) == 3
    assert [entry[0] for entry in await database.read(entries)][-1] == "sign-out-everywhere"


@pytest_twisted.ensureDeferred
async def test_changed_rights_are_felt_at_once_and_sockets_are_told(
    sign_in: SignIn, ended: list[str], database: Database
) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    info = await sign_in.principal_for(made.token)
    assert info is not None
    await database.run(lambda session: session.execute(update(RolePermission).values(scope="all")) and None)
    await sign_in.rights_changed([1])
    assert ended == [info.token_hash]
    assert not await sign_in.is_open(info)
    now = await sign_in.principal_for(made.token)
    assert now is not None
    assert dict(now.principal.grants) == {"patients.view": Scope.ALL}
    assert await sign_in.is_open(now)


@pytest_twisted.ensureDeferred
async def test_what_another_process_changed_is_noticed_though_the_wall_was_set_back(
    sign_in: SignIn, database: Database, clock: SetClock
) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    assert await sign_in.principal_for(made.token) is not None
    await database.run(lambda session: session.execute(update(UserAccount).values(disabled=True)) and None)
    clock.set(-3600)
    assert await sign_in.principal_for(made.token) is None


@pytest_twisted.ensureDeferred
async def test_what_another_process_changed_is_noticed_after_a_few_seconds(
    sign_in: SignIn, database: Database, clock: Clock
) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    assert await sign_in.principal_for(made.token) is not None
    await database.run(lambda session: session.execute(update(UserAccount).values(disabled=True)) and None)
    clock.advance(6)
    assert await sign_in.principal_for(made.token) is None


@pytest_twisted.ensureDeferred
async def test_who_must_change_the_password_has_no_rights_until_then(sign_in: SignIn) -> None:
    made = await sign_in.sign_in("new", GOOD, HERE)
    assert made.must_change_password
    assert dict(made.principal.grants) == {}
    with pytest.raises(NotAllowedError):
        made.principal.require("patients.view")
    changed = await sign_in.change_password(made.principal, GOOD, "a much better secret")
    assert not changed.must_change_password
    assert changed.principal.may("patients.view")


@pytest_twisted.ensureDeferred
async def test_changing_the_password_ends_all_sessions_and_the_old_password(sign_in: SignIn, ended: list[str]) -> None:
    first, second = [await sign_in.sign_in("liu", GOOD, HERE) for _ in range(2)]
    changed = await sign_in.change_password(first.principal, GOOD, "a much better secret")
    assert [await sign_in.principal_for(made.token) for made in (first, second)] == [None, None]
    assert await sign_in.principal_for(changed.token) is not None
    assert len(ended) == 2
    await refusal(sign_in.sign_in("liu", GOOD, HERE))
    assert (await sign_in.sign_in("liu", "a much better secret", HERE)).token


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong", "a much better secret", "old_password"),
        (GOOD, GOOD, "new_password"),
        (GOOD, "short", "new_password"),
        (GOOD, "x" * 200, "new_password"),
        (GOOD, "1234567890", "new_password"),
        (GOOD, "aaaaaaaaaaaa", "new_password"),
        (GOOD, "LIU-is-the-best", "new_password"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_bad_change_of_password_changes_nothing(
    sign_in: SignIn, database: Database, old: str, new: str, field: str
) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    before = await database.read(everything)
    error = await refusal(sign_in.change_password(made.principal, old, new))
    assert isinstance(error, InvalidError)
    assert list(error.fields) == [field]
    assert await database.read(everything) == before


@pytest_twisted.ensureDeferred
async def test_a_found_session_cannot_be_used_to_guess_the_password(sign_in: SignIn) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    for _ in range(6):
        await refusal(sign_in.change_password(made.principal, "guess", "a much better secret"))
    error = await refusal(sign_in.change_password(made.principal, GOOD, "a much better secret"))
    assert isinstance(error, LockedError)


@pytest_twisted.ensureDeferred
async def test_a_weaker_hash_is_made_anew_at_sign_in(database: Database, clock: Clock, passwords: Passwords) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(GOOD)
    await database.run(add_people, weak, utc_now(clock))
    await SignIn(database, clock, passwords).sign_in("liu", GOOD, HERE)
    stored = await database.read(lambda session: session.get_one(UserAccount, 1).password_hash)
    assert stored != weak
    assert passwords.is_outdated(stored) is False


@pytest_twisted.ensureDeferred
async def test_a_flood_is_turned_away_and_counted_against_nobody(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("callcenter.administration.passwords.MOST_WAITING", 0)
        for _ in range(10):
            assert isinstance(await refusal(sign_in.sign_in("liu", GOOD, ELSEWHERE)), UnavailableError)
    assert (await sign_in.sign_in("liu", GOOD, ELSEWHERE)).token


@pytest_twisted.ensureDeferred
async def test_the_language_is_remembered_and_checked(sign_in: SignIn) -> None:
    made = await sign_in.sign_in("liu", GOOD, HERE)
    await sign_in.principal_for(made.token)
    await sign_in.choose_language(made.principal, "en")
    info = await sign_in.principal_for(made.token)
    assert info is not None
    assert info.language == "en"
    await refusal(sign_in.choose_language(made.principal, "tlh"))


def test_a_user_name_is_kept_in_one_form() -> None:
    assert username_of("  Ｌｉｕ\u202e\x00 ") == "liu"
    assert len(username_of("x" * 500)) == 60


@pytest_twisted.ensureDeferred
async def test_free_failures_pauses_and_idle_time_are_what_the_hospital_chose(
    database: Database, clock: Clock, passwords: Passwords, hasher: PasswordHasher
) -> None:
    await database.run(add_people, hasher.hash(GOOD), utc_now(clock))
    attempts = AttemptLimits(Limits(free=1, first=timedelta(seconds=90)))
    sign_in = SignIn(database, clock, passwords, SessionLimits(idle=timedelta(hours=1)), attempts)
    for _ in range(2):
        assert type(await refusal(sign_in.sign_in("liu", "wrong", HERE))) is SignInRefusedError
    closed = await refusal(sign_in.sign_in("liu", GOOD, HERE))
    assert (type(closed), closed.details) == (LockedError, {"retry_after": 90})
    clock.advance(90)
    made = await sign_in.sign_in("liu", GOOD, HERE)
    clock.advance(3599)
    assert await sign_in.principal_for(made.token)
    clock.advance(3601)
    assert await sign_in.principal_for(made.token) is None
