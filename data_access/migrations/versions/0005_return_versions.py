"""the returns' register: versions, their steps; drafts become version 1"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "return_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("narrative", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("correction_reason", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("updated_by", sa.String(length=200), nullable=False),
        sa.Column("template_name", sa.String(length=60), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("code_version", sa.String(length=80), nullable=True),
        sa.Column("data_sha256", sa.String(length=64), nullable=True),
        sa.Column("contents", sa.JSON(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=True),
        sa.Column("contents_sha256", sa.String(length=64), nullable=True),
        sa.Column("checks", sa.JSON(), nullable=True),
        sa.Column("measures", sa.JSON(), nullable=True),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_return_version_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_version")),
        sa.UniqueConstraint(
            "programme_id", "month", "number", name=op.f("uq_return_version_programme_id_month_number")
        ),
    )
    op.create_table(
        "return_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("before", sa.String(length=12), nullable=False),
        sa.Column("after", sa.String(length=12), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("contents_sha256", sa.String(length=64), nullable=True),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["return_version.id"], name=op.f("fk_return_step_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_step")),
    )
    with op.batch_alter_table("return_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_return_step_version_id"), ["version_id"], unique=False)
    _carry_drafts()
    op.drop_table("return_draft")
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _carry_drafts() -> None:
    """Each draft is version 1 with its last writer as author: who wrote before was not kept."""
    conn = op.get_bind()
    draft = sa.table(
        "return_draft", sa.column("id"), sa.column("programme_id"), sa.column("month"), sa.column("narrative", sa.JSON),
        sa.column("revision"), sa.column("updated_at", sa.DateTime), sa.column("updated_by"),
    )  # fmt: skip
    version = sa.table(
        "return_version", *(sa.column(name) for name in ("id", "programme_id", "month", "number", "state", "revision")),
        sa.column("narrative", sa.JSON), sa.column("reasons", sa.JSON), sa.column("authors", sa.JSON),
        sa.column("correction_reason"), sa.column("updated_at", sa.DateTime), sa.column("updated_by"),
    )  # fmt: skip
    step = sa.table(
        "return_step", *(sa.column(n) for n in ("version_id", "action", "before", "after", "actor", "name", "role")),
        sa.column("at", sa.DateTime), sa.column("note"), sa.column("revision"),
    )  # fmt: skip
    drafts = conn.execute(sa.select(draft).order_by(draft.c.id)).all()
    for number, row in enumerate(drafts, 1):
        conn.execute(
            sa.insert(version).values(
                id=number, programme_id=row.programme_id, month=row.month, number=1, state="draft",
                revision=row.revision, narrative=row.narrative, reasons={}, authors=[row.updated_by],
                correction_reason="", updated_at=row.updated_at, updated_by=row.updated_by,
            )
        )  # fmt: skip
        conn.execute(
            sa.insert(step).values(
                version_id=number, action="edit", before="draft", after="draft", actor=row.updated_by, name="",
                role="", at=row.updated_at, note="Carried over from an earlier version of the portal.",
                revision=row.revision,
            )
        )  # fmt: skip
    if drafts and conn.dialect.name == "postgresql":
        conn.execute(sa.text("SELECT setval(pg_get_serial_sequence('return_version', 'id'), :n)"), {"n": len(drafts)})


# What a submitted version says. Its state alone may still become "superseded".
_KEPT = (
    "programme_id", "month", "number", "narrative", "reasons", "authors", "correction_reason", "template_name",
    "template_version", "code_version", "data_sha256", "contents", "figures", "contents_sha256", "checks", "measures",
    "pdf", "pdf_sha256",
)  # fmt: skip
_JSON = ("narrative", "reasons", "authors", "contents", "figures", "checks", "measures")
_REFUSED = "a submitted return does not change"
_STEPS_REFUSED = "the steps of a return are only ever added to"


def _sqlite_triggers() -> None:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)
    superseded = f"OLD.state = 'submitted' AND NEW.state = 'superseded' AND {same}"
    final = "OLD.state IN ('submitted', 'superseded')"
    op.execute(
        f"CREATE TRIGGER return_version_kept BEFORE UPDATE ON return_version WHEN {final} AND NOT ({superseded}) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )
    op.execute(
        f"CREATE TRIGGER return_version_stays BEFORE DELETE ON return_version WHEN {final} "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER return_step_refuses_{action.lower()} BEFORE {action} ON return_step "
            f"BEGIN SELECT RAISE(ABORT, '{_STEPS_REFUSED}'); END"
        )


def _postgresql_triggers() -> None:
    # json has no equality of its own; its text is what was stored.
    cast = {name: f"{name}::text" if name in _JSON else name for name in _KEPT}
    same = " AND ".join(f"NEW.{c} IS NOT DISTINCT FROM OLD.{c}" for c in cast.values())
    op.execute(
        "CREATE FUNCTION return_version_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' THEN "
        f"IF OLD.state IN ('submitted', 'superseded') THEN RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN OLD; END IF; "
        f"IF OLD.state IN ('submitted', 'superseded') AND NOT (OLD.state = 'submitted' AND NEW.state = 'superseded' AND {same}) "
        f"THEN RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER return_version_kept BEFORE UPDATE OR DELETE ON return_version "
        "FOR EACH ROW EXECUTE FUNCTION return_version_kept()"
    )
    op.execute(
        "CREATE FUNCTION return_step_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_STEPS_REFUSED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER return_step_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON return_step "
        "FOR EACH STATEMENT EXECUTE FUNCTION return_step_refuses()"
    )
