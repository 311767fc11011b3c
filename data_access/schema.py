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
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column:
    return Column("id", Integer, primary_key=True)


def _programme() -> Column:
    return Column("programme_id", ForeignKey("programme.id"), nullable=False)


def _load() -> Column:
    return Column("load_id", ForeignKey("load.id"), nullable=False, index=True)


programme = Table(
    "programme",
    metadata,
    _id(),
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
    _id(),
    _programme(),
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
    _id(),
    _load(),
    Column("row_number", Integer, nullable=False),  # line 1 is the header, as a spreadsheet shows it
    Column("field", String(80), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("raw", Text, nullable=False),
)

area = Table(
    "area",
    metadata,
    _id(),
    _programme(),
    _load(),
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
    _id(),
    _programme(),
    _load(),
    Column("index_name", String(80), nullable=False),  # e.g. Cambridge Crime Harm Index
    Column("edition", String(80), nullable=False),
    Column("basis", String(300), nullable=False),  # one sentence: where the weights come from
    Column("fallback", Boolean, nullable=False, default=False),
)

weight = Table(
    "weight",
    metadata,
    _id(),
    _load(),
    Column("weight_set_id", ForeignKey("weight_set.id"), nullable=False, index=True),
    Column("key_kind", String(12), nullable=False),  # code | title | group
    Column("key", String(300), nullable=False),  # normalised: lower case, single spaces
    Column("harm_days", Float, nullable=False),
)

crime = Table(
    "crime",
    metadata,
    _id(),
    _programme(),
    _load(),
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

comparator = Table(
    "comparator",
    metadata,
    _id(),
    _programme(),
    _load(),
    Column("place", String(120), nullable=False),
    Column("month", String(7), nullable=False),
    Column("crimes", Integer, nullable=False),
)

visit = Table(
    "visit",
    metadata,
    _id(),
    _programme(),
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
    _id(),
    _programme(),
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
    _id(),
    _programme(),
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
    _id(),
    _programme(),
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
    _id(),
    _programme(),
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
    _id(),
    _programme(),
    _load(),
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
    _id(),
    _programme(),
    Column("month", String(7), nullable=False),
    Column("confirmed_at", DateTime, nullable=False),
    Column("confirmed_by", String(120), nullable=False),
    UniqueConstraint("programme_id", "month"),
)

plan = Table(
    "plan",
    metadata,
    _id(),
    _programme(),
    _load(),
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
    _id(),
    _programme(),
    _load(),
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
    _id(),
    _programme(),
    _load(),
    Column("local_date", Date, nullable=False),
    Column("area_id", ForeignKey("area.id")),
    Column("provider", String(40), nullable=False),
    Column("measure", String(60), nullable=False),
    Column("count", Integer, nullable=False),
)

case_study = Table(
    "case_study",
    metadata,
    _id(),
    _programme(),
    _load(),
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

return_draft = Table(
    "return_draft",
    metadata,
    _id(),
    _programme(),
    Column("month", String(7), nullable=False),
    Column("narrative", JSON, nullable=False),
    Column("revision", Integer, nullable=False),  # concurrent edits are refused, not merged
    Column("updated_at", DateTime, nullable=False),
    Column("updated_by", String(120), nullable=False),
    UniqueConstraint("programme_id", "month"),
)

user = Table(
    "user_account",
    metadata,
    _id(),
    Column("email", String(200), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("role", String(40), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("session_version", Integer, nullable=False, default=1),
    Column("failed_sign_ins", Integer, nullable=False, default=0),
    Column("locked_until", DateTime),
    Column("created_at", DateTime, nullable=False),
)

user_programme = Table(
    "user_programme",
    metadata,
    Column("user_id", ForeignKey("user_account.id"), primary_key=True),
    Column("programme_id", ForeignKey("programme.id"), primary_key=True),
)

user_session = Table(
    "user_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("user_account.id"), nullable=False, index=True),
    Column("session_version", Integer, nullable=False),
    Column("started_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
)

# Where an account was tried or opened from: an address locks itself out, not the account's owner.
sign_in_source = Table(
    "sign_in_source",
    metadata,
    Column("user_id", ForeignKey("user_account.id"), primary_key=True),
    Column("address_hash", String(64), primary_key=True),  # keyed with SECRET_KEY
    Column("failed", Integer, nullable=False, default=0),
    Column("locked_until", DateTime),
    Column("tried_at", DateTime, nullable=False),
    Column("signed_in_at", DateTime),  # empty: never successfully
)

# Only ever added to: triggers in migration 0002 refuse changes.
audit = Table(
    "audit",
    metadata,
    _id(),
    Column("at", DateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("event", String(60), nullable=False),
    Column("programme_id", Integer),
    Column("detail", JSON, nullable=False),
)
