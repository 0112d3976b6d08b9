"""The providers that are known. Sources: the interface descriptions that they hand to their customers."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from protocols.http_sms.provider import AnswerRules, Balance, Charset, Form, Harvest, Meaning, Provider, Pull
from protocols.sms import Refusal

LATER, NEVER, GATEWAY = Refusal.LATER, Refusal.NEVER, Refusal.GATEWAY


class Preset(enum.StrEnum):
    """A provider's name in the settings."""

    SMS56_A = "sms56_a"
    """56短信网, with the first of its two tables of codes; the account's contract says which."""
    SMS56_B = "sms56_b"
    SMS56_MD5_A = "sms56_md5_a"
    """The same with the password as MD5."""
    SMS56_MD5_B = "sms56_md5_b"
    SMS_ASPX = "sms_aspx"
    """The many that have sms.aspx, statusApi.aspx and callApi.aspx."""
    SMS_ASPX_GBK = "sms_aspx_gbk"
    LINKWS = "linkws"
    CUSTOM = "custom"
    """Everything from the settings."""


_INTEGER = r"^\s*(-\d+)\s*$"
_ENVELOPED = r"^\s*(?:<\?xml[^>]*>\s*)?(?:<(?:int|long|string)\b[^>]*>)?\s*(%s)\s*(?:</\w+>)?\s*$"
"""A number alone, or in the envelope of a web service, but not somewhere in a page."""

_56_A: Mapping[str, Meaning] = {
    "-1": Meaning(NEVER, "bad number"),
    "-2": Meaning(NEVER, "no content"),
    "-3": Meaning(GATEWAY, "wrong user or password", account=True),
    "-4": Meaning(GATEWAY, "wrong platform", account=True),
    "-5": Meaning(GATEWAY, "no credit"),
    "-6": Meaning(GATEWAY, "balance below what would be sent"),
    "-7": Meaning(NEVER, "more than 70 characters"),
    "-8": Meaning(NEVER, "forbidden content"),
    "-9": Meaning(LATER, "system or network error"),
    "-10": Meaning(LATER, "system or network error"),
    "-21": Meaning(NEVER, "no signature"),
}
_56_B: Mapping[str, Meaning] = {
    "-1": Meaning(GATEWAY, "wrong user or password", account=True),
    "-2": Meaning(NEVER, "no content"),
    "-3": Meaning(GATEWAY, "no platform", account=True),
    "-4": Meaning(NEVER, "no number"),
    "-5": Meaning(GATEWAY, "no credit"),
    "-22": Meaning(NEVER, "forbidden number"),
    "-23": Meaning(GATEWAY, "user blocked", account=True),
}


def _sms56(page: str, password: str, codes: Mapping[str, Meaning]) -> Provider:
    who = {"comid": "{company}", "username": "{account}"}
    message = {"handtel": "{numbers}", "sendcontent": "{text}", "sendtime": "", "smsnumber": "{extension}"}
    return Provider(
        send=Form(page, who | {"userpwd": password} | message),
        answer=AnswerRules(r"^\s*1\s*$", code=_INTEGER, codes=codes),
        charset=Charset.GBK,
        longest=70,
        balance=Balance(
            Form("HttpInterfaceR.aspx", who | {"userpwd": "{password}", "action": "moneyc"}), r"^\s*(\d+)\s*(?:#|$)"
        ),
    )


def _sms_aspx(charset: Charset) -> Provider:
    who = {"userid": "{company}", "account": "{account}", "password": "{password}"}
    message = {"mobile": "{numbers}", "content": "{text}", "sendTime": "", "extno": "{extension}"}
    return Provider(
        send=Form("sms.aspx", {"action": "send"} | who | message),
        answer=AnswerRules(
            accepted=r"(?i)<returnstatus>\s*Suc",
            gateway_id=r"(?i)<taskID>\s*([^<\s]+)",
            code=r"(?i)<returnstatus>\s*([^<\s]+)",
            words=r"(?i)<message>\s*([^<]*)",
            hints={
                "余额": Meaning(GATEWAY),
                "密码": Meaning(GATEWAY, account=True),
                "用户": Meaning(GATEWAY, account=True),
                "非法": Meaning(NEVER),
                "敏感": Meaning(NEVER),
                "屏蔽": Meaning(NEVER),
                "号码": Meaning(NEVER),
                "内容": Meaning(NEVER),
                "签名": Meaning(NEVER),
            },
        ),
        charset=charset,
        longest=500,
        joins=True,
        balance=Balance(Form("sms.aspx", {"action": "overage"} | who), r"(?i)<overage>\s*(\d+)"),
        pulls=(
            Pull(Form("statusApi.aspx", {"action": "query"} | who), Harvest.STATUS_XML),
            Pull(Form("callApi.aspx", {"action": "query"} | who), Harvest.REPLY_XML),
        ),
    )


def _linkws() -> Provider:
    who = {"CorpID": "{account}", "Pwd": "{password}"}
    message = {"Mobile": "{numbers}", "Content": "{text}", "Cell": "{extension}", "SendTime": ""}
    return Provider(
        send=Form("LinkWS.asmx/Send", who | message),
        answer=AnswerRules(
            accepted=_ENVELOPED % r"[1-9]\d*",
            code=_ENVELOPED % r"-\d+",
            codes={
                "-1": Meaning(GATEWAY, "account not known", account=True),
                "-3": Meaning(GATEWAY, "wrong password", account=True),
                "-5": Meaning(GATEWAY, "no credit"),
                "-7": Meaning(NEVER, "no signature"),
                "-101": Meaning(LATER, "asked too often"),
            },
        ),
        charset=Charset.GBK,
        longest=300,
        joins=True,
        pulls=(Pull(Form("LinkWS.asmx/Get", who), Harvest.HASHES, every=60.0),),
    )


PRESETS: Mapping[Preset, Provider] = {
    Preset.SMS56_A: _sms56("HttpInterface.aspx", "{password}", _56_A),
    Preset.SMS56_B: _sms56("HttpInterface.aspx", "{password}", _56_B),
    Preset.SMS56_MD5_A: _sms56("HttpInterfaceMd5.aspx", "{password_md5}", _56_A),
    Preset.SMS56_MD5_B: _sms56("HttpInterfaceMd5.aspx", "{password_md5}", _56_B),
    Preset.SMS_ASPX: _sms_aspx(Charset.UTF8),
    Preset.SMS_ASPX_GBK: _sms_aspx(Charset.GBK),
    Preset.LINKWS: _linkws(),
}
