"""analysis plans, analyses tried, review comments, conditions by day, candidate places"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analysis_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("timing", sa.String(length=13), nullable=False),
        sa.Column("timing_reason", sa.String(length=300), nullable=False),
        sa.Column("registered_at", sa.DateTime(), nullable=False),
        sa.Column("registered_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_analysis_plan_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_plan")),
        sa.UniqueConstraint("programme_id", "sha256", name=op.f("uq_analysis_plan_programme_id_sha256")),
    )
    op.create_table(
        "analysis_tried",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("choices_sha256", sa.String(length=64), nullable=False),
        sa.Column("data_hash", sa.String(length=64), nullable=False),
        sa.Column("analyses", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_analysis_tried_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_tried")),
        sa.UniqueConstraint(
            "programme_id",
            "section",
            "choices_sha256",
            "data_hash",
            name=op.f("uq_analysis_tried_programme_id_section_choices_sha256_data_hash"),
        ),
    )
    op.create_table(
        "review_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=True),
        sa.Column("page", sa.String(length=60), nullable=False),
        sa.Column("figure", sa.String(length=80), nullable=False),
        sa.Column("data_hash", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(), nullable=True),
        sa.Column("resolved_by", sa.String(length=200), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_review_comment_programme_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["review_comment.id"], name=op.f("fk_review_comment_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comment")),
    )
    with op.batch_alter_table("review_comment", schema=None) as batch_op:
        batch_op.create_index("ix_review_comment_page", ["programme_id", "page"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_comment_thread_id"), ["thread_id"], unique=False)

    op.create_table(
        "condition_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("event", sa.Integer(), nullable=True),
        sa.Column("rain_mm", sa.Float(), nullable=True),
        sa.Column("temperature_c", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_condition_day_load_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_condition_day_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition_day")),
    )
    with op.batch_alter_table("condition_day", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_condition_day_load_id"), ["load_id"], unique=False)
        batch_op.create_index("ix_condition_day_programme_id_local_date", ["programme_id", "local_date"], unique=False)

    op.create_table(
        "plan_deviation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["analysis_plan.id"], name=op.f("fk_plan_deviation_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_deviation")),
    )
    with op.batch_alter_table("plan_deviation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_deviation_plan_id"), ["plan_id"], unique=False)

    with op.batch_alter_table("comparator", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(length=12), server_default="comparator", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("comparator", schema=None) as batch_op:
        batch_op.drop_column("role")

    for table in ("plan_deviation", "condition_day", "review_comment", "analysis_tried", "analysis_plan"):
        op.drop_table(table)
