"""Departments, users, roles, sessions, saved views and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Json, Key, Utc, Words, YesNo, primary_key


class Department(Base):
    """A department of the hospital, clinical or administrative; the unit of data scope."""

    __tablename__ = "department"
    __table_args__ = (UniqueConstraint("name", name="uq_department_name"),)

    id: Mapped[int] = primary_key("department")
    name: Mapped[str] = mapped_column(String(80))
    clinical: Mapped[bool] = mapped_column(YesNo, default=False)
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)


class UserAccount(Base):
    """Someone who signs in. ``username`` is kept in lower case; the hash is argon2id with its parameters."""

    __tablename__ = "user_account"
    __table_args__ = (UniqueConstraint("username", name="uq_user_username"), Index("ix_user_bound_line", "bound_line"))

    id: Mapped[int] = primary_key("user_account")
    username: Mapped[str] = mapped_column(String(60))
    display_name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(YesNo, default=True)
    failed_sign_ins: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Utc)
    department_id: Mapped[int | None] = mapped_column(Key, ForeignKey("department.id", name="fk_user_department"))
    bound_line: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    language: Mapped[str] = mapped_column(Words(10), nullable=True, default="")
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer, default=1)


class Role(Base):
    """A named set of permissions. ``code`` names the built-in ones and is empty for the hospital's own."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("name", name="uq_role_name"),)

    id: Mapped[int] = primary_key("role")
    code: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    name: Mapped[str] = mapped_column(String(80))
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)


class RolePermission(Base):
    """One permission of a role with its data scope: own, department or all."""

    __tablename__ = "role_permission"

    role_id: Mapped[int] = mapped_column(Key, ForeignKey("role.id", name="fk_roleperm_role"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(60), primary_key=True)
    scope: Mapped[str] = mapped_column(String(12))


class UserRole(Base):
    """A role given to a user."""

    __tablename__ = "user_role"

    user_id: Mapped[int] = mapped_column(Key, ForeignKey("user_account.id", name="fk_userrole_user"), primary_key=True)
    role_id: Mapped[int] = mapped_column(
        Key, ForeignKey("role.id", name="fk_userrole_role"), primary_key=True, index=True
    )


class WebSession(Base):
    """A signed-in browser or API client. Only the SHA-256 of the token is kept."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(Key, ForeignKey("user_account.id", name="fk_session_user"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    user_agent: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    created_at: Mapped[datetime] = mapped_column(Utc)
    last_seen_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc, index=True)


class SavedView(Base):
    """A filter and order of a list that a person has given a name. ``query`` is a query string of the list's page."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "list_name", "name", name="uq_saved_view_name"),)

    id: Mapped[int] = primary_key("saved_view")
    user_id: Mapped[int] = mapped_column(Key, ForeignKey("user_account.id", name="fk_savedview_user"))
    list_name: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(String(1000))
    is_default: Mapped[bool] = mapped_column(YesNo, default=False)


class AuditEntry(Base):
    """Who did what to what, when, from where; ``before`` and ``after`` hold the changed fields only."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_subject", "subject_type", "subject_id", "id"),
        Index("ix_audit_user", "user_id", "id"),
        Index("ix_audit_at", "at", "id"),
    )

    id: Mapped[int] = primary_key("audit_entry")
    at: Mapped[datetime] = mapped_column(Utc)
    user_id: Mapped[int | None] = mapped_column(Key)
    username: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    address: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    action: Mapped[str] = mapped_column(String(40))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    before: Mapped[Any] = mapped_column(Json, nullable=True)
    after: Mapped[Any] = mapped_column(Json, nullable=True)
