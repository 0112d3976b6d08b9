"""What a service can refuse, and why. The web layer turns each into a problem document or a message on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ServiceError(Exception):
    """Base of every refusal. ``code`` is stable for programs; the message is for people, translatable by ``code``."""

    code = "refused"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class NotAllowedError(ServiceError):
    """The signed-in person's roles do not permit this."""

    code = "not-allowed"


class NotFoundError(ServiceError):
    """There is no such record, or none that this person may know of: the two are not told apart."""

    code = "not-found"


class ConflictError(ServiceError):
    """Somebody or something else was first; ``details`` says what is true now."""

    code = "conflict"


class InvalidError(ServiceError):
    """What was sent cannot be accepted. ``fields`` maps each field to what is wrong with it."""

    code = "invalid"

    def __init__(self, message: str, fields: Mapping[str, str] | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.fields = dict(fields or {})


class UnavailableError(ServiceError):
    """It cannot be done now (line lost, service stopping); trying again later may work."""

    code = "unavailable"
