"""What storage raises of its own. Everything else that comes out of it is SQLAlchemy's."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class StorageError(Exception):
    """Base of storage's own errors."""


class DatabaseStoppedError(StorageError):
    """Work was given to a database that is not started, or is stopping, or has stopped. Nothing was done."""


class DatabaseUnavailableError(StorageError):
    """The database cannot be opened. The message names it without its password."""


class LeakedSessionError(StorageError):
    """A function returned something that still hangs on its session. Its transaction was rolled back."""


class CommitUnknownError(StorageError):
    """The connection broke while the commit was under way: it may or may not have been carried out."""


class SchemaOutdatedError(StorageError):
    """The tables are older or newer than this program. The message has the command to run."""


PASSING = (OperationalError, InterfaceError, PoolTimeoutError, StorageError)
"""To be caught: the database is away, and the same may be written later. All else: this cannot be written."""
