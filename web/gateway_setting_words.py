"""The settings of SMS gateways as people know them: what each is called, what is written there or chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from callcenter.text import N_
from hardware.settings import STANDARD_BAUD_RATES


@dataclass(frozen=True)
class SettingWords:
    """What a setting is called, and what is to be written there."""

    label: str
    help: str


_W = SettingWords

WORDS: Mapping[str, SettingWords] = MappingProxyType(
    {
        # Any kind.
        "rate": _W(N_("Most SMS parts per second"), N_("What the contract allows. A long text is several parts.")),
        "gsm.rate": _W(
            N_("Most SMS parts per second"), N_("0.2 is 12 a minute. Networks block SIM cards that send faster.")
        ),
        "window": _W(N_("Most parts without an answer"), N_("More are not sent before some are answered.")),
        # CMPP and SMPP.
        "host": _W(N_("Host"), N_("Name or address of the gateway, such as 221.179.1.2.")),
        "port": _W(N_("Port"), N_("From the provider.")),
        "connections": _W(N_("Connections"), N_("As many as the account may have at once.")),
        "heartbeat": _W(
            N_("Heartbeat, seconds"), N_("After so long a silence the gateway is asked whether it is there.")
        ),
        "answer_timeout": _W(
            N_("Wait for answers, seconds"), N_("What is not answered by then counts as unconfirmed.")
        ),
        "numbers": _W(N_("How numbers are written"), N_("As the provider wants the numbers of patients.")),
        "country": _W(N_("Country code"), N_("What national numbers lack; 86 for China.")),
        "validity": _W(
            N_("How validity is written"), N_("How the gateway is told until when a message is worth sending.")
        ),
        "utc_offset": _W(
            N_("The gateway’s clock, hours ahead of UTC"), N_("8 for Beijing time. Times of receipts are read by it.")
        ),
        # CMPP.
        "sp_id": _W(N_("Account (SP_Id)"), N_("The company code, usually six digits.")),
        "secret": _W(N_("Password"), N_("The shared secret of the account.")),
        "sp_number": _W(N_("Access number"), N_("The number that patients see, such as 10690123. Digits.")),
        "service_id": _W(N_("Service id"), N_("Service_Id, from the contract.")),
        "msg_source": _W(N_("Source of messages (Msg_src)"), N_("Empty: as the account.")),
        "fee_user_type": _W(N_("Who pays (Fee_UserType)"), N_("With nearly all contracts it is the hospital.")),
        "fee_terminal": _W(N_("Number that pays (Fee_terminal_Id)"), N_("Empty unless the contract names one.")),
        "fee_type": _W(N_("Kind of fee (FeeType)"), N_("01: free for the patient.")),
        "fee_code": _W(N_("Fee (FeeCode)"), N_("In fen; 0 unless the contract says otherwise.")),
        "level": _W(N_("Urgency (Msg_level)"), N_("0 is usual.")),
        "gbk": _W(N_("Chinese as GBK"), N_("Only if the provider asks for it; UCS2 otherwise.")),
        # SMPP.
        "tls": _W(N_("Encrypted (TLS)"), N_("The certificate must name the host.")),
        "authorities": _W(
            N_("Certificates to trust"), N_("A PEM file on the server. Empty: those that the system trusts.")
        ),
        "bind": _W(N_("Signs in as"), N_("As the provider says; usually a transceiver.")),
        "system_id": _W(N_("Account (system_id)"), N_("From the provider.")),
        "password": _W(N_("Password"), N_("From the provider.")),
        "system_type": _W(N_("System type"), N_("Usually empty.")),
        "service_type": _W(N_("Service type"), N_("Usually empty.")),
        "source": _W(N_("Sender"), N_("Number or name that patients see, unless a message has its own.")),
        "source_ton": _W(N_("Sender: kind of number (TON)"), N_("0 unknown, 1 international, 2 national, 5 a name.")),
        "source_npi": _W(N_("Sender: numbering plan (NPI)"), N_("0 unknown, 1 telephone numbers.")),
        "destination_ton": _W(N_("Recipient: kind of number (TON)"), N_("0 unknown, 1 international, 2 national.")),
        "destination_npi": _W(N_("Recipient: numbering plan (NPI)"), N_("0 unknown, 1 telephone numbers.")),
        "address_range": _W(N_("Numbers it listens for (address_range)"), N_("Usually empty.")),
        "alphabet": _W(N_("Alphabet of data_coding 0"), N_("What the gateway takes as its default alphabet.")),
        "joining": _W(
            N_("How parts of a text are joined"), N_("By a header in each part, unless the provider says otherwise.")
        ),
        "payload": _W(N_("Text as message_payload"), N_("Only if the provider asks for it.")),
        "answer_ids": _W(N_("Ids in answers"), N_("How the gateway writes them when it takes a message.")),
        "receipt_ids": _W(
            N_("Ids in receipts"), N_("If this is wrong, no receipt finds its message: ask the provider.")
        ),
        # GSM modems.
        "gsm.port": _W(N_("Serial port"), N_("Such as /dev/serial/by-id/…, usb:12d1:1506 or tcp://192.168.1.20:4001.")),
        "baud": _W(N_("Bits per second"), N_("Without meaning on USB.")),
        "pin": _W(N_("PIN of the SIM card"), N_("4 to 8 digits. Better: switch the PIN off on the SIM card.")),
        "gsm.number": _W(N_("Number of the SIM card"), N_("Such as +8613800138000; shown as whom patients wrote to.")),
        "service_centre": _W(
            N_("Number of the SMS centre"), N_("Such as +8613800100500. Empty: the one on the SIM card.")
        ),
        "storage": _W(N_("Where the modem keeps messages"), N_("Change it only if replies get lost.")),
        "reports": _W(N_("How receipts come"), N_("Few modems can keep them.")),
        # HTTP providers.
        "url": _W(
            N_("Address (URL)"), N_("The folder of the provider’s pages, such as http://sms.example.com/ or https://….")
        ),
        "preset": _W(N_("Provider"), N_("By the pages that the provider’s documents name.")),
        "account": _W(N_("Account"), N_("From the provider.")),
        "company": _W(N_("Company id"), N_("comid of 56短信网, userid of sms.aspx; empty for others.")),
        "sender": _W(N_("Access number"), N_("The number that extensions follow. Digits.")),
        "fetch": _W(
            N_("Fetch receipts and replies"), N_("Each comes once: switch it off if another program fetches them.")
        ),
        "inside": _W(
            N_("The provider is in the hospital’s own network"),
            N_("Otherwise no address of this network is connected to."),
        ),
        "push_secret": _W(
            N_("Secret for pushes"),
            N_("At least 16 characters. With it the provider may push receipts and replies to us."),
        ),
    }
)
"""By the setting's name, or by ``kind.name`` where it is another thing there. Those of ``own`` are in ``OWN_WORDS``."""

OWN_WORDS: Mapping[str, SettingWords] = MappingProxyType(
    {
        "method": _W(N_("Method"), N_("POST sends a form, GET writes it into the address.")),
        "charset": _W(N_("Charset"), N_("In which the provider reads and writes.")),
        "path": _W(N_("Page for sending"), N_("Behind the address, such as sms/send.")),
        "fields": _W(
            N_("Fields of the request"),
            N_(
                "One a line: name = value. In braces: account password password_md5 company numbers count text "
                "extension key time. numbers and text are needed."
            ),
        ),
        "accepted": _W(N_("Answer: accepted if it contains"), N_('A regular expression, such as "code":\\s*0.')),
        "gateway_id": _W(
            N_("Answer: the message’s id"), N_("A regular expression; what its parentheses find is the id.")
        ),
        "code": _W(
            N_("Answer: the code of a refusal"), N_("A regular expression; what its parentheses find is the code.")
        ),
        "words": _W(
            N_("Answer: the words of a refusal"), N_("A regular expression; what its parentheses find is shown.")
        ),
        "codes": _W(
            N_("What codes mean"),
            N_(
                "One a line: code = meaning words, such as 102 = gateway no credit. The meaning is later (try again), "
                "never, or gateway (another gateway may take it)."
            ),
        ),
        "longest": _W(N_("Longest text, characters"), N_("Of one request.")),
        "joins": _W(N_("The provider joins long texts"), N_("Then a long text goes out in one request.")),
        "balance_path": _W(N_("Page for the balance"), N_("Behind the address, such as sms/balance.")),
        "balance_fields": _W(N_("Fields of the question for the balance"), N_("One a line: name = value.")),
        "balance": _W(
            N_("Answer: the balance"),
            N_("A regular expression; what its parentheses find is the number. Empty: not asked for."),
        ),
    }
)
"""What a provider of one's own has, by its name."""

LABELS: Mapping[str, str] = MappingProxyType(
    {name.partition(".")[2]: words.label for name, words in WORDS.items() if "." in name}
    | {name: words.label for name, words in WORDS.items() if "." not in name}
    | {f"own.{name}": words.label for name, words in OWN_WORDS.items()}
)
"""What settings are called where their kind is not known."""

_IDS = {"text": N_("as text"), "decimal": N_("decimal"), "hex": N_("hexadecimal")}

CHOICES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "numbers": {
            "national": "13800138000",
            "international": "8613800138000",
            "digits": "8613800138000",
            "plus": "+8613800138000",
        },
        "validity": {
            "relative": N_("for so long"),
            "absolute": N_("until a moment"),
            "none": N_("not at all"),
        },
        "fee_user_type": {
            "0": N_("the recipient"),
            "1": N_("the sender’s number"),
            "2": N_("the hospital"),
            "3": N_("the number that pays, below"),
        },
        "bind": {
            "transceiver": N_("transceiver: one connection for everything"),
            "pair": N_("transmitter and receiver: two connections"),
            "transmitter": N_("transmitter: neither receipts nor replies"),
        },
        "alphabet": {"gsm7": "GSM 7 bit", "ascii": "ASCII", "latin1": "Latin-1"},
        "joining": {"udh": N_("by a header (UDH)"), "sar": N_("by sar_ parameters")},
        "answer_ids": _IDS,
        "receipt_ids": _IDS,
        "baud": {str(rate): str(rate) for rate in STANDARD_BAUD_RATES},
        "storage": {
            "": N_("as the modem is set"),
            "SM": N_("SIM card"),
            "ME": N_("modem"),
            "MT": N_("both"),
        },
        "reports": {
            "inline": N_("told at once"),
            "stored": N_("kept by the modem until read"),
            "none": N_("none"),
        },
        "preset": {
            "sms56_a": N_("56短信网, first table of codes"),
            "sms56_b": N_("56短信网, second table of codes"),
            "sms56_md5_a": N_("56短信网, password as MD5, first table of codes"),
            "sms56_md5_b": N_("56短信网, password as MD5, second table of codes"),
            "sms_aspx": N_("sms.aspx family, UTF-8"),
            "sms_aspx_gbk": N_("sms.aspx family, GBK"),
            "linkws": "LinkWS",
            "custom": N_("another provider, described below"),
        },
        "own.method": {"GET": "GET", "POST": "POST"},
        "own.charset": {"utf-8": "UTF-8", "gbk": "GBK"},
    }
)
"""What can be chosen, in words. For a setting that is a number these are all that there is."""


def words_for(kind: str, name: str) -> SettingWords | None:
    """The words of the setting ``name`` of ``kind``; ``own.NAME`` is one of a provider of one's own."""
    if name.startswith("own."):
        return OWN_WORDS.get(name.removeprefix("own."))
    return WORDS.get(f"{kind}.{name}", WORDS.get(name))
