"""A session and the PBX it talks to, without a network: time moves only when the test says so."""

from __future__ import annotations

from collections import deque

from protocols.actions import Actions
from protocols.ami.control import ControlWish
from protocols.ami.listening import ListenMode
from protocols.ami.session import AmiSession, OfLine
from protocols.ami.settings import AmiSettings, PbxLine
from protocols.signals import LineLost, LineReady, LineSignal
from tests.peers.pbx import Manager, Pbx

PHONE = PbxLine("8001", "PJSIP/8001")
OTHER = PbxLine("8002", "PJSIP/8002")


class Bench:
    def __init__(self, *lines: PbxLine, settings: AmiSettings | None = None, connect: bool = True) -> None:
        self.now = 100.0
        self.heard: dict[str, list[LineSignal]] = {line.name: [] for line in lines or (PHONE,)}
        self.session = AmiSession(settings or AmiSettings("huifang", "s3cret"), lines or (PHONE,), "t1")
        self.online = False
        self._waiting: deque[bytes] = deque()
        self._busy = False
        self.pbx = Pbx(self.told)
        self.manager = Manager(self.pbx)
        if connect:
            self.connect()
            self.take()

    def connect(self) -> None:
        self.online = True
        self.manager.signed_in = False
        self.do(self.session.start(self.now))
        self.say(self.manager.version)

    def lose(self, reason: str = "the cable was pulled") -> None:
        self.online = False
        self.do(self.session.port_lost(reason, self.now))

    def say(self, data: bytes) -> None:
        """The PBX sends ``data``; what the session answers reaches it, and so on."""
        self._waiting.append(data)
        if not self._busy:
            self._busy = True
            while self._waiting:
                self.do(self.session.receive(self._waiting.popleft(), self.now))
            self._busy = False

    def do(self, actions: Actions) -> None:
        for signal in actions.signals:
            assert isinstance(signal, OfLine)
            self.heard[signal.line].append(signal.signal)
        if actions.write:
            assert self.online
            answer = self.manager.receive(actions.write)
            if answer:
                self.say(answer)

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.session.next_deadline()) is not None and due <= end:
            assert due > self.now, "a deadline that ticking does not move"
            self.now = due
            self.do(self.session.tick(self.now))
        self.now = end

    def dial(self, number: str, line: str = "8001") -> None:
        self.do(self.session.dial(line, number, self.now))

    def hang_up(self, line: str = "8001") -> None:
        self.do(self.session.hang_up(line, self.now))

    def control(self, wish: ControlWish, number: str = "", line: str = "8001") -> None:
        self.do(self.session.control(line, wish, self.now, number))

    def listen(self, mode: ListenMode = ListenMode.LISTEN, listener: str = "7", line: str = "8001") -> None:
        self.do(self.session.listen(line, listener, "8002", mode, self.now))

    def stop_listening(self, listener: str = "7") -> None:
        self.do(self.session.stop_listening(listener, self.now))

    def take(self, line: str = "") -> list[LineSignal]:
        """What the line reported since the last time, without a first LineReady."""
        name = line or next(iter(self.heard))
        taken, self.heard[name] = self.heard[name], []
        return [signal for signal in taken if not isinstance(signal, LineReady) or LineLost in map(type, taken)]

    def told(self, event: bytes) -> None:
        """The PBX says ``event``, to whom it may concern."""
        if self.online and self.manager.signed_in:
            self.say(event)
