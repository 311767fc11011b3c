"""An e-mail in the outbox knows whose return it tells of, so that it is not sent to who has left or once it is overtaken."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LINK = re.compile(r"/returns\?programme=([A-Z0-9-]+)&month=([0-9]{4}-[0-9]{2})")  # in the body of each
_REVISION = re.compile(r", revision ([0-9]+): ")  # in the subject of one about somebody's turn


def upgrade() -> None:
    with op.batch_alter_table("mail_outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("programme_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("month", sa.String(length=7), nullable=True))
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_mail_outbox_programme_id"), "programme", ["programme_id"], ["id"])
    _fill_in()


def _fill_in() -> None:
    """What waits was written before there were columns, and may wait for days."""
    mail = sa.table(
        "mail_outbox", *map(sa.column, ("id", "subject", "body", "sent_at", "programme_id", "month", "revision"))
    )
    programme = sa.table("programme", sa.column("id"), sa.column("code"))
    conn = op.get_bind()
    ids = {row.code: row.id for row in conn.execute(sa.select(programme.c.id, programme.c.code))}
    for row in conn.execute(sa.select(mail).where(mail.c.sent_at.is_(None))).all():
        link, revision_ = _LINK.search(row.body), _REVISION.search(row.subject)
        if link and link[1] in ids:
            values = {
                "programme_id": ids[link[1]],
                "month": link[2],
                "revision": int(revision_[1]) if revision_ else None,
            }
            conn.execute(sa.update(mail).where(mail.c.id == row.id).values(**values))
