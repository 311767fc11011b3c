"""ping store, rules and confirmed months"""

from __future__ import annotations

import pandas as pd
import sqlalchemy as sa
from alembic import op

from data_access.ping_store import write_files
from domain.periods import LONDON

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The table as this revision makes it, whatever later ones add.
_PING_PART = sa.table(
    "ping_part",
    *(sa.column(name) for name in ("programme_id", "load_id", "provider")),
    sa.column("local_date", sa.Date()),
    *(sa.column(name) for name in ("path", "pings", "t_from_ms", "t_to_ms", "sha256")),
)


def upgrade() -> None:
    op.create_table(
        "bridge_calibration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("interval_s", sa.Float(), nullable=False),
        sa.Column("scale", sa.Float(), nullable=False),
        sa.Column("floor_min2", sa.Float(), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("bias_share", sa.Float(), nullable=False),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_bridge_calibration_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bridge_calibration")),
    )
    op.create_table(
        "confirmed_month",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_confirmed_month_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmed_month")),
        sa.UniqueConstraint("programme_id", "month", name=op.f("uq_confirmed_month_programme_id_month")),
    )
    op.create_table(
        "dosage_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_dosage_rules_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dosage_rules")),
    )
    op.create_table(
        "ping_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("pings", sa.Integer(), nullable=False),
        sa.Column("t_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("t_to_ms", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("expired_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_ping_part_load_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_ping_part_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ping_part")),
    )
    with op.batch_alter_table("ping_part", schema=None) as batch_op:
        batch_op.create_index("ix_ping_part_day", ["programme_id", "local_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_ping_part_load_id"), ["load_id"], unique=False)

    op.create_table(
        "dose_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=60), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("plain_patrol_minutes", sa.Float(), nullable=False),
        sa.Column("plain_person_minutes", sa.Float(), nullable=False),
        sa.Column("rule_patrol_minutes", sa.Float(), nullable=False),
        sa.Column("rule_person_minutes", sa.Float(), nullable=False),
        sa.Column("near_minutes", sa.Float(), nullable=False),
        sa.Column("uncredited_silence_minutes", sa.Float(), nullable=False),
        sa.Column("median_interval_s", sa.Float(), nullable=True),
        sa.Column("estimated_patrol_minutes", sa.Float(), nullable=True),
        sa.Column("estimated_variance", sa.Float(), nullable=True),
        sa.Column("calibration_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_dose_day_area_id")),
        sa.ForeignKeyConstraint(["calibration_id"], ["bridge_calibration.id"], name=op.f("fk_dose_day_calibration_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_dose_day_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dose_day")),
    )
    with op.batch_alter_table("dose_day", schema=None) as batch_op:
        batch_op.create_index("ix_dose_day_cube", ["programme_id", "area_id", "local_date"], unique=False)

    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bridged_minutes", sa.Float(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("silent_minutes", sa.Float(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("rules_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_visit_rules_id"), "dosage_rules", ["rules_id"], ["id"])

    _move_pings()
    with op.batch_alter_table("ping", schema=None) as batch_op:
        batch_op.drop_index("ix_ping_device")
        batch_op.drop_index(batch_op.f("ix_ping_load_id"))
    op.drop_table("ping")


def _move_pings() -> None:
    """Rows of ``ping`` into files; data_access.migrate takes the files away again if this transaction fails."""
    conn = op.get_bind()
    loads = conn.execute(sa.text("SELECT DISTINCT programme_id, load_id FROM ping ORDER BY load_id")).all()
    query = sa.text("SELECT provider, team, device, t_utc_ms, lon, lat FROM ping WHERE load_id = :load_id")
    for programme_id, load_id in loads:
        result = conn.execute(query, {"load_id": load_id})
        frame = pd.DataFrame(list(map(tuple, result)), columns=list(result.keys()))
        when = pd.to_datetime(frame["t_utc_ms"], unit="ms", utc=True)
        frame["local_date"] = when.dt.tz_convert(LONDON).dt.tz_localize(None).dt.normalize()
        rows = write_files(conn, programme_id, load_id, frame)
        conn.execute(sa.insert(_PING_PART), rows)


def downgrade() -> None:
    # The pings stay in their files: load them again from the extracts, should an older version be needed.
    op.create_table(
        "ping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=60), nullable=False),
        sa.Column("device", sa.String(length=60), nullable=False),
        sa.Column("t_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_ping_load_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_ping_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ping")),
    )
    with op.batch_alter_table("ping", schema=None) as batch_op:
        batch_op.create_index("ix_ping_device", ["programme_id", "provider", "device", "t_utc_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_ping_load_id"), ["load_id"], unique=False)
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_visit_rules_id"), type_="foreignkey")
        batch_op.drop_column("rules_id")
        batch_op.drop_column("silent_minutes")
        batch_op.drop_column("bridged_minutes")

    with op.batch_alter_table("dose_day", schema=None) as batch_op:
        batch_op.drop_index("ix_dose_day_cube")

    op.drop_table("dose_day")
    with op.batch_alter_table("ping_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ping_part_load_id"))
        batch_op.drop_index("ix_ping_part_day")

    op.drop_table("ping_part")
    op.drop_table("dosage_rules")
    op.drop_table("confirmed_month")
    op.drop_table("bridge_calibration")
