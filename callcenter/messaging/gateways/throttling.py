"""Notices that a gateway is there and takes nothing: then others take over until it takes messages again. Pure.

To be throttled now and then is how a gateway keeps us to its rate; messages wait for it. To refuse a message for a
reason of its own is how it says that another should take that one; when it refuses all of them, something is wrong with
the account. ``protocols.sms_failures`` is the same in gateways that judge themselves and are lost by it.
"""

from __future__ import annotations

MOST_PAUSES = 5
"""With so many pauses in a row, between which nothing was taken, it is no rate any more that can be kept to."""
LONGEST = 60.0
"""Seconds of "not now" without anything taken after which it is none either."""
FORGOTTEN = 600.0
"""Seconds after which a "not now" has nothing to do with the one before."""
MOST_REFUSED = 5
"""With so many numbers in a row refused for one reason that is no message's, and none taken, all of them are."""
MOST_REFUSED_ANYHOW = 10
"""And so are they with so many whatever the reasons: what it calls by a code of its own may be wrong with a number."""
TRIAL_FIRST, TRIAL_MOST = 60.0, 900.0
"""Seconds until one message finds out whether it takes any again, doubling each time it does not."""


class Throttling:
    """Of one gateway. ``now`` is in seconds of a clock that does not go back."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._last = 0.0
        self._pauses = 0
        self._paused_until = float("-inf")
        self._out = self._trying = False
        self._trial_at = self._trial_pause = 0.0
        self._refused_since = 0.0
        self._refused: set[str] = set()
        self._alike: set[str] = set()
        self._why = ""
        self._refuses = False

    @property
    def out(self) -> bool:
        """Whether others are to take over. It stays so until the gateway took a message."""
        return self._out

    @property
    def began(self) -> float | None:
        """When it first took nothing, with nothing taken since; None: it takes messages, for all that is known."""
        return self._refused_since if self.refuses else self._began

    @property
    def refuses(self) -> str:
        """Why it refuses whatever it is given; empty: it does not. Then it is to be given but the one on trial."""
        return self._why if self._refuses else ""

    def on_trial(self, now: float) -> bool:
        """Whether, while it is ``out``, one message may find out."""
        return self._out and now >= self._trial_at

    def handed(self, now: float) -> None:
        """It was given messages: of a trial, these are it."""
        if self.on_trial(now):
            self._trying = True
            # Whatever becomes of them: without an answer the next trial comes in its time.
            self._trial_at = now + self._trial_pause

    def put_off(self, now: float) -> bool:
        """It did not take a message for now. Whether it is ``out`` by that and was not."""
        self._note(now)
        return self._judge(now)

    def paused(self, now: float, seconds: float) -> bool:
        """It asked for a pause of ``seconds``. Whether it is ``out`` by that and was not."""
        self._note(now)
        # Answers to what was on its way when a pause began are part of the same request; so are those that other
        # connections of the gateway get meanwhile.
        if now >= self._paused_until:
            self._pauses += 1
            self._paused_until = now + seconds
        return self._judge(now)

    def refused(self, now: float, number: str, why: str) -> bool:
        """It refused a message to ``number`` for a reason of its own. Whether it is ``out`` by that and was not.

        However often a number is refused it is one: what is wrong may be wrong with it.
        """
        if not self._refused:
            self._refused_since = now
        if why != self._why:
            self._alike.clear()
        self._why = why
        if not self._refuses:
            self._refused.add(number)
            self._alike.add(number)
            self._refuses = len(self._alike) >= MOST_REFUSED or len(self._refused) >= MOST_REFUSED_ANYHOW
        self._tried_in_vain(now)
        return self._refuses and self._put_out(now)

    def worked(self) -> bool:
        """It took a message, or found what is wrong with one. Whether it was ``out`` until now."""
        was_out, self._out, self._trying, self._began = self._out, False, False, None
        self._why, self._refuses = "", False
        self._refused.clear()
        self._alike.clear()
        return was_out

    def hurry(self, now: float) -> None:
        """Somebody wants to know whether it takes messages again."""
        self._trial_at = min(self._trial_at, now)

    def _note(self, now: float) -> None:
        lapsed = now - self._last > FORGOTTEN and not self._out
        if self._began is None or lapsed:
            self._began, self._pauses = now, 0
        self._last = now
        self._tried_in_vain(now)

    def _tried_in_vain(self, now: float) -> None:
        if self._trying:
            self._trying = False
            self._trial_pause = min(TRIAL_MOST, 2 * self._trial_pause)
            self._trial_at = now + self._trial_pause

    def _judge(self, now: float) -> bool:
        if self._began is None or (self._pauses < MOST_PAUSES and now - self._began < LONGEST):
            return False
        return self._put_out(now)

    def _put_out(self, now: float) -> bool:
        if self._out:
            return False
        self._out, self._trial_pause, self._trial_at = True, TRIAL_FIRST, now + TRIAL_FIRST
        return True
