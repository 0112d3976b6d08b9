"""Words of systems and libraries are said in the language of the page, wherever a device or gateway told them."""

from __future__ import annotations

import errno
import os
import socket

import pytest
from OpenSSL import SSL
from twisted.internet import error
from twisted.internet.defer import CancelledError

from callcenter.text import translated
from hardware.client_tls import how_lost
from hardware.tcp_port import plainly
from hardware.websocket_words import plain_reason
from protocols import system_words
from protocols.sayings import Said, Saying, said, said_again
from tests.protocols.test_documented import chinese

PEER_LEFT = "peer dropped the TCP connection without previous WebSocket closing handshake"


def test_the_words_are_those_of_this_system() -> None:
    assert {os.strerror(number) for number in errno.errorcode} >= system_words.SYSTEM
    with pytest.raises(socket.gaierror) as failed:
        socket.getaddrinfo("not a name", 0, flags=socket.AI_NUMERICHOST)
    assert failed.value.strerror in system_words.NAMES


def test_every_word_has_another_in_chinese() -> None:
    assert [word for word in system_words.WORDS if chinese(word) == word] == []


@pytest.mark.parametrize(
    ("problem", "english", "words"),
    [
        (error.ConnectionRefusedError(osError=errno.ECONNREFUSED), "Connection refused", "连接被拒绝"),
        (error.NoRouteError(osError=errno.EHOSTUNREACH), "No route to host", "没有到达该主机的路由"),
        (error.TCPTimedOutError(osError=errno.ETIMEDOUT), "Connection timed out", "连接超时"),
        (error.TimeoutError(), "it does not answer", "对方没有应答"),
        (error.DNSLookupError("pbx.invalid"), "the name is not known", "域名无法识别"),
        (error.ConnectionDone(), "it closed the connection", "对方关闭了连接"),
        (error.ConnectionLost(), "the connection was lost", "连接中断"),
        (CancelledError(), "given up", "已放弃"),
        (ValueError("what no catalogue has"), "what no catalogue has", "what no catalogue has"),
    ],
)
def test_why_a_connection_could_not_be_made(problem: Exception, english: str, words: str) -> None:
    why = Said(Saying.CANNOT_CONNECT, peer="moxa:4001", why=plainly(problem))
    assert why == f"cannot connect to moxa:4001: {english}"
    for told in (why, said_again(said(why))):  # As it arose, and as it was written down.
        assert translated(chinese, told) == f"无法连接 moxa:4001：{words}"


def test_why_a_secure_connection_ended() -> None:
    problem = SSL.Error([("SSL routines", "", "wrong version number")])
    assert "协议版本不符" in translated(chinese, how_lost("smsc:2776", problem))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            f'connection was closed uncleanly ("{PEER_LEFT}")',
            "对方直接断开了连接",
        ),
        ('connection was closed uncleanly ("a reason of its own")', "a reason of its own"),
        ("a reason of its own", "a reason of its own"),
        ("", "对方关闭了连接"),
    ],
)
def test_why_a_websocket_was_closed(reason: str, words: str) -> None:
    assert words in translated(chinese, Said(Saying.SERVICE_GONE, why=plain_reason(reason)))
