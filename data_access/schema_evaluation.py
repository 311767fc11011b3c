"""Tables of the evaluation; part of data_access.schema."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from data_access.schema_base import id_column, load_column, metadata, programme_column

COMPARATOR, CANDIDATE = "comparator", "candidate"  # roles of other places

comparator = Table(
    "comparator",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("place", String(120), nullable=False),
    Column("month", String(7), nullable=False),
    Column("crimes", Integer, nullable=False),
    # candidate: a place that could have been chosen as a hot spot and was not
    Column("role", String(12), nullable=False, server_default="comparator"),
)

# What a day was like everywhere in the area: what patrols and crime may both depend on.
condition_day = Table(
    "condition_day",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("local_date", Date, nullable=False),
    Column("event", Integer),  # 0 or 1: a large public event; empty: not recorded
    Column("rain_mm", Float),
    Column("temperature_c", Float),
)
Index("ix_condition_day_programme_id_local_date", condition_day.c.programme_id, condition_day.c.local_date)

# What was going to be analysed, as registered: the file as it was, never changed; a newer row is a newer plan.
analysis_plan = Table(
    "analysis_plan",
    metadata,
    id_column(),
    programme_column(),
    Column("file_name", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("document", JSON, nullable=False),
    Column("timing", String(13), nullable=False),  # prospective | retrospective
    Column("timing_reason", String(300), nullable=False),  # which load makes it so
    Column("registered_at", DateTime, nullable=False),
    Column("registered_by", String(120), nullable=False),
    UniqueConstraint("programme_id", "sha256"),
)

# Where the analysis left the plan, in the words of who left it. Never changed.
plan_deviation = Table(
    "plan_deviation",
    metadata,
    id_column(),
    Column("plan_id", ForeignKey("analysis_plan.id"), nullable=False, index=True),
    Column("decided_on", Date, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("recorded_by", String(120), nullable=False),
)

# Every different analysis that someone has looked at in the portal, once a version of the data.
analysis_tried = Table(
    "analysis_tried",
    metadata,
    id_column(),
    programme_column(),
    Column("section", String(40), nullable=False),
    Column("choices", JSON, nullable=False),
    Column("choices_sha256", String(64), nullable=False),
    Column("data_hash", String(64), nullable=False),
    Column("analyses", Integer, nullable=False),  # method x settings that the section ran
    Column("first_at", DateTime, nullable=False),
    UniqueConstraint("programme_id", "section", "choices_sha256", "data_hash"),
)

# A reviewer's remark on one figure and one version of the data; answers name the comment that opened the thread.
review_comment = Table(
    "review_comment",
    metadata,
    id_column(),
    programme_column(),
    Column("thread_id", ForeignKey("review_comment.id"), index=True),  # empty: this comment opens a thread
    Column("page", String(60), nullable=False),
    Column("figure", String(80), nullable=False),
    Column("data_hash", String(64), nullable=False),
    Column("author", String(200), nullable=False),
    Column("role", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("resolved_at", DateTime),
    Column("resolved_by", String(200)),
    Column("resolution", Text),
)
Index("ix_review_comment_page", review_comment.c.programme_id, review_comment.c.page)
