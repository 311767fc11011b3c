"""What was planned, and what took patrols away from it."""

from __future__ import annotations

import pandas as pd

from data_access.loading import values
from data_access.loading.abstraction_reasons import OTHER, REASONS, closed_reason
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import Rows, each_text, read_csv

REQUIRED = ("date", "hot_spot", "provider", "planned_minutes")
OPTIONAL = (
    "planned_start", "planned_persons", "abstracted_minutes", "abstraction_reason", "extended_minutes",
    "self_reported_minutes",
)  # fmt: skip
DAY_MINUTES = 24 * 60


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, REQUIRED, optional=OPTIONAL)
    day = values.days(rows, "date")
    area = values.one_of(rows, "hot_spot", context.area_names, "hot spot")
    provider = values.one_of(rows, "provider", context.provider_names, "provider")
    staff = provider.map({p.code: p.staff_per_patrol for p in context.programme.providers}) if context.programme else 1
    planned = values.amounts(rows, "planned_minutes")
    rows.reject(planned > DAY_MINUTES, "planned_minutes", "More minutes are planned than a day has (1,440).")
    persons = values.amounts(rows, "planned_persons", low=1, whole=True, default=1)
    abstracted = values.amounts(rows, "abstracted_minutes", default=0)
    rows.reject(abstracted > planned, "abstracted_minutes", "More minutes are abstracted than were planned.")
    frame = pd.DataFrame({
        "area_id": area.map(context.area_ids), "provider": provider, "local_date": day,
        "planned_start_minute": _start_minute(rows), "planned_minutes": planned,
        "planned_persons": persons.where(rows.column("planned_persons") != "", staff),
        "abstracted_minutes": abstracted,
        "abstraction_reason": values.or_none(_reasons(rows)),
        "extended_minutes": values.amounts(rows, "extended_minutes", default=0),
        "self_reported_minutes": _optional(rows, "self_reported_minutes"),
    })  # fmt: skip
    return Parsed(rows, frame, context.options.source or "plan")


def _start_minute(rows: Rows) -> pd.Series:
    cells = rows.column("planned_start")
    clock = cells.str.extract(r"^([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?$").astype(float)
    minute = (clock[0] * 60 + clock[1]).where((clock[0] < 24) & (clock[1] < 60))
    rows.reject(minute.isna() & (cells != ""), "planned_start", "“{cell}” is not a time (HH:MM).", cells)
    return minute


def _reasons(rows: Rows) -> pd.Series:
    """Reasons of the closed list; the text as written is not kept, because it may name people."""
    reasons = each_text(rows.column("abstraction_reason"), lambda texts: texts.map(closed_reason))
    rows.remark(
        reasons == OTHER,
        f"abstraction_reason: words that name none of the listed reasons count as “{OTHER}” ({{rows}}). "
        f"Listed: {', '.join(REASONS[:-1])}. The text itself is not kept.",
    )
    return reasons


def _optional(rows: Rows, name: str) -> pd.Series:
    """A number of 0 or more, or empty: not reported is not zero."""
    found = values.amounts(rows, name, default=0)
    return found.where(rows.column(name) != "")
