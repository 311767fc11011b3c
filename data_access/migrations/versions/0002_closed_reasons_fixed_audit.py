"""Reasons of abstraction from a closed list, tries to sign in by address, and an audit log nobody rewrites.

A later revision that copies the table ``audit`` (SQLite's batch mode) must make the triggers again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data_access.loading.abstraction_reasons import closed_reason

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REFUSED = "the audit log is only ever added to"


def upgrade() -> None:
    _close_reasons()
    op.create_table(
        "sign_in_source",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.Column("tried_at", sa.DateTime(), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_sign_in_source_user_id")),
        sa.PrimaryKeyConstraint("user_id", "address_hash", name=op.f("pk_sign_in_source")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _close_reasons() -> None:
    """Free text loaded before reasons were a closed list named people."""
    plan = sa.table("plan", sa.column("abstraction_reason", sa.String))
    conn, reason = op.get_bind(), plan.c.abstraction_reason
    for text in conn.execute(sa.select(reason).distinct().where(reason.is_not(None))).scalars().all():
        conn.execute(sa.update(plan).where(reason == text).values(abstraction_reason=closed_reason(text) or None))


def _sqlite_triggers() -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_refuses_{action.lower()} BEFORE {action} ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()"
    )
