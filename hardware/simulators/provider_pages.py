"""The pages of the simulated providers, each in the manner of its family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from hardware.simulators.provider_books import Books
from hardware.simulators.provider_requests import AnswerRequest, Manner

Fields = Mapping[str, str]
_ENDLESS = 2_000_000
_USUAL_56, _USUAL_ASPX, _USUAL_LINKWS = "-8", "内容含有非法词语", "-7"
"""What a page says when it refuses a message, if nothing else is asked for."""


class Pages(Resource):
    """All pages of all families. ``charset`` is that of the sms.aspx family; ``table`` that of 56短信网."""

    isLeaf = True  # noqa: N815 - the name that Twisted reads

    def __init__(self, books: Books, clock: IReactorTime, charset: str, table: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._books = books
        self._clock = clock
        self._table = table
        self._held: set[IDelayedCall] = set()
        self._requests = 0
        self.close_after = 0
        self._pages: dict[str, tuple[str, Callable[[Fields, AnswerRequest | None], str]]] = {
            "HttpInterface.aspx": ("gbk", self._sms56), "HttpInterfaceMd5.aspx": ("gbk", self._sms56_md5),
            "HttpInterfaceR.aspx": ("gbk", self._sms56_credit), "sms.aspx": (charset, self._sms_aspx),
            "statusApi.aspx": (charset, self._status), "callApi.aspx": (charset, self._calls),
            "Send": ("gbk", self._linkws), "Get": ("gbk", self._linkws_get),
        }  # fmt: skip

    def render(self, request: Any) -> Any:
        """Answer to a GET or a POST."""
        page = self._pages.get(request.path.decode("latin-1").rsplit("/", 1)[-1])
        if page is None:
            request.setResponseCode(404)
            return b"<html>not here</html>"
        self._requests += 1
        if self.close_after and self._requests % self.close_after == 0:
            request.transport.abortConnection()
            return NOT_DONE_YET
        charset, answer = page
        fields = {name.decode("latin-1"): values[0].decode(charset) for name, values in request.args.items()}
        sends = answer in (self._sms56, self._sms56_md5, self._linkws) or fields.get("action") == "send"
        how = self._books.answer() if sends else None
        words = answer(fields, how).encode(charset)
        request.setHeader("Content-Type", "text/html; charset=" + ("gb2312" if charset == "gbk" else charset))
        if how is None:
            return words
        return self._in_its_manner(request, how, words)

    def stop(self) -> None:
        """Answer nothing any more."""
        for held in self._held:
            if held.active():
                held.cancel()

    def _in_its_manner(self, request: Any, how: AnswerRequest, words: bytes) -> Any:
        request.setResponseCode(how.status)
        if how.retry_after is not None:
            request.setHeader("Retry-After", str(how.retry_after))
        match how.manner:
            case Manner.SILENT:
                return NOT_DONE_YET
            case Manner.CLOSE:
                request.transport.abortConnection()
                return NOT_DONE_YET
            case Manner.REDIRECT:
                request.setResponseCode(302)
                request.setHeader("Location", "/HttpInterface.aspx")
                return b""
            case Manner.HTML:
                words = b"<!DOCTYPE html><html><body>1 maintenance 1</body></html>"
            case Manner.ENDLESS:
                words = b"1" * _ENDLESS
            case Manner.GIBBERISH:
                request.setHeader("Content-Type", "text/plain")
                words = b"\xff\xfe\x81\x00\xff"
            case Manner.RIGHT:
                pass
        if not how.delay:
            return words
        self._held.add(self._clock.callLater(how.delay, _finish, request, words))
        return NOT_DONE_YET

    def _taken(self, how: AnswerRequest | None, numbers: str, text: str, extension: str) -> str | None:
        """The name of the message, None if it is refused."""
        if how is None or how.code or how.refuses:
            return None
        return self._books.take(numbers, text, extension, how)

    def _sms56(self, fields: Fields, how: AnswerRequest | None) -> str:
        return self._sms56_with(fields, how, hashed=False)

    def _sms56_md5(self, fields: Fields, how: AnswerRequest | None) -> str:
        return self._sms56_with(fields, how, hashed=True)

    def _sms56_with(self, fields: Fields, how: AnswerRequest | None, *, hashed: bool) -> str:
        if not self._books.lets_in(fields["username"], fields["userpwd"], hashed=hashed):
            return "-3" if self._table == "a" else "-1"
        if len(fields["sendcontent"]) > 70:
            return "-7"
        if self._books.credit <= 0:
            return "-5"
        task = self._taken(how, fields["handtel"], fields["sendcontent"], fields.get("smsnumber", ""))
        return "1" if task else _refusal(how, _USUAL_56)

    def _sms56_credit(self, fields: Fields, _: AnswerRequest | None) -> str:
        return f"{self._books.credit}#0#" if self._books.lets_in(fields["username"], fields["userpwd"]) else "-1"

    def _sms_aspx(self, fields: Fields, how: AnswerRequest | None) -> str:
        if not self._books.lets_in(fields["account"], fields["password"]):
            return _returned("Faild", "用户名或密码不能为空", "")
        if fields["action"] == "overage":
            credit = f"<payinfo>预付费</payinfo><overage>{self._books.credit}</overage><sendTotal>9</sendTotal>"
            return _returned("Sucess", "", credit)
        task = self._taken(how, fields["mobile"], fields["content"], fields.get("extno", ""))
        if task is None:
            return _returned("Faild", _refusal(how, _USUAL_ASPX), "<taskID>0</taskID>")
        rest = f"<remainpoint>{self._books.credit}</remainpoint><taskID>{task}</taskID><successCounts>1</successCounts>"
        return _returned("Success", "操作成功", rest)

    def _status(self, fields: Fields, _: AnswerRequest | None) -> str:
        return self._boxes(fields, "statusbox", self._books.receipts)

    def _calls(self, fields: Fields, _: AnswerRequest | None) -> str:
        return self._boxes(fields, "callbox", self._books.replies)

    def _boxes(self, fields: Fields, name: str, waiting: Any) -> str:
        if not self._books.lets_in(fields["account"], fields["password"]):
            return _returned("Faild", "密码错误", "")
        boxes = "".join(
            f"<{name}>" + "".join(f"<{key}>{escape(value)}</{key}>" for key, value in box.items()) + f"</{name}>\r\n"
            for box in self._books.fetched(waiting)
        )
        return f'<?xml version="1.0" encoding="utf-8" ?><returnsms>\r\n{boxes}</returnsms>'

    def _linkws(self, fields: Fields, how: AnswerRequest | None) -> str:
        if not self._books.lets_in(fields["CorpID"], fields["Pwd"]):
            return _enveloped("int", "-3")
        task = self._taken(how, fields["Mobile"], fields["Content"], fields.get("Cell", ""))
        return _enveloped("int", "1" if task else _refusal(how, _USUAL_LINKWS))

    def _linkws_get(self, fields: Fields, _: AnswerRequest | None) -> str:
        if not self._books.lets_in(fields["CorpID"], fields["Pwd"]):
            return _enveloped("string", "-3")
        replies = [
            f"||{one['mobile']}#{escape(one['content'])}#{one['receivetime']}#{one['extno']}"
            for one in self._books.fetched(self._books.replies)
        ]
        return _enveloped("string", "".join(replies))


def _finish(request: Any, words: bytes) -> None:
    if request.channel is not None:
        request.write(words)
        request.finish()


def _refusal(how: AnswerRequest | None, usual: str) -> str:
    return usual if how is None else how.code or usual


def _returned(status: str, message: str, rest: str) -> str:
    head = '<?xml version="1.0" encoding="utf-8" ?>'
    return f"{head}<returnsms><returnstatus>{status}</returnstatus><message>{message}</message>{rest}</returnsms>"


def _enveloped(kind: str, value: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\r\n<{kind} xmlns="http://tempuri.org/">{value}</{kind}>'
