"""Tables of jobs, notices and outgoing e-mail; part of data_access.schema."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from data_access.schema_base import id_column, metadata, programme_column

# Work apart from a page. The row is the truth: the queue only says that there is one.
job = Table(
    "job",
    metadata,
    id_column(),
    Column("token", String(43), nullable=False, unique=True),
    Column("programme_id", ForeignKey("programme.id")),  # empty: of several programmes
    Column("kind", String(60), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("owner", String(200), nullable=False, index=True),
    Column(
        "by_server", Boolean, nullable=False
    ),  # started on the command line or by the worker, so by nobody's account
    Column("state", String(10), nullable=False, index=True),  # domain.jobs.JobState
    Column("progress", Float, nullable=False),
    Column("said", String(300), nullable=False),
    Column("error", Text, nullable=False),
    Column("reference", String(20), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("started_at", DateTime),
    Column("ended_at", DateTime),
    Column("attempts", Integer, nullable=False),
    Column("worker", String(120), nullable=False),
    Column("heartbeat_at", DateTime),
    Column("cancel_requested", Boolean, nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("mime", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("body", String(64)),  # file in DATA_DIR/jobs; empty: none, or no longer
    Column("expires_at", DateTime),
)

# What the people of a programme were told about a month's return; the key keeps it from being told twice.
return_notice = Table(
    "return_notice",
    metadata,
    id_column(),
    programme_column(),
    Column("month", String(7), nullable=False),
    Column("kind", String(20), nullable=False),  # draft [built | failed] | reminder N | turn STEP rN
    Column("due_on", Date),
    Column("written_at", DateTime, nullable=False),
    UniqueConstraint("programme_id", "month", "kind"),
)

mail_outbox = Table(
    "mail_outbox",
    metadata,
    id_column(),
    Column("to", String(200), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("not_after", DateTime, nullable=False),  # what comes later would mislead
    Column("tried_at", DateTime),
    Column("attempts", Integer, nullable=False),
    Column("last_error", String(300), nullable=False),
    Column("sent_at", DateTime),
    Column("given_up_at", DateTime),
    Column("programme_id", ForeignKey("programme.id")),  # whose return it tells of; empty: of none
    Column("month", String(7)),
    Column("revision", Integer),  # the month's, which the next step overtakes; empty: submitting does
)
