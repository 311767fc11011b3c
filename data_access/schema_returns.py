"""Tables of the returns' register; part of data_access.schema."""

from __future__ import annotations

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from data_access.schema_base import id_column, metadata, programme_column

# One version of a month's return. What was checked is frozen here, so later loads cannot move what people signed.
return_version = Table(
    "return_version",
    metadata,
    id_column(),
    programme_column(),
    Column("month", String(7), nullable=False),
    Column("number", Integer, nullable=False),  # 1; each correction is the next, also after one that was dropped
    Column("state", String(12), nullable=False),  # domain.return_states.State
    Column("revision", Integer, nullable=False),  # rises with every change: what was seen older than this is refused
    Column("narrative", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),  # key of a check's finding -> {text, by, at, sentence}
    Column("authors", JSON, nullable=False),  # everyone who wrote on it; they sign no judgement
    Column("correction_reason", Text, nullable=False),  # "" for version 1
    Column("updated_at", DateTime, nullable=False),
    Column("updated_by", String(200), nullable=False),
    # Frozen at the analyst's check; empty while it is a draft.
    Column("template_name", String(60)),
    Column("template_version", Integer),
    Column("code_version", String(80)),
    Column("data_sha256", String(64)),
    Column("contents", JSON(none_as_null=True)),  # reports.data_files.document
    Column("figures", JSON(none_as_null=True)),  # charts as drawn
    Column("contents_sha256", String(64)),
    Column("checks", JSON(none_as_null=True)),  # what every check said, and the reasons given
    Column("measures", JSON(none_as_null=True)),  # the month's main figures, to see later whether they have moved since
    # The sealed file; empty before approval.
    Column("pdf", LargeBinary),
    Column("pdf_sha256", String(64)),
    UniqueConstraint("programme_id", "month", "number"),
)

# Every step ever taken with a version; never changed.
return_step = Table(
    "return_step",
    metadata,
    id_column(),
    Column("version_id", ForeignKey("return_version.id"), nullable=False, index=True),
    Column("action", String(12), nullable=False),
    Column("before", String(12), nullable=False),
    Column("after", String(12), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(40), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("note", Text, nullable=False),
    Column("revision", Integer, nullable=False),  # of the version after the step
    Column("contents_sha256", String(64)),
    Column("pdf_sha256", String(64)),
)
