"""A call and an SMS on a real reactor, while the wall is set; see ``set_wall``.

A call rings at one agent after the other, and the wall is set; the second agent takes it and writes it down, and the
wall is set back to what it was. A part lies at a gateway that does not answer it. What came of it is printed as JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from twisted.internet import reactor, task
from twisted.internet.defer import Deferred

from callcenter.tasks import Periodic
from callcenter.telephony import heartbeat
from hardware.gateways.device import GatewayDevice
from hardware.simulators.smsc_requests import Behaviour
from hardware.trace import TraceEntry, Way
from protocols.clocks import make_steady
from protocols.signals import Answered, CallerIdentified, Ended, Rang
from protocols.sms import PartUnknown
from storage import schema
from storage.database import Database
from tests.peers.call_center import ANNA, BEN, CallCenter, fill, make_group
from tests.peers.gateway_heard import GatewayHeard
from tests.peers.patience import until
from tests.peers.set_wall import Wall
from tests.peers.sms_session import part
from tests.peers.smsc import gateway_on, smsc_running

BEAT_SECONDS = 0.25
RING_SECONDS, WRAP_UP_SECONDS, GATEWAY_SECONDS = 5, 5, 5.0
"""Of a gateway: until it is asked whether it is there, and until an answer is late; it is the least that can be set."""
_ENQUIRE_LINK = b"\x00\x00\x00\x15"


class Story:
    """``told`` has what came about, with how many beats a ``Periodic`` had made since the wall was set, and by how much
    what was written is ahead of the true time.
    """

    def __init__(self, wall: Wall, hospital: CallCenter) -> None:
        self.told: dict[str, dict[str, float]] = {}
        self._wall = wall
        self._hospital = hospital
        self._beats = self._questions = 0
        self._periodic = Periodic(reactor, BEAT_SECONDS, self._beat)
        self._periodic.start()

    async def _beat(self) -> None:
        self._beats += 1

    def set_wall(self, by: float) -> None:
        self._wall.set(by)
        self._beats = self._questions = 0

    def tell(self, what: str, moment: str | datetime | None = None) -> None:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        ahead = {} if at is None else {"ahead": at.timestamp() - self._wall.true()}
        self.told[what] = {"beats": self._beats, **ahead}

    async def event(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The last one of ``kind``, when it has these values."""

        def has() -> bool:
            found = self._hospital.told(kind)
            return bool(found) and all(found[-1].data[name] == value for name, value in wanted.items())

        await until(has)
        return self._hospital.last(kind)

    async def signs_of_life(self, when: str) -> None:
        """Three more: the first may have been on its way when the wall was set."""
        seen = set[datetime]()
        while len(seen) < 4:
            seen.add(await self._hospital.look(heartbeat.last_heartbeat))
            await task.deferLater(reactor, 0.02)
        self.tell(f"sign of life {when}", await self._hospital.look(heartbeat.last_heartbeat))

    def saw(self, entry: TraceEntry) -> None:
        """Something went over the gateway's connection."""
        self._questions += entry.way is Way.SENT and entry.data[4:8] == _ENQUIRE_LINK

    async def asked(self) -> None:
        """The gateway is asked whether it is there."""
        await until(lambda: self._questions)

    async def end(self) -> None:
        await self._periodic.stop()


async def one_call(
    story: Story, hospital: CallCenter, jump: float, gateway: GatewayDevice, heard: GatewayHeard
) -> None:
    late = [reactor.callLater(1800.0, story.tell, "what is due in half an hour")]
    gateway.watch(story.saw)
    gateway.submit([part("1")])
    hospital.line.say(Rang(), CallerIdentified("13800138000"))
    await story.event("call.ringing", offered_to=[ANNA.user_id])
    story.set_wall(jump)
    passed_on = await story.event("call.ringing", offered_to=[BEN.user_id])
    story.tell("passed on", passed_on["offered_until"])
    await heard.some(PartUnknown)
    story.tell("answer late")
    await story.asked()
    story.tell("gateway asked")
    await story.signs_of_life("after")
    await hospital.telephony.calls.claim(BEN, passed_on["id"])
    hospital.line.say(Answered(), Ended(by_far_end=True))
    writing = await story.event("agent.updated", id=BEN.user_id, state="wrap_up")
    story.tell("writing", writing["until"])
    story.set_wall(-jump)
    await story.event("agent.updated", id=BEN.user_id, state="available")
    story.tell("free again")
    await story.asked()
    story.tell("gateway asked again")
    await story.signs_of_life("in the end")
    for call in late:
        if call.active():
            call.cancel()


async def whole(wall: Wall, jump: float, folder: Path) -> dict[str, Any]:
    database = Database(f"sqlite:///{folder}/wall.db", reactor)
    await database.start()
    await database.run(fill)
    hospital = CallCenter(database, reactor)  # type: ignore[arg-type]
    await hospital.telephony.start()
    limits = {"ring_seconds": RING_SECONDS, "wrap_up_seconds": WRAP_UP_SECONDS}
    await database.run(make_group, (ANNA, BEN), "longest_idle", **limits)
    for agent in (ANNA, BEN):
        await hospital.telephony.agents.connected(agent)
    story = Story(wall, hospital)
    times = {"heartbeat": GATEWAY_SECONDS, "answer_timeout": GATEWAY_SECONDS}
    async with (
        smsc_running("smpp", behaviour=Behaviour.SILENT) as smsc,
        gateway_on("smpp", smsc.port, folder, **times) as (gateway, heard),
    ):
        await one_call(story, hospital, jump, gateway, heard)
    await story.end()
    await hospital.telephony.stop()
    await database.stop()
    return story.told


def tell(wall: Wall, jump: float, folder: str) -> int:
    """Let it happen in ``folder``, and print it."""
    make_steady(reactor)
    heartbeat.INTERVAL_SECONDS = 0.5
    schema.upgrade(f"sqlite:///{folder}/wall.db")

    async def run() -> None:
        sys.stdout.write(json.dumps(await whole(wall, jump, Path(folder))))

    task.react(lambda _: Deferred.fromCoroutine(run()))
    return 0
