"""A correction that was dropped is kept by the database like a return that was submitted."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


# What a final version says. The state of a submitted one alone may still become "superseded".
_KEPT = (
    "programme_id", "month", "number", "narrative", "reasons", "authors", "correction_reason", "template_name",
    "template_version", "code_version", "data_sha256", "contents", "figures", "contents_sha256", "checks", "measures",
    "pdf", "pdf_sha256",
)  # fmt: skip
_JSON = ("narrative", "reasons", "authors", "contents", "figures", "checks", "measures")
_FINAL = "OLD.state IN ('submitted', 'superseded', 'dropped')"
_REFUSED = "a return that was submitted or dropped does not change"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_function()


def _sqlite_triggers() -> None:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)
    superseded = f"OLD.state = 'submitted' AND NEW.state = 'superseded' AND {same}"
    op.execute("DROP TRIGGER return_version_kept")
    op.execute("DROP TRIGGER return_version_stays")
    op.execute(
        f"CREATE TRIGGER return_version_kept BEFORE UPDATE ON return_version WHEN {_FINAL} AND NOT ({superseded}) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )
    op.execute(
        f"CREATE TRIGGER return_version_stays BEFORE DELETE ON return_version WHEN {_FINAL} "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )


def _postgresql_function() -> None:
    """What the trigger of 0005 calls."""
    # json has no equality of its own; its text is what was stored.
    cast = {name: f"{name}::text" if name in _JSON else name for name in _KEPT}
    same = " AND ".join(f"NEW.{c} IS NOT DISTINCT FROM OLD.{c}" for c in cast.values())
    op.execute(
        "CREATE OR REPLACE FUNCTION return_version_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN IF {_FINAL} THEN RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN OLD; END IF; "
        f"IF {_FINAL} AND NOT (OLD.state = 'submitted' AND NEW.state = 'superseded' AND {same}) "
        f"THEN RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN NEW; END $$"
    )
