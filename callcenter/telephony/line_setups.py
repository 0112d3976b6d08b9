"""Lines set up while the daemon runs: added, changed, removed, record and device alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThread

from callcenter.administration.principal import Principal
from callcenter.administration.writing import NOT_ACCEPTED, read_version
from callcenter.clock import utc_now
from callcenter.errors import ConflictError, InvalidError, NotAllowedError
from callcenter.telephony.board import LineBoard
from callcenter.telephony.line_changes import Deed, change_line, make_line, remove_line
from callcenter.telephony.line_options import ARRANGED, INTERFACE_DRIVERS, kept, read_settings
from callcenter.telephony.line_roll import Arranged, LineEntry
from callcenter.telephony.line_runner import LineRunner
from callcenter.telephony.line_tests import LineTests
from callcenter.telephony.line_views import SetupView, load_choices, load_setups
from callcenter.telephony.line_workshop import LineWorkshop
from callcenter.text import N_
from hardware.discovery import Discovery, discover
from hardware.port_check import require_usable_port
from hardware.settings import LineSettings
from hardware.supervisor import PortError
from protocols.sayings import words_of
from storage.database import Database

_IN_FILE = N_("This is set in the configuration file and changed there.")


@dataclass(frozen=True)
class _Change:
    """What a change comes to: what holds afterwards, what is written down, and whether another device is needed."""

    after: Arranged
    settings: dict[str, Any] | None
    rebuilt: bool = False


class LineSetups:
    """What administrators do with lines. ``on_thread`` and ``look`` are for tests; both block."""

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        board: LineBoard,
        workshop: LineWorkshop,
        tests: LineTests,
        area_code: str,
        on_thread: Callable[..., Awaitable[Any]] = deferToThread,
        look: Callable[[], Discovery] = discover,
    ) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._workshop = workshop
        self._tests = tests
        self._area_code = area_code
        self._on_thread = on_thread
        self._look = look
        self._file: Mapping[int, LineEntry] = {}
        # One at a time: a device is stopped and another started between two looks at the record.
        self._turn = DeferredLock()

    def begin(self, file: Mapping[int, LineEntry]) -> None:
        """These are the lines of the configuration file, by their id."""
        self._file = dict(file)

    async def list(self, principal: Principal) -> Sequence[SetupView]:
        """Every line with how it is set up. Needs ``lines.edit``."""
        principal.require("lines.edit")
        return await self._load([runner.line_id for runner in self._board])

    async def get(self, principal: Principal, line_id: int) -> SetupView:
        """One line. Needs ``lines.edit``."""
        principal.require("lines.edit")
        self._board.line(line_id)
        return (await self._load([line_id]))[0]

    async def choices(self, principal: Principal) -> dict[str, Any]:
        """Groups and agents that a line can be given: ``groups``, names; ``agents``, user names and names."""
        principal.require("lines.edit")
        return await self._database.read(load_choices)

    async def ports(self, principal: Principal) -> Discovery:
        """What is plugged in. Looked for on a thread. Needs ``lines.manage``."""
        principal.require("lines.manage")
        found: Discovery = await self._on_thread(self._look)
        return found

    async def create(self, principal: Principal, values: Mapping[str, Any]) -> SetupView:
        """Add a line and start it. Needs ``lines.manage``: its port may be any device and any address.

        Raises InvalidError naming each field that is wrong. A device that is not there is a lost line, tried for ever.
        """
        principal.require("lines.manage")
        settings = read_settings(values)
        await self._turn.acquire()
        try:
            await self._require_usable(settings)
            made = await self._database.run(make_line, self._deed(principal), kept(settings))
            runner = self._workshop.runner(made, self._workshop.device(kept(settings)))
            self._board.add(runner)
            runner.start()
        finally:
            self._turn.release()
        return (await self._load([made.context.line_id]))[0]

    async def edit(self, principal: Principal, line_id: int, values: Mapping[str, Any], version: Any) -> SetupView:
        """Change what ``values`` names: name, group and seat with ``lines.edit``, all else with ``lines.manage``.

        What concerns the device starts it anew, and is refused with ConflictError while a call is on. Raises
        ConflictError, ``current`` the line as it is now, when somebody else has changed it since ``version``.
        """
        principal.require("lines.edit")
        meant = read_version(version)
        await self._turn.acquire()
        try:
            runner = self._board.line(line_id)
            present = (await self._load([line_id]))[0]
            change = await self._change(principal, runner, present, values)
            await self._write(principal, runner, present, change, meant)
        finally:
            self._turn.release()
        return (await self._load([line_id]))[0]

    async def remove(self, principal: Principal, line_id: int, version: Any) -> None:
        """Take a line of the interface away; its calls stay. Refused while a call is on. Needs ``lines.manage``."""
        principal.require("lines.manage")
        meant = read_version(version)
        await self._turn.acquire()
        try:
            runner = self._board.line(line_id)
            if line_id in self._file:
                raise ConflictError(
                    N_("This line is set in the configuration file. Remove it there, or take it out of service.")
                )
            _require_no_call(runner)
            try:
                await self._database.run(remove_line, self._deed(principal), runner.journal.line, meant)
            except ConflictError as error:
                now = (await self._load([line_id]))[0]
                raise ConflictError(error.message, **{**error.details, "current": now}) from None
            self._board.remove(line_id)
            self._tests.forget(line_id)
            await runner.stop()
        finally:
            self._turn.release()

    async def _change(
        self, principal: Principal, runner: LineRunner, present: SetupView, values: Mapping[str, Any]
    ) -> _Change:
        """What ``values`` would make of the line; raises what forbids it."""
        entry = self._file.get(runner.line_id)
        if entry is not None:
            return _change_of_file(entry, _arranged(runner, present), values)
        before: dict[str, Any] = present["settings"]
        settings = read_settings(_merged(before, values))
        after = kept(settings)
        device = {name for name in {*before, *after} - set(ARRANGED) if before.get(name) != after.get(name)}
        if device and not principal.may("lines.manage"):
            raise NotAllowedError(N_("Your roles allow to change name, group and seat only."), fields=sorted(device))
        rebuilt = bool(device - {"trace"})
        if rebuilt:
            _require_no_call(runner)
            if "port" in device:
                await self._require_usable(settings)
        return _Change(Arranged.kept(after), after, rebuilt)

    async def _write(
        self, principal: Principal, runner: LineRunner, present: SetupView, change: _Change, version: int
    ) -> None:
        before, can = _arranged(runner, present), runner.journal.line.capabilities
        try:
            context = await self._database.run(
                change_line, self._deed(principal), runner.line_id, version, before, change.after, change.settings, can
            )
        except ConflictError as error:
            now = (await self._load([runner.line_id]))[0]
            raise ConflictError(error.message, **{**error.details, "current": now}) from None
        runner.arrange(context)
        if change.rebuilt and change.settings is not None:
            await runner.exchange(self._workshop.device(change.settings))
        elif runner.line_id not in self._file and change.settings is not None:
            runner.device.set_trace(bool(change.settings.get("trace")))

    async def _require_usable(self, settings: LineSettings) -> None:
        try:
            await self._on_thread(require_usable_port, settings)
        except PortError as error:
            raise InvalidError(NOT_ACCEPTED, {"port": words_of(error)}) from error

    async def _load(self, line_ids: Sequence[int]) -> Sequence[SetupView]:
        runners = {line_id: self._board.line(line_id) for line_id in line_ids}
        capabilities = {line_id: runner.device.capabilities.names for line_id, runner in runners.items()}
        seats = {line_id: runner.journal.line.bound_agent for line_id, runner in runners.items()}
        return await self._database.read(load_setups, capabilities, seats, self._file)

    def _deed(self, principal: Principal) -> Deed:
        ports = {entry.port: entry.name for entry in self._file.values()}
        return Deed(principal, utc_now(self._clock), self._area_code, ports)


def _arranged(runner: LineRunner, present: SetupView) -> Arranged:
    """Name, group and seat as they are now."""
    line = runner.journal.line
    return Arranged(line.name, present["driver"], present["group"], line.bound_agent)


def _change_of_file(entry: LineEntry, present: Arranged, values: Mapping[str, Any]) -> _Change:
    """A line of the configuration file can be called, grouped and seated otherwise than there, and nothing else."""
    if wrong := dict.fromkeys(set(values) - set(ARRANGED), _IN_FILE):
        raise InvalidError(NOT_ACCEPTED, wrong)
    stands = {name: getattr(entry, name) for name in ARRANGED}
    wished = {name: stands[name] if value is None else value for name, value in values.items()}
    # The device is the file's; the rest is checked as any line's.
    device = {"driver": INTERFACE_DRIVERS[0], "port": "/dev/null"}
    checked = read_settings({**device, **{name: getattr(present, name) for name in ARRANGED}, **wished})
    otherwise = {name: getattr(checked, name) for name in ARRANGED if getattr(checked, name) != stands[name]}
    return _Change(Arranged.of(entry, otherwise), otherwise)


def _merged(before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with ``values`` in place of theirs; None is the default. Another device has other options."""
    kept_before = before
    if values.get("driver") not in (None, before["driver"]):
        kept_before = {name: value for name, value in before.items() if name in (*ARRANGED, "port", "trace")}
    told = {**kept_before, **values}
    return {name: value for name, value in told.items() if value is not None}


def _require_no_call(runner: LineRunner) -> None:
    if runner.line.call is not None:
        raise ConflictError(
            N_("A call is on this line. Try again when it is over, or take the line out of service first."),
            line_id=runner.line_id,
        )
