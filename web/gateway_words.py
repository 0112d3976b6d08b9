"""SMS gateways in words: their kinds, states and ways of counting."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from callcenter.text import N_

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "cmpp2": N_("CMPP 2.0 (China Mobile)"),
        "cmpp3": N_("CMPP 3.0 (China Mobile)"),
        "smpp": N_("SMPP 3.4"),
        "gsm": N_("GSM modem with a SIM card"),
        "http": N_("HTTP provider"),
    }
)

ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "cmpp2": N_("The older version, which many providers still speak."),
        "cmpp3": N_("What most providers in China offer, whatever the network."),
        "smpp": N_("Providers outside China, and some within."),
        "gsm": N_("A SIM card in a modem at the server: slow, without a contract with a provider."),
        "http": N_("56短信网, the sms.aspx family, LinkWS, or another that is asked by web address."),
    }
)
"""What each kind is for."""

ARRANGED: Mapping[str, str] = MappingProxyType(
    {
        "name": N_("Name"),
        "in_service": N_("The gateway is in service"),
        "trace": N_("Raw trace in a file"),
        "purposes": N_("Purposes"),
        "prefixes": N_("Prefixes"),
        "priority": N_("Priority"),
        "cost": N_("Cost of a part"),
        "signature": N_("Signature"),
        "adds_signature": N_("The gateway adds the signature by itself"),
        "counting": N_("Counting of parts"),
        "number": N_("Number that patients see"),
        "balance_low": N_("Warn when fewer messages are left"),
    }
)
"""What can be set on any gateway."""

STATES: Mapping[str, str] = MappingProxyType(
    {
        "ready": N_("Ready"),
        "connecting": N_("Connecting"),
        "lost": N_("Connection lost"),
        "refused": N_("Refused by the gateway"),
        "out_of_service": N_("Out of service"),
        "stopped": N_("Not running"),
    }
)
MARKS: Mapping[str, str] = MappingProxyType(
    {"ready": "idle", "connecting": "ringing", "lost": "lost", "refused": "lost", "out_of_service": "out_of_service"}
)
"""State → the mark of lines that looks alike."""

COUNTINGS: Mapping[str, str] = MappingProxyType(
    {"china": N_("Every character one: 70, then 67"), "gsm": N_("GSM alphabet: 160/153, else 70/67")}
)
