"""Every table, as SQLAlchemy Core. Times are UTC; ``local_date`` is the Europe/London calendar day.

Rows that came from a file carry ``load_id``: replacing or withdrawing a load deletes exactly its rows.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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

from data_access.schema_accounts import audit, sign_in_source, user, user_programme, user_session
from data_access.schema_base import id_column, load_column, metadata, programme_column
from data_access.schema_evaluation import (
    analysis_plan,
    analysis_tried,
    comparator,
    condition_day,
    plan_deviation,
    review_comment,
)
from data_access.schema_jobs import job, mail_outbox, return_notice
from data_access.schema_returns import return_step, return_version

programme = Table(
    "programme",
    metadata,
    id_column(),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("demonstration", Boolean, nullable=False, default=False),
    # The validated document of kind `programme`; parsed by analysis-free dataclasses in programmes.py.
    Column("config", JSON, nullable=False),
    Column("weight_set_id", Integer),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
)

load = Table(
    "load",
    metadata,
    id_column(),
    programme_column(),
    Column("kind", String(20), nullable=False),
    Column("source", String(120), nullable=False),
    Column("file_name", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("period_from", Date),
    Column("period_to", Date),
    Column("rows_read", Integer, nullable=False),
    Column("rows_loaded", Integer, nullable=False),
    Column("rows_duplicate", Integer, nullable=False),
    Column("rows_rejected", Integer, nullable=False),
    Column("status", String(12), nullable=False),  # current | superseded
    Column("superseded_by", Integer),
    Column("difference", JSON),  # what replacing the older load changed
    Column("notes", JSON),  # list of sentences: what the reader assumed or noticed
    Column("loaded_at", DateTime, nullable=False),
    Column("loaded_by", String(120), nullable=False),
)
Index("ix_load_lookup", load.c.programme_id, load.c.kind, load.c.sha256)

reject = Table(
    "reject",
    metadata,
    id_column(),
    load_column(),
    Column("row_number", Integer, nullable=False),  # line 1 is the header, as a spreadsheet shows it
    Column("field", String(80), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("raw", Text, nullable=False),
)

area = Table(
    "area",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("code", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("position", Integer, nullable=False),  # order in which people number them, from 1
    Column("hot_spot_type", String(40)),
    Column("geometry", JSON, nullable=False),  # GeoJSON geometry, WGS84
    Column("area_m2", Float, nullable=False),
    Column("active_from", Date),
    Column("active_to", Date),
    UniqueConstraint("programme_id", "code"),
)

weight_set = Table(
    "weight_set",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("index_name", String(80), nullable=False),  # e.g. Cambridge Crime Harm Index
    Column("edition", String(80), nullable=False),
    Column("basis", String(300), nullable=False),  # one sentence: where the weights come from
    Column("fallback", Boolean, nullable=False, default=False),
)

weight = Table(
    "weight",
    metadata,
    id_column(),
    load_column(),
    Column("weight_set_id", ForeignKey("weight_set.id"), nullable=False, index=True),
    Column("key_kind", String(12), nullable=False),  # code | title | group
    Column("key", String(300), nullable=False),  # normalised: lower case, single spaces
    Column("harm_days", Float, nullable=False),
)

crime = Table(
    "crime",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("row_number", Integer, nullable=False),
    Column("reference", String(80)),
    Column("month", String(7), nullable=False),
    Column("local_date", Date),  # empty in month-only data: no day-level figure can be made from it
    Column("local_minute", Integer),  # minutes after local midnight of the start time
    Column("occurred_from", DateTime),
    Column("occurred_to", DateTime),
    Column("offence_code", String(40)),
    Column("offence_title", String(300)),
    Column("offence_group", String(120), nullable=False),
    Column("is_crime", Boolean, nullable=False),  # False for ASB incidents: counted apart, never scored
    Column("lon", Float),
    Column("lat", Float),
    Column("area_id", ForeignKey("area.id")),
    Column("placement", String(16), nullable=False),  # inside | outside | no coordinates
    Column("harm_days", Float),  # empty: not scored
)
Index("ix_crime_cube", crime.c.programme_id, crime.c.area_id, crime.c.month)
Index("ix_crime_day", crime.c.programme_id, crime.c.local_date)

visit = Table(
    "visit",
    metadata,
    id_column(),
    programme_column(),
    Column("area_id", ForeignKey("area.id"), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("team", String(60), nullable=False),
    Column("entered_at", DateTime, nullable=False),
    Column("left_at", DateTime, nullable=False),
    Column("local_date", Date, nullable=False),
    Column("local_minute", Integer, nullable=False),  # of entry, after local midnight
    Column("patrol_minutes", Float, nullable=False),  # union over the team's devices
    Column("person_minutes", Float, nullable=False),  # sum over the team's devices
    Column("counts_as_visit", Boolean, nullable=False),  # False: passed through in under the minimum dwell
    # Of the patrol-minutes: short excursions and same-place silences that the rules credit.
    Column("bridged_minutes", Float, nullable=False, server_default="0"),
    Column("silent_minutes", Float, nullable=False, server_default="0"),
    Column("rules_id", ForeignKey("dosage_rules.id")),  # empty: the defaults
)
Index("ix_visit_cube", visit.c.programme_id, visit.c.area_id, visit.c.local_date)

# One row a device and local day: what the tracker did, inside boundaries or not.
tracker_day = Table(
    "tracker_day",
    metadata,
    id_column(),
    programme_column(),
    Column("provider", String(40), nullable=False),
    Column("team", String(60), nullable=False),
    Column("device", String(60), nullable=False),
    Column("local_date", Date, nullable=False),
    Column("pings", Integer, nullable=False),
    Column("tracked_minutes", Float, nullable=False),
    Column("inside_minutes", Float, nullable=False),
    Column("gap_minutes", Float, nullable=False),
    Column("median_interval_s", Float),
)

# Minutes of one team in one hot spot on one local day, counted in each way, so that they can stand side by side.
dose_day = Table(
    "dose_day",
    metadata,
    id_column(),
    programme_column(),
    Column("area_id", ForeignKey("area.id"), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("team", String(60), nullable=False),
    Column("local_date", Date, nullable=False),
    Column("plain_patrol_minutes", Float, nullable=False),  # exact crossings, no rule but the gap
    Column("plain_person_minutes", Float, nullable=False),
    Column("rule_patrol_minutes", Float, nullable=False),  # by the provider's rules, passing through included
    Column("rule_person_minutes", Float, nullable=False),
    Column("near_minutes", Float, nullable=False),  # outside the boundary, within the hysteresis band; not credited
    Column("uncredited_silence_minutes", Float, nullable=False),  # silences that begin or end inside, not credited
    Column("median_interval_s", Float),  # of the team's devices near this hot spot that day
    Column("estimated_patrol_minutes", Float),  # Markov bridge; only where trackers are sparse
    Column("estimated_variance", Float),  # calibrated, minutes squared
    Column("calibration_id", ForeignKey("bridge_calibration.id")),
)
Index("ix_dose_day_cube", dose_day.c.programme_id, dose_day.c.area_id, dose_day.c.local_date)

# How the range of an estimate was calibrated: thinned dense trackers of the programme, or the shipped simulation.
bridge_calibration = Table(
    "bridge_calibration",
    metadata,
    id_column(),
    programme_column(),
    Column("interval_s", Float, nullable=False),  # the sparse rate that the dense tracks were thinned to
    Column("scale", Float, nullable=False),  # k of: variance = k V + c
    Column("floor_min2", Float, nullable=False),  # c, minutes squared
    Column("basis", String(300), nullable=False),  # one sentence: from what, how many cells
    Column("cells", Integer, nullable=False),
    Column("bias_share", Float, nullable=False),
    Column("coverage", Float, nullable=False),  # of 95% ranges, on cells that did not set them
    Column("made_at", DateTime, nullable=False),
)

# The rules by which a provider's minutes are counted; the newest row of a provider is in force.
dosage_rules = Table(
    "dosage_rules",
    metadata,
    id_column(),
    programme_column(),
    Column("provider", String(40), nullable=False),
    Column("rules", JSON, nullable=False),
    Column("reason", Text, nullable=False),  # why this change, in the words of who made it
    Column("moved", JSON, nullable=False),  # what it moved: minutes and visits before and after, kept days
    Column("changed_at", DateTime, nullable=False),
    Column("changed_by", String(120), nullable=False),
)

# A file of the ping store: the pings of one load, provider and local day. Its bytes lie outside the database;
# a file without a row here is a left-over of an interrupted load and is removed.
ping_part = Table(
    "ping_part",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("provider", String(40), nullable=False),
    Column("local_date", Date, nullable=False),
    Column("path", String(300), nullable=False),  # relative to the store
    Column("pings", Integer, nullable=False),
    Column("t_from_ms", BigInteger, nullable=False),
    Column("t_to_ms", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("expired_at", DateTime),  # the file is gone by the retention rule; the visits stay
)
Index("ix_ping_part_day", ping_part.c.programme_id, ping_part.c.local_date)

# A manager has looked at a month's visits and stands by them; its raw pings then wait out the retention time.
confirmed_month = Table(
    "confirmed_month",
    metadata,
    id_column(),
    programme_column(),
    Column("month", String(7), nullable=False),
    Column("confirmed_at", DateTime, nullable=False),
    Column("confirmed_by", String(120), nullable=False),
    UniqueConstraint("programme_id", "month"),
)

plan = Table(
    "plan",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("area_id", ForeignKey("area.id"), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("local_date", Date, nullable=False),
    Column("planned_start_minute", Integer),
    Column("planned_minutes", Float, nullable=False),
    Column("planned_persons", Integer, nullable=False),
    Column("abstracted_minutes", Float, nullable=False, default=0.0),
    Column("abstraction_reason", String(200)),
    Column("extended_minutes", Float, nullable=False, default=0.0),
    Column("self_reported_minutes", Float),
)
Index("ix_plan_cube", plan.c.programme_id, plan.c.area_id, plan.c.local_date)

cost = Table(
    "cost",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("month", String(7), nullable=False),
    Column("provider", String(40)),  # empty: not one provider's (analysis, training)
    Column("category", String(80), nullable=False),
    Column("flow", String(12), nullable=False),  # spend | forecast | match | claim
    Column("amount_gbp", Float, nullable=False),
    Column("note", String(300)),
)

engagement = Table(
    "engagement",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("local_date", Date, nullable=False),
    Column("area_id", ForeignKey("area.id")),
    Column("provider", String(40), nullable=False),
    Column("measure", String(60), nullable=False),
    Column("count", Integer, nullable=False),
)

case_study = Table(
    "case_study",
    metadata,
    id_column(),
    programme_column(),
    load_column(),
    Column("reference", String(40), nullable=False),
    Column("theme", String(80), nullable=False),
    Column("title", String(200), nullable=False),
    Column("situation", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("author", String(120), nullable=False),
    Column("text_sha256", String(64), nullable=False),
    Column("status", String(12), nullable=False),  # draft | approved | withdrawn
    Column("approvals", JSON, nullable=False),  # list of {who, role, at, sha256}
    UniqueConstraint("programme_id", "reference"),
)

__all__ = [
    "analysis_plan",
    "analysis_tried",
    "area",
    "audit",
    "bridge_calibration",
    "case_study",
    "comparator",
    "condition_day",
    "confirmed_month",
    "cost",
    "crime",
    "dosage_rules",
    "dose_day",
    "engagement",
    "job",
    "load",
    "mail_outbox",
    "metadata",
    "ping_part",
    "plan",
    "plan_deviation",
    "programme",
    "reject",
    "return_notice",
    "return_step",
    "return_version",
    "review_comment",
    "sign_in_source",
    "tracker_day",
    "user",
    "user_programme",
    "user_session",
    "visit",
    "weight",
    "weight_set",
]
