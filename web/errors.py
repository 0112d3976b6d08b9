"""Refusals of the web layer itself, and how every refusal is told: RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from callcenter.errors import InvalidError, ServiceError
from callcenter.text import N_, translated


class SignedOutError(ServiceError):
    """Nobody is signed in, or the session has ended."""

    code = "signed-out"


class PasswordExpiredError(ServiceError):
    """The password must be changed before anything else."""

    code = "password-expired"


class ForgeryError(ServiceError):
    """The request did not come from one of our own pages: Origin or CSRF token is wrong."""

    code = "forgery"


class MalformedError(ServiceError):
    """The request cannot be read: broken JSON, too deep, not UTF-8."""

    code = "malformed"


class TooLargeError(ServiceError):
    """The body is larger than the server takes."""

    code = "too-large"


class WrongTypeError(ServiceError):
    """The Content-Type is not one that this address takes."""

    code = "wrong-type"


class WrongMethodError(ServiceError):
    """There is such an address, but not for this method."""

    code = "wrong-method"


STATUS: Mapping[str, int] = MappingProxyType(
    {
        "malformed": 400,
        "signed-out": 401,
        "sign-in-refused": 401,
        "not-allowed": 403,
        "forgery": 403,
        "password-expired": 403,
        "not-found": 404,
        "wrong-method": 405,
        "conflict": 409,
        "too-large": 413,
        "wrong-type": 415,
        "invalid": 422,
        "locked": 429,
        "too-many": 429,
        "failed": 500,
        "unavailable": 503,
    }
)
"""Code of a refusal → HTTP status; 400 for a code that is not here."""

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "malformed": N_("The request cannot be read"),
        "signed-out": N_("Please sign in"),
        "sign-in-refused": N_("Sign-in refused"),
        "not-allowed": N_("Not allowed"),
        "forgery": N_("The request did not come from this site"),
        "password-expired": N_("The password must be changed first"),
        "not-found": N_("Not found"),
        "wrong-method": N_("Not possible here"),
        "conflict": N_("Changed by someone else"),
        "too-large": N_("Too large"),
        "wrong-type": N_("Wrong kind of content"),
        "invalid": N_("Some entries are not valid"),
        "locked": N_("Too many attempts"),
        "too-many": N_("Too many requests"),
        "failed": N_("Something went wrong on the server"),
        "unavailable": N_("Not possible at the moment"),
    }
)


def status_of(error: ServiceError) -> int:
    """HTTP status of a refusal."""
    return STATUS.get(error.code, 400)


def problem(error: ServiceError, translate: Callable[[str], str], reference: str = "") -> dict[str, Any]:
    """The problem document: ``type``, ``title``, ``status``, ``detail``, ``code``, and ``fields`` where there are any.

    ``reference`` is what to tell the administrator; it stands in the log beside the failure.
    """
    document: dict[str, Any] = {
        "type": f"urn:huifang:problem:{error.code}",
        "title": translate(TITLES.get(error.code, TITLES["invalid"])),
        "status": status_of(error),
        "detail": translated(translate, error.message),
        "code": error.code,
    }
    if isinstance(error, InvalidError) and error.fields:
        document["fields"] = {name: translated(translate, text) for name, text in error.fields.items()}
    if error.details:
        document["details"] = error.details
    if reference:
        document["instance"] = f"urn:huifang:failure:{reference}"
    return document
