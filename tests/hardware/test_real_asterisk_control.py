"""Hold, transfer, consultation, conference and listening on a real Asterisk, by the documented dialplan and rights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from hardware.asterisk_pbx import PbxSettings, pbx_directory
from hardware.call_control import CallControl, ControlWish, ListenMode
from hardware.drivers import SharedPorts
from hardware.pbx_port import PbxAddress
from protocols.ami.settings import AmiSettings, AmiTimings
from protocols.sayings import Said, Saying
from protocols.signals import (
    Answered,
    CommandFailed,
    Ended,
    HandsetReplaced,
    LineReady,
    ListenerChanged,
    Parties,
    PartiesChanged,
    Transferred,
)
from tests.hardware.test_asterisk_lines import lines_on
from tests.peers.asterisk import Telephony, telephony, why_not
from tests.peers.patience import until

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

THIRD = "8005"
HELD, BACK = PartiesChanged(Parties.HELD), PartiesChanged(Parties.TALKING)
CALLING, CONSULTING = PartiesChanged(Parties.CALLING, THIRD), PartiesChanged(Parties.CONSULTING, THIRD)
CONFERENCE = PartiesChanged(Parties.CONFERENCE, THIRD)
OVER = [HandsetReplaced(), Ended(by_far_end=False)]


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telephony]:
    with telephony(tmp_path_factory.mktemp("asterisk")) as both:
        yield both


@dataclass
class Talk:
    """A caller who speaks on the telephone 8001; 8005 and 8006 answer too. ``news`` is what was said since."""

    asterisk: Telephony
    control: CallControl
    colleague: Any
    supervisor: Any
    heard: Any
    other: Any

    def news(self) -> list[Any]:
        return list(self.heard.signals[self._begun :])

    def __post_init__(self) -> None:
        self._begun = len(self.heard.signals)

    async def told(self, *signals: Any) -> None:
        """Exactly that was said since the call began."""
        await self.heard.until(lambda all_said: list(all_said[self._begun :]) == list(signals))

    async def bridges(self) -> list[set[str]]:
        """Who is bridged with whom, by the endpoints."""
        shown = await deferToThread(self.asterisk.pbx.say, "bridge show all")
        found = []
        for line in shown.splitlines()[1:]:
            about = await deferToThread(self.asterisk.pbx.say, f"bridge show {line.split()[0]}")
            names = [part.split("Channel: ")[1] for part in about.splitlines() if part.startswith("Channel: ")]
            found.append({name.rpartition("-")[0] for name in names})
        return [one for one in found if len(one) > 1]

    async def joined(self) -> None:
        """The PBX has joined caller and telephone, which is a moment after the answer."""
        await until(self.bridges, "a bridge")

    async def nobody(self) -> None:
        """No channel is left on the PBX."""

        async def is_quiet() -> bool:
            return "0 active channels" in await deferToThread(self.asterisk.pbx.say, "core show channels count")

        await until(is_quiet, lambda: f"the end of {self.asterisk.pbx.say('core show channels concise')}")

    async def together(self, *names: str) -> None:
        """These are bridged, which is a moment after we are told."""

        async def are_together() -> bool:
            return any(set(names) <= one for one in await self.bridges())

        await until(are_together, f"{names} in one bridge")


@asynccontextmanager
async def talking(asterisk: Telephony, folder: Path, *, outgoing: bool = False) -> AsyncIterator[Talk]:
    where = PbxAddress("127.0.0.1", asterisk.pbx.manager)
    settings = AmiSettings(
        "huifang", "s3cret", control="huifang-control", timings=AmiTimings(phone_rings=5.0, resync=3.0)
    )
    shared = SharedPorts(reactor, pbx_directory([PbxSettings("main", where, settings)], reactor))
    async with lines_on(shared, folder, "PJSIP/8001", "PJSIP/8005", "PJSIP/8006") as (mine, theirs, third):
        device, heard = mine
        await heard.first(LineReady)
        await theirs[1].first(LineReady)
        await third[1].first(LineReady)
        if outgoing:
            device.dial("13840001111")
        else:
            # With a tone: what ChanSpy does depends on what it hears.
            asterisk.call("9001", "13800138000", 60, then="Milliwatt")
        await heard.first(Answered)
        assert device.call_control is not None
        talk = Talk(asterisk, device.call_control, theirs[0], third[0], heard, theirs[1])
        try:
            await talk.joined()
            yield talk
        finally:
            for one in (asterisk.world, asterisk.pbx):
                await deferToThread(one.say, "channel request hangup all")
            await talk.nobody()


@pytest.mark.parametrize("outgoing", [False, True])
@ensureDeferred
async def test_hold_and_back_and_hold_again(outgoing: bool, asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path, outgoing=outgoing) as talk:
        talk.control.control(ControlWish.HOLD)
        await talk.told(HELD)
        talk.control.control(ControlWish.RESUME)
        await talk.told(HELD, BACK)
        assert await talk.bridges() == [{"PJSIP/8001", "PJSIP/telecom"}]
        talk.control.control(ControlWish.HOLD)
        await talk.told(HELD, BACK, HELD)
        # A listing of channels in between changes nothing.
        await deferLater(reactor, 3.5)
        talk.control.control(ControlWish.RESUME)
        await talk.told(HELD, BACK, HELD, BACK)
        await deferToThread(asterisk.world.say, "channel request hangup all")
        await talk.nobody()
        assert isinstance(talk.news()[-1], Ended)


@ensureDeferred
async def test_the_caller_hangs_up_on_hold(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        talk.control.control(ControlWish.HOLD)
        await talk.told(HELD)
        channels = await deferToThread(asterisk.pbx.say, "core show channels concise")
        trunk = next(line.split("!")[0] for line in channels.splitlines() if line.startswith("PJSIP/telecom"))
        await deferToThread(asterisk.pbx.say, f"channel request hangup {trunk}")
        await talk.told(HELD, HandsetReplaced(), Ended(by_far_end=True))
        await talk.nobody()


@pytest.mark.parametrize("held", [False, True])
@ensureDeferred
async def test_a_transfer_without_asking(held: bool, asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        said = [HELD] if held else []
        if held:
            talk.control.control(ControlWish.HOLD)
            await talk.told(HELD)
        talk.control.control(ControlWish.TRANSFER, "555")
        said.append(CommandFailed("transfer", Said(Saying.NOT_IN_DIALPLAN, number="555")))
        await talk.told(*said)
        talk.control.control(ControlWish.TRANSFER, THIRD)
        await talk.told(*said, Transferred(THIRD, attended=False), *OVER)
        await talk.other.first(Answered)
        assert await talk.bridges() == [{"PJSIP/8005", "PJSIP/telecom"}]


@ensureDeferred
async def test_a_colleague_is_consulted_joins_and_takes_the_caller(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        talk.control.control(ControlWish.CONSULT, THIRD)
        await talk.told(CALLING, CONSULTING)
        talk.control.control(ControlWish.CONFERENCE)
        await talk.told(CALLING, CONSULTING, CONFERENCE)
        talk.control.control(ControlWish.COMPLETE)
        await talk.told(CALLING, CONSULTING, CONFERENCE, Transferred(THIRD, attended=True), *OVER)
        await talk.together("PJSIP/telecom", "Local/8005@from-internal")
        assert not any("PJSIP/8001" in one for one in await talk.bridges())
        await deferToThread(asterisk.world.say, "channel request hangup all")
        await talk.nobody()


@ensureDeferred
async def test_a_colleague_takes_the_caller_without_a_conference(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path, outgoing=True) as talk:
        talk.control.control(ControlWish.CONSULT, THIRD)
        await talk.told(CALLING, CONSULTING)
        talk.control.control(ControlWish.COMPLETE)
        await talk.told(CALLING, CONSULTING, Transferred(THIRD, attended=True), *OVER)
        await talk.together("PJSIP/telecom", "Local/8005@from-internal")


@ensureDeferred
async def test_the_caller_is_taken_back_from_a_consultation(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        talk.control.control(ControlWish.CONSULT, THIRD)
        await talk.told(CALLING, CONSULTING)
        talk.control.control(ControlWish.RESUME)
        await talk.told(CALLING, CONSULTING, BACK)
        assert await talk.bridges() == [{"PJSIP/8001", "PJSIP/telecom"}]


@pytest.mark.parametrize("consulting", [False, True])
@ensureDeferred
async def test_whoever_is_on_hold_when_the_daemon_stops_is_given_back(
    consulting: bool, asterisk: Telephony, tmp_path: Path
) -> None:
    async with talking(asterisk, tmp_path) as talk:
        if consulting:
            talk.control.control(ControlWish.CONSULT, THIRD)
            await talk.told(CALLING, CONSULTING)
        else:
            talk.control.control(ControlWish.HOLD)
            await talk.told(HELD)
        await talk.control.stop()  # type: ignore[attr-defined]
        assert talk.news()[-1] == BACK
        assert await talk.bridges() == [{"PJSIP/8001", "PJSIP/telecom"}]


@ensureDeferred
async def test_nobody_answers_there(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        talk.control.control(ControlWish.CONSULT, "8002")
        silent = CommandFailed("consult", Said(Saying.THIRD_SILENT, number="8002"))
        await talk.told(PartiesChanged(Parties.CALLING, "8002"), silent, HELD)


@ensureDeferred
async def test_the_colleague_hangs_up_and_the_caller_waits_on(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        talk.control.control(ControlWish.CONSULT, THIRD)
        await talk.told(CALLING, CONSULTING)
        channels = await deferToThread(asterisk.pbx.say, "core show channels concise")
        theirs = next(line.split("!")[0] for line in channels.splitlines() if line.startswith("PJSIP/8005"))
        await deferToThread(asterisk.pbx.say, f"channel request hangup {theirs}")
        await talk.told(CALLING, CONSULTING, HELD)
        talk.control.control(ControlWish.RESUME)
        await talk.told(CALLING, CONSULTING, HELD, BACK)


@ensureDeferred
async def test_the_handset_is_put_down_while_consulting(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        talk.control.control(ControlWish.CONSULT, THIRD)
        await talk.told(CALLING, CONSULTING)
        channels = await deferToThread(asterisk.pbx.say, "core show channels concise")
        own = next(line.split("!")[0] for line in channels.splitlines() if line.startswith("PJSIP/8001"))
        await deferToThread(asterisk.pbx.say, f"channel request hangup {own}")
        await talk.told(CALLING, CONSULTING, Transferred(THIRD, attended=True), *OVER)
        await talk.together("PJSIP/telecom", "Local/8005@from-internal")


@pytest.mark.parametrize("mode", list(ListenMode))
@ensureDeferred
async def test_a_supervisor_listens(mode: ListenMode, asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        phone = talk.supervisor.call_control.telephone
        talk.control.listen("7", phone, mode)
        await talk.told(ListenerChanged("7", on=True))
        shown = await deferToThread(asterisk.pbx.say, "core show channels verbose")
        assert "ChanSpy" in shown
        talk.control.stop_listening("7")
        await talk.told(ListenerChanged("7", on=True), ListenerChanged("7", on=False))


@ensureDeferred
async def test_a_supervisor_hears_on_while_the_caller_is_on_hold(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        talk.control.listen("7", talk.supervisor.call_control.telephone, ListenMode.LISTEN)
        await talk.told(ListenerChanged("7", on=True))
        talk.control.control(ControlWish.HOLD)
        await talk.told(ListenerChanged("7", on=True), HELD)
        talk.control.control(ControlWish.RESUME)
        await talk.told(ListenerChanged("7", on=True), HELD, BACK)
        await deferLater(reactor, 0.5)
        assert "ChanSpy" in await deferToThread(asterisk.pbx.say, "core show channels verbose")


@ensureDeferred
async def test_listening_ends_with_the_call(asterisk: Telephony, tmp_path: Path) -> None:
    async with talking(asterisk, tmp_path) as talk:
        talk.control.listen("7", talk.supervisor.call_control.telephone, ListenMode.LISTEN)
        await talk.told(ListenerChanged("7", on=True))
        channels = await deferToThread(asterisk.pbx.say, "core show channels concise")
        own = next(line.split("!")[0] for line in channels.splitlines() if line.startswith("PJSIP/8001"))
        await deferToThread(asterisk.pbx.say, f"channel request hangup {own}")
        await talk.heard.until(lambda signals: ListenerChanged("7", on=False) in signals)
        await talk.nobody()
