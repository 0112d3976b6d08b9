"""Open sessions by token hash, kept for a few seconds so that most requests need no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from twisted.logger import Logger

from callcenter.administration.sessions import SessionInfo

_log = Logger(namespace="callcenter.administration")

KEPT_FOR = timedelta(seconds=5)
_MOST = 20_000

EndedListener = Callable[[Iterable[str]], None]
Unsubscribe = Callable[[], None]


class SessionCache:
    """What was read lately. Ending a session here also tells the listeners, which close its sockets.

    Other processes that change the same database are noticed after ``KEPT_FOR``.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[SessionInfo, datetime]] = {}
        self._seen: dict[str, datetime] = {}
        self._listeners: dict[object, EndedListener] = {}
        self.generation = 0

    def get(self, token_hash: str, now: datetime) -> SessionInfo | None:
        """The session, if it was read a moment ago."""
        found = self._known.get(token_hash)
        # What was read in the future was read before the wall was set back.
        if found is None or not timedelta() <= now - found[1] < KEPT_FOR or now >= found[0].expires_at:
            return None
        return found[0]

    def put(self, info: SessionInfo, generation: int, now: datetime) -> None:
        """Keep what was read while ``generation`` was current; what was read before an end is not believed."""
        if generation != self.generation:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[info.token_hash] = (info, now)

    def seen(self, token_hash: str, now: datetime) -> None:
        """The session was used; to be written down in a while."""
        self._seen[token_hash] = now

    def seen_at(self, token_hash: str) -> datetime | None:
        """When it was last used, if that is not written down yet."""
        return self._seen.get(token_hash)

    def take_seen(self) -> dict[str, datetime]:
        """All that is to be written down."""
        taken, self._seen = self._seen, {}
        return taken

    def end(self, token_hashes: Iterable[str]) -> None:
        """Forget these sessions, because they ended or because their rights changed, and tell the listeners."""
        ended = list(token_hashes)
        self.generation += 1
        for token_hash in ended:
            self._known.pop(token_hash, None)
            self._seen.pop(token_hash, None)
        for listener in list(self._listeners.values()) if ended else []:
            try:
                listener(ended)
            except Exception:  # noqa: BLE001 - one that fails must not keep the others' sockets open
                _log.failure("a listener for ended sessions failed")

    def drop(self, token_hash: str) -> None:
        """Read this session anew when it is next asked for; nobody is told."""
        self.generation += 1
        self._known.pop(token_hash, None)

    def listen(self, listener: EndedListener) -> Unsubscribe:
        """Call ``listener`` with the token hashes of sessions that ended, until the returned function is called."""
        key = object()
        self._listeners[key] = listener

        def unsubscribe() -> None:
            self._listeners.pop(key, None)

        return unsubscribe
