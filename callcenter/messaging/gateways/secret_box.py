"""Keeps the passwords of gateways encrypted in the database; the key is a file that is not in it.

Who gets hold of a copy of the database, or of its backup, has no password of any gateway. Fernet: AES-128 in CBC mode
with an HMAC, https://github.com/fernet/spec.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY_MODE = 0o600


class SecretsUnreadableError(Exception):
    """What is in the database was encrypted with another key."""


class KeyFileError(Exception):
    """The key file cannot be read, written or used."""


class SecretBox:
    """Seals and opens. ``key`` is what ``Fernet.generate_key`` gives; ValueError for anything else."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)
        self._key = key

    @classmethod
    def at(cls, path: Path) -> SecretBox:
        """With the key in ``path``, which is made, for its owner only, where there is none. Blocks; KeyFileError."""
        try:
            return cls(_read_or_make(path))
        except OSError as error:
            raise KeyFileError(f"the key file {path} cannot be used: {error.strerror}") from error
        except ValueError as error:
            raise KeyFileError(f"the key file {path} holds no key") from error

    def seal(self, secrets: Mapping[str, str]) -> str:
        """``secrets`` by name, as text for the database; empty for none."""
        return self._fernet.encrypt(json.dumps(dict(secrets)).encode()).decode("ascii") if secrets else ""

    def mark(self, name: str, value: str) -> str:
        """What tells two values of the secret ``name`` apart; without the key it tells nothing of either."""
        return hmac.new(self._key, f"{name}\0{value}".encode(), hashlib.sha256).hexdigest()[:16]

    def open(self, sealed: str) -> dict[str, str]:
        """What was sealed; SecretsUnreadableError."""
        if not sealed:
            return {}
        try:
            return {str(name): str(value) for name, value in json.loads(self._fernet.decrypt(sealed.encode())).items()}
        except (InvalidToken, ValueError) as error:
            raise SecretsUnreadableError("the secrets were encrypted with another key") from error


def _read_or_make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_MODE)
    except FileExistsError:
        return path.read_bytes().strip()
    key = Fernet.generate_key()
    with os.fdopen(descriptor, "wb") as file:
        file.write(key + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return key
