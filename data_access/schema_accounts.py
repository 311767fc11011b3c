"""Tables of accounts, sessions and the audit log; part of data_access.schema."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    String,
    Table,
)

from data_access.schema_base import id_column, metadata

user = Table(
    "user_account",
    metadata,
    id_column(),
    Column("email", String(200), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("role", String(40), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("session_version", Integer, nullable=False, default=1),
    Column("failed_sign_ins", Integer, nullable=False, default=0),
    Column("locked_until", DateTime),
    Column("created_at", DateTime, nullable=False),
)

user_programme = Table(
    "user_programme",
    metadata,
    Column("user_id", ForeignKey("user_account.id"), primary_key=True),
    Column("programme_id", ForeignKey("programme.id"), primary_key=True),
)

user_session = Table(
    "user_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("user_account.id"), nullable=False, index=True),
    Column("session_version", Integer, nullable=False),
    Column("started_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
)

# Where an account was tried or opened from: an address locks itself out, not the account's owner.
sign_in_source = Table(
    "sign_in_source",
    metadata,
    Column("user_id", ForeignKey("user_account.id"), primary_key=True),
    Column("address_hash", String(64), primary_key=True),  # keyed with SECRET_KEY
    Column("failed", Integer, nullable=False, default=0),
    Column("locked_until", DateTime),
    Column("tried_at", DateTime, nullable=False),
    Column("signed_in_at", DateTime),  # empty: never successfully
)

# Only ever added to: triggers in migration 0002 refuse changes.
audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("at", DateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("event", String(60), nullable=False),
    Column("programme_id", Integer),
    Column("detail", JSON, nullable=False),
)
