"""The dialogue that makes a modem ready: is it there, its SIM, its network, PDU mode, what it announces."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.gsm_modem.dialogue import Dialogue, Reply, command, escape, pause, value_of
from protocols.gsm_modem.settings import GsmSettings, ReportRoute, Storage
from protocols.sayings import Said, Saying

PROBES = 3
_ROUTES = {ReportRoute.INLINE: (1, 2), ReportRoute.STORED: (2, 1), ReportRoute.NONE: ()}
_NO_SIM, _SIM_BUSY = frozenset({10, 310}), frozenset({14, 314})
# <stat> of AT+CREG (3GPP TS 27.007, section 7.2): at home, roaming, and the two again for short messages only.
_REGISTERED, _DENIED = frozenset("1567"), "3"


@dataclass(frozen=True)
class ModemSetup:
    """What was found. ``memory`` is where messages are kept; ``announces`` is false for a modem that has to be asked;
    ``reports`` whether it passes status reports on.
    """

    memory: str
    announces: bool
    reports: bool


@dataclass(frozen=True)
class SetupFailure:
    """Why the modem cannot be used; ``refused`` if the SIM does not let us."""

    reason: str
    refused: bool = False


class Pin:
    """The PIN is tried once: the third wrong one blocks the SIM."""

    def __init__(self, pin: str) -> None:
        self.digits = pin
        self.refused = False


def set_up(settings: GsmSettings, pin: Pin) -> Dialogue[ModemSetup | SetupFailure]:
    """Set the modem up from any state it may have been left in."""
    timings = settings.timings
    # A modem that was left at its prompt would take what follows for a message.
    yield escape(timings.escape)
    if not (yield from _alive(settings)):
        return SetupFailure(Said(Saying.SILENT_TO_AT))
    for line in ("ATE0", "AT+CMEE=1"):
        yield command(line, timings.command)
    problem = yield from _unlock(settings, pin)
    problem = problem or (yield from _find_network(settings))
    problem = problem or (yield from _pdu_mode(settings))
    if problem is not None:
        return problem
    memory = yield from _memory(settings)
    return (yield from _announcements(settings, memory))


def network_problem(reply: Reply) -> SetupFailure | None:
    """What the answer to AT+CREG? says against sending; nothing if the modem does not know the command."""
    value = value_of(reply, "CREG")
    if value is None:
        return None
    fields = value.split(",")
    state = fields[1 if len(fields) > 1 else 0].strip()
    if state in _REGISTERED:
        return None
    return SetupFailure(Said(Saying.NETWORK_DENIED if state == _DENIED else Saying.NO_NETWORK))


def _alive(settings: GsmSettings) -> Dialogue[bool]:
    for _ in range(PROBES):
        reply = yield command("AT", settings.timings.probe)
        if reply.result is not None:
            # The answers to earlier ones, which came late, must not be taken for those to what follows.
            yield pause(settings.timings.escape)
            return True
    return False


def _unlock(settings: GsmSettings, pin: Pin) -> Dialogue[SetupFailure | None]:
    timings = settings.timings
    for _ in range(PROBES):
        reply = yield command("AT+CPIN?", timings.command)
        if reply.result is None or reply.ok or reply.result.number not in _SIM_BUSY:
            break
        yield pause(timings.look)
    if reply.result is not None and not reply.ok:
        return _sim_problem(reply)
    state = value_of(reply, "CPIN") or "READY"
    if state == "READY":
        return None
    if state != "SIM PIN":
        return SetupFailure(_said_of_lock(state), refused=True)
    if pin.refused:
        return SetupFailure(Said(Saying.SIM_PIN_REFUSED), refused=True)
    if not pin.digits:
        return SetupFailure(Said(Saying.SIM_WANTS_PIN), refused=True)
    pin.refused = True
    reply = yield command(f'AT+CPIN="{pin.digits}"', timings.read)
    if not reply.ok:
        return SetupFailure(Said(Saying.SIM_PIN_REFUSED), refused=True)
    pin.refused = False
    yield pause(timings.look)
    return None


def _said_of_lock(state: str) -> Said:
    return Said(Saying.SIM_WANTS_PUK) if state == "SIM PUK" else Said(Saying.SIM_UNUSABLE, why=state)


def _sim_problem(reply: Reply) -> SetupFailure | None:
    error = reply.result
    if error is None or not error.family:
        # A modem without the command: it shows when a message is sent.
        return None
    if error.number in _NO_SIM:
        return SetupFailure(Said(Saying.SIM_ABSENT))
    return SetupFailure(Said(Saying.SIM_UNUSABLE, why=f"{error.family} {error.code}"))


def _find_network(settings: GsmSettings) -> Dialogue[SetupFailure | None]:
    timings = settings.timings
    problem = None
    for _ in range(max(1, int(timings.network / timings.look))):
        problem = network_problem((yield command("AT+CREG?", timings.command)))
        if problem is None:
            return None
        yield pause(timings.look)
    return problem


def _pdu_mode(settings: GsmSettings) -> Dialogue[SetupFailure | None]:
    timings = settings.timings
    reply = yield command("AT+CMGF=0", timings.command)
    if not reply.ok:
        return SetupFailure(Said(Saying.NO_PDU_MODE))
    if settings.service_centre:
        kind = 145 if settings.service_centre.startswith("+") else 129
        yield command(f'AT+CSCA="{settings.service_centre}",{kind}', timings.command)
    reply = yield command("AT+CSCA?", timings.command)
    if re.match(r'""|,', value_of(reply, "CSCA") or "unknown"):
        return SetupFailure(Said(Saying.NO_SERVICE_CENTRE))
    return None


def _memory(settings: GsmSettings) -> Dialogue[str]:
    timings = settings.timings
    wanted = settings.storage
    if wanted is not Storage.AS_IT_IS:
        for places in (f'"{wanted}","{wanted}","{wanted}"', f'"{wanted}","{wanted}"', f'"{wanted}"'):
            if (yield command(f"AT+CPMS={places}", timings.command)).ok:
                break
    reply = yield command("AT+CPMS?", timings.command)
    found = re.match(r'"([A-Z]{2})"', value_of(reply, "CPMS") or "")
    return found[1] if found else ""


def _announcements(settings: GsmSettings, memory: str) -> Dialogue[ModemSetup | SetupFailure]:
    """Messages are kept and announced: one that is passed on at once is lost if nobody listens."""
    for route in (*_ROUTES[settings.reports], 0):
        for mode in (2, 1):
            reply = yield command(f"AT+CNMI={mode},1,0,{route},0", settings.timings.command)
            if reply.result is None:
                return SetupFailure(Said(Saying.SILENT_IN_SETUP))
            if reply.ok:
                return ModemSetup(memory, announces=True, reports=route > 0)
    return ModemSetup(memory, announces=False, reports=False)
