"""A small PBX without sound or sockets: calls that a test lets happen, told as Asterisk's manager interface tells them.

The order and the fields of the events are those that Asterisk 16.28 and 22.10 were seen to send.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers import pbx_places

DOWN, RING, RINGING, UP = 0, 4, 5, 6
CHALLENGE = "840415273"
BANNER = b"Asterisk Call Manager/5.0.2\r\n"


def block(first: str, value: str, *fields: tuple[str, str], charset: str = "utf-8") -> bytes:
    lines = [f"{key}: {text}" for key, text in ((first, value), *fields)]
    return "\r\n".join([*lines, "", ""]).encode(charset)


@dataclass(eq=False)
class Leg:
    name: str
    uniqueid: str
    linkedid: str
    state: int
    number: str
    caller_name: str
    connected: str = ""
    connected_name: str = ""
    application: str = ""
    bridge: str = ""
    place: str = ""

    def fields(self, prefix: str = "") -> list[tuple[str, str]]:
        pairs = [
            ("Channel", self.name),
            ("ChannelState", str(self.state)),
            ("ChannelStateDesc", "-"),
            ("CallerIDNum", self.number or "<unknown>"),
            ("CallerIDName", self.caller_name or "<unknown>"),
            ("ConnectedLineNum", self.connected or "<unknown>"),
            ("ConnectedLineName", self.connected_name or "<unknown>"),
            ("Context", "from-internal"),
            ("Uniqueid", self.uniqueid),
            ("Linkedid", self.linkedid),
        ]
        return [(prefix + key, value) for key, value in pairs]


@dataclass
class Pbx:
    """``tell`` gets each event; ``legs`` are the channels there are. ``sound`` is what it records into ``monitor``.

    ``sent_to`` are the channels that were sent to a number, which the dialplan knows unless it is in
    ``unknown_numbers``.
    """

    tell: Callable[[bytes], None]
    charset: str = "utf-8"
    monitor: Path | None = None
    sound: bytes = b""
    legs: list[Leg] = field(default_factory=list)
    sent_to: list[tuple[str, str]] = field(default_factory=list)
    unknown_numbers: set[str] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def event(self, name: str, *fields: tuple[str, str]) -> None:
        self.tell(block("Event", name, ("Privilege", "call,all"), *fields, charset=self.charset))

    # Single events.

    def leg(
        self,
        endpoint: str,
        state: int,
        number: str = "",
        name: str = "",
        *,
        of: Leg | None = None,
        uniqueid: str = "",
        half: str = "",
    ) -> Leg:
        serial = next(self._numbers)
        unique = uniqueid or f"1772440000.{serial}"
        leg = Leg(f"{endpoint}-{serial:08x}{half}", unique, of.linkedid if of else unique, state, number, name)
        self.legs.append(leg)
        self.event("Newchannel", *leg.fields())
        return leg

    def state(self, leg: Leg, state: int) -> None:
        leg.state = state
        self.event("Newstate", *leg.fields())

    def dial(self, source: Leg | None, dest: Leg) -> None:
        dest.application = "AppDial"
        if source is not None:
            dest.connected, dest.connected_name = source.number, source.caller_name
        self.event("DialBegin", *(source.fields() if source else []), *dest.fields("Dest"), ("DialString", "x"))

    def dial_state(self, source: Leg | None, dest: Leg, status: str = "RINGING") -> None:
        self.event("DialState", *(source.fields() if source else []), *dest.fields("Dest"), ("DialStatus", status))

    def dial_end(self, source: Leg | None, dest: Leg, status: str) -> None:
        self.event("DialEnd", *(source.fields() if source else []), *dest.fields("Dest"), ("DialStatus", status))

    def bridge(self, *legs: Leg, technology: str = "simple_bridge") -> None:
        name = f"b-{next(self._numbers)}"
        for count, leg in enumerate(legs, 1):
            leg.bridge = name
            about = (("BridgeUniqueid", name), ("BridgeTechnology", technology), ("BridgeNumChannels", str(count)))
            self.event("BridgeEnter", *about, *leg.fields())

    def enter(self, leg: Leg, bridge: str, technology: str) -> None:
        leg.bridge = bridge
        count = sum(other.bridge == bridge for other in self.legs)
        about = (("BridgeUniqueid", bridge), ("BridgeTechnology", technology), ("BridgeNumChannels", str(count)))
        self.event("BridgeEnter", *about, *leg.fields())

    def leave(self, leg: Leg) -> list[Leg]:
        """Those who stay in its bridge."""
        bridge, leg.bridge = leg.bridge, ""
        if bridge:
            self.event("BridgeLeave", ("BridgeUniqueid", bridge), *leg.fields())
        return [other for other in self.legs if bridge and other.bridge == bridge]

    def hang_up(self, leg: Leg, *, by_device: bool = False, cause: int = 16) -> None:
        if by_device:
            self.event("HangupRequest", *leg.fields(), ("Cause", str(cause)))
        others = self.leave(leg)
        # Of calls that nobody moved about, tests say themselves what ends when.
        if leg.place or any(other.place for other in others):
            pbx_places.left_over(self, [other for other in others if other in self.legs])
        if leg in self.legs:
            # Whoever is told may end it too.
            self.legs.remove(leg)
            self.event("Hangup", *leg.fields(), ("Cause", str(cause)), ("Cause-txt", "-"))

    def rename(self, leg: Leg, name: str) -> None:
        self.event("Rename", ("Channel", leg.name), ("Newname", name), ("Uniqueid", leg.uniqueid))
        leg.name = name

    def pick_up(self, own: Leg, caller: Leg, target: Leg) -> None:
        """``own``, which somebody placed at another telephone, takes the place of ``target``."""
        own.connected, own.connected_name = caller.number, caller.caller_name
        self.state(own, UP)
        self.event("Pickup", *own.fields(), *target.fields("Target"))
        self.hang_up(target)
        own.application = "AppDial"
        self.dial_end(caller, own, "ANSWER")
        self.bridge(own, caller)

    # Whole stages of calls.

    def third(self, action: dict[str, str]) -> Leg:
        """The PBX was asked to call a third party: the near half of the channel that it makes for that."""
        return self.leg(action["Channel"].removesuffix("/n"), DOWN, uniqueid=action["ChannelId"], half=";1")

    def third_answers(self, leg: Leg, action: dict[str, str]) -> None:
        self.state(leg, UP)
        pbx_places.settle(self, leg, action["Exten"])
        self.originate_response(action, "Success", "4")

    def third_refuses(self, leg: Leg, action: dict[str, str], reason: str = "3") -> None:
        self.hang_up(leg)
        self.originate_response(action, "Failure", reason)

    def originate_response(self, action: dict[str, str], response: str, reason: str) -> None:
        about = (("Response", response), ("ActionID", action["ActionID"]), ("Channel", action["Channel"]))
        self.event("OriginateResponse", *about, ("Reason", reason), ("Uniqueid", action["ChannelId"]))

    def call(self, phone: str, number: str = "", name: str = "", *, trunk: str = "PJSIP/telecom") -> tuple[Leg, Leg]:
        """A caller comes in on the trunk, and the telephone rings."""
        caller = self.leg(trunk, RING, number, name)
        return caller, self.ring(caller, phone)

    def ring(self, caller: Leg, phone: str) -> Leg:
        leg = self.leg(phone, DOWN, phone.rpartition("/")[2], of=caller)
        self.dial(caller, leg)
        self.state(leg, RINGING)
        self.dial_state(caller, leg)
        return leg

    def answer(self, caller: Leg, leg: Leg) -> None:
        self.state(leg, UP)
        self.dial_end(caller, leg, "ANSWER")
        if caller.state != UP:
            self.state(caller, UP)
        self.bridge(leg, caller)

    def end(self, *legs: Leg, by: Leg | None = None) -> None:
        if by is not None:
            self.event("HangupRequest", *by.fields(), ("Cause", "16"))
        for leg in legs:
            self.hang_up(leg)

    def dial_out(self, phone: Leg, number: str, *, trunk: str = "PJSIP/telecom") -> Leg:
        """The telephone's channel dials on, and the far end rings."""
        far = self.leg(trunk, DOWN, number, of=phone)
        self.dial(phone, far)
        self.state(far, RINGING)
        self.dial_state(phone, far)
        return far


@dataclass
class Manager:
    """The answering side of one manager connection: bytes from the client in, bytes for it out.

    ``originated`` gets every Originate that was accepted. ``deaf`` actions are never answered, ``refused`` ones with an
    error of that text, ``slow`` ones done when the test has the PBX catch up.
    """

    pbx: Pbx
    secret: str = "s3cret"
    user: str = "huifang"
    deaf: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    late: list[dict[str, str]] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    originated: Callable[[dict[str, str]], None] = lambda _: None
    version: bytes = BANNER
    signed_in: bool = False
    _buffer: bytes = b""

    def receive(self, data: bytes) -> bytes:
        self._buffer += data
        *requests, self._buffer = self._buffer.split(b"\r\n\r\n")
        return b"".join(self._request(request.decode()) for request in requests)

    def actions(self, name: str) -> list[dict[str, str]]:
        return [action for action in self.seen if action["Action"] == name]

    def _request(self, text: str) -> bytes:
        action = dict(re.findall(r"^([\w-]+): (.*?)\r?$", text, flags=re.MULTILINE))
        self.seen.append(action)
        name = action["Action"]
        if name in self.deaf:
            return b""
        if name in self.slow:
            self.late.append(action)
            return b""
        return self._do(action)

    def catch_up(self) -> None:
        """Do what was left undone, one after the other."""
        self.slow.clear()
        while self.late:
            self.pbx.tell(self._do(self.late.pop(0)))

    def _do(self, action: dict[str, str]) -> bytes:
        name = action["Action"]
        if name in self.refused:
            return self._answer(action, "Error", ("Message", self.refused[name]))
        return getattr(self, f"_{name.lower()}", self._unknown)(action)

    def _answer(self, action: dict[str, str], response: str, *fields: tuple[str, str]) -> bytes:
        return block("Response", response, ("ActionID", action["ActionID"]), *fields)

    def _unknown(self, action: dict[str, str]) -> bytes:
        return self._answer(action, "Error", ("Message", "Invalid/unknown command"))

    def _challenge(self, action: dict[str, str]) -> bytes:
        return self._answer(action, "Success", ("Challenge", CHALLENGE))

    def _login(self, action: dict[str, str]) -> bytes:
        key = hashlib.md5((CHALLENGE + self.secret).encode()).hexdigest()  # noqa: S324
        right = action.get("Key") == key or action.get("Secret") == self.secret
        if action["Username"] != self.user or not right:
            return self._answer(action, "Error", ("Message", "Authentication failed"))
        self.signed_in = True
        return self._answer(action, "Success", ("Message", "Authentication accepted"))

    def _ping(self, action: dict[str, str]) -> bytes:
        return self._answer(action, "Success", ("Ping", "Pong"), ("Timestamp", "1772440000.1"))

    def _coreshowchannels(self, action: dict[str, str]) -> bytes:
        ids = ("ActionID", action["ActionID"])
        listed = b"".join(
            block(
                "Event",
                "CoreShowChannel",
                ids,
                *leg.fields(),
                ("Application", leg.application),
                ("BridgeId", leg.bridge),
                charset=self.pbx.charset,
            )
            for leg in self.pbx.legs
        )
        start = self._answer(action, "Success", ("EventList", "start"), ("Message", "Channels will follow"))
        return start + listed + block("Event", "CoreShowChannelsComplete", ids, ("EventList", "Complete"))

    def _originate(self, action: dict[str, str]) -> bytes:
        if "Application" in action and not self._spies(action):
            return self._answer(action, "Error", ("Message", "Originate failed"))
        self.originated(action)
        return self._answer(action, "Success", ("Message", "Originate successfully queued"))

    def _redirect(self, action: dict[str, str]) -> bytes:
        return self._moved(action, pbx_places.redirect, "Redirect successful")

    def _bridge(self, action: dict[str, str]) -> bytes:
        return self._moved(action, pbx_places.bridge, "Channels have been bridged")

    def _moved(self, action: dict[str, str], move: Callable[[Pbx, dict[str, str]], None], done: str) -> bytes:
        try:
            move(self.pbx, action)
        except pbx_places.RefusedError as error:
            return self._answer(action, "Error", ("Message", str(error)))
        return self._answer(action, "Success", ("Message", done))

    def _getvar(self, action: dict[str, str]) -> bytes:
        found = re.fullmatch(r"DIALPLAN_EXISTS\(([^,]+),([^,]+),1\)", action["Variable"])
        if found is None:
            return self._answer(action, "Error", ("Message", "No such variable"))
        value = "1" if pbx_places.exists(self.pbx, found[1], found[2]) else "0"
        return self._answer(action, "Success", ("Variable", action["Variable"]), ("Value", value))

    def _mixmonitor(self, action: dict[str, str]) -> bytes:
        if not any(leg.name == action["Channel"] for leg in self.pbx.legs):
            return self._answer(action, "Error", ("Message", "Channel not found"))
        if self.pbx.monitor is not None:
            (self.pbx.monitor / action["File"]).write_bytes(self.pbx.sound)
        return self._answer(action, "Success", ("MixMonitorID", "0x7f52a8000c80"))

    def _spies(self, action: dict[str, str]) -> bool:
        channel, _, options = action["Data"].rpartition(",")
        heard = any(leg.name == channel for leg in self.pbx.legs)
        return action["Application"] == "ChanSpy" and heard and re.fullmatch("qES[wB]?", options) is not None

    def _hangup(self, action: dict[str, str]) -> bytes:
        leg = next((leg for leg in self.pbx.legs if leg.name == action["Channel"]), None)
        if leg is None:
            return self._answer(action, "Error", ("Message", "No such channel"))
        self.pbx.hang_up(leg)
        return self._answer(action, "Success", ("Message", "Channel Hungup"))
