"""Patients, their numbers, and the terms by which they are found."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, CodePoints, Key, LongWords, Utc, Words, YesNo, primary_key


class Patient(Base):
    """A person with a record. ``sex`` is ``male``, ``female`` or empty."""

    __tablename__ = "patient"
    __table_args__ = (
        UniqueConstraint("record_number", name="uq_patient_record_number"),
        Index("ix_patient_department", "department_id", "id"),
        Index("ix_patient_birth", "birth_date", "id"),
        Index("ix_patient_name", "name", "id"),
        Index("ix_patient_updated", "updated_at", "id"),
    )

    id: Mapped[int] = primary_key("patient")
    record_number: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    pinyin: Mapped[str] = mapped_column(Words(160), nullable=True, default="")
    sex: Mapped[str] = mapped_column(Words(10), nullable=True, default="")
    birth_date: Mapped[date | None] = mapped_column(Date)
    department_id: Mapped[int | None] = mapped_column(Key, ForeignKey("department.id", name="fk_patient_department"))
    doctor_id: Mapped[int | None] = mapped_column(
        Key, ForeignKey("user_account.id", name="fk_patient_doctor"), index=True
    )
    tier: Mapped[str] = mapped_column(Words(20), nullable=True, default="")
    id_document: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    allergies: Mapped[str] = mapped_column(Words(300), nullable=True, default="")
    address: Mapped[str] = mapped_column(Words(300), nullable=True, default="")
    notes: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    do_not_call: Mapped[bool] = mapped_column(YesNo, default=False)
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer, default=1)


class PatientPhone(Base):
    """One of a patient's numbers. ``number`` is canonical (see callcenter.numbers); families share numbers."""

    __tablename__ = "patient_phone"
    __table_args__ = (
        UniqueConstraint("patient_id", "number", name="uq_patient_phone"),
        Index("ix_patient_phone_number", "number", "patient_id"),
    )

    id: Mapped[int] = primary_key("patient_phone")
    patient_id: Mapped[int] = mapped_column(Key, ForeignKey("patient.id", name="fk_phone_patient"))
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    number: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(Words(40), nullable=True, default="")


class PatientTerm(Base):
    """What a patient can be found by, as prefixes: name and its tails, pinyin, initials, record number,
    every tail of three or more digits of each number. One range scan answers any search at any size.
    """

    __tablename__ = "patient_term"
    __table_args__ = (Index("ix_patient_term_patient", "patient_id", "term"), {"sqlite_with_rowid": False})

    term: Mapped[str] = mapped_column(CodePoints(80), primary_key=True)
    patient_id: Mapped[int] = mapped_column(
        Key, ForeignKey("patient.id", name="fk_term_patient"), primary_key=True, autoincrement=False
    )


class NumberChoice(Base):
    """For a number that several patients share: the one whom an agent said to remember."""

    __tablename__ = "number_choice"

    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    patient_id: Mapped[int] = mapped_column(Key, ForeignKey("patient.id", name="fk_choice_patient"), index=True)
    chosen_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_choice_user"))
    chosen_at: Mapped[datetime] = mapped_column(Utc)
