"""Which current loads a newer file replaces, and which rows it shares with those it does not.

A file replaces an older one of the same kind and source when it covers it: every month of the older file is in the
newer, every provider, device or place of the older is in the newer, and within each month the newer reaches as
far at both ends. "As far" allows three days, or three times the older file's usual time between rows where that is
longer: the last crime of a month is not the month's last day. So a corrected month replaces the month, and this
week's file does not replace last week's though both say "February".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Table, select

from data_access import ping_store
from data_access import schema as s

EDGE_DAYS = 3.0
EDGE_INTERVALS = 3.0


@dataclass(frozen=True)
class Subject:
    """How rows of one kind are told apart. ``key``: what identifies a row; ``parties``: whose data it is."""

    table: Table
    when: str  # local_date, month or t_utc_ms
    key: tuple[str, ...]
    parties: tuple[str, ...] = ()
    reference: str = ""  # identifies a row by itself where it is not empty
    repeats: bool = True  # the same row may honestly occur twice (no unique key)


SUBJECTS = {
    "police-uk": Subject(s.crime, "month", ("month", "offence_group", "lon", "lat"), reference="reference"),
    "crimes": Subject(
        s.crime,
        "local_date",
        ("local_date", "local_minute", "offence_code", "offence_title", "offence_group", "lon", "lat"),
        reference="reference",
    ),
    "plan": Subject(
        s.plan,
        "local_date",
        ("area_id", "provider", "local_date", "planned_start_minute", "planned_minutes", "abstracted_minutes"),
        ("provider",),
    ),
    "costs": Subject(s.cost, "month", ("month", "provider", "category", "flow", "amount_gbp"), ("provider", "flow")),
    "engagements": Subject(
        s.engagement, "local_date", ("local_date", "area_id", "provider", "measure", "count"), ("provider",)
    ),
    "comparators": Subject(s.comparator, "month", ("month", "place"), ("place",), repeats=False),
    "conditions": Subject(s.condition_day, "local_date", ("local_date",), repeats=False),
}


# The table is that of the files they lie in.
PINGS = Subject(s.ping_part, "t_utc_ms", ("provider", "device", "t_utc_ms"), ("provider", "device"), repeats=False)


def held_rows(conn: Connection, subject: Subject, load_id: int) -> pd.DataFrame:
    """What a current load holds: the subject's key, parties, date and reference columns."""
    wanted = (*subject.key, *subject.parties, subject.when, *([subject.reference] if subject.reference else ()))
    names = list(dict.fromkeys(wanted))
    query = select(*(subject.table.c[name] for name in names)).where(subject.table.c.load_id == load_id)
    return pd.DataFrame(conn.execute(query).all(), columns=names)


def held_pings(conn: Connection, programme_id: int, load_id: int, new: pd.DataFrame) -> pd.DataFrame:
    """[provider, device, t_utc_ms] of a load, of the providers in ``new``: others' devices cannot be the same ones."""
    wanted = set(new["provider"])
    found = [pd.DataFrame({"provider": [], "device": [], "t_utc_ms": np.empty(0, np.int64)})]
    for part in ping_store.parts(conn, programme_id, load_ids=[load_id]):
        if part.provider in wanted:
            table = ping_store.read_part(conn, part, ["device", "t_ms"])
            names = {"provider": part.provider, "device": table["device"].to_pandas().astype(object)}
            found.append(pd.DataFrame({**names, "t_utc_ms": table["t_ms"].to_numpy()}))
    return pd.concat(found[1:] or found, ignore_index=True)


def covers(new: pd.DataFrame, old: pd.DataFrame, subject: Subject) -> bool:
    """Whether ``new`` covers ``old`` (frames with the subject's columns); see the module's first paragraph."""
    if not has_parties(new, old, subject):
        return False
    if subject.when == "t_utc_ms":
        return set(old["t_utc_ms"] // 86_400_000) <= set(new["t_utc_ms"] // 86_400_000)
    if subject.when == "month":
        return set(old["month"]) <= set(new["month"])
    new_months, old_months = _month_edges(new), _month_edges(old)
    if not set(old_months.index) <= set(new_months.index):
        return False
    both = old_months.join(new_months.add_suffix("_new"))
    slack = ((both["last"] - both["first"]).dt.days / both["rows"] * EDGE_INTERVALS).clip(lower=EDGE_DAYS)
    early = (both["first_new"] - both["first"]).dt.days <= slack
    late = (both["last"] - both["last_new"]).dt.days <= slack
    overlaps = (both["first_new"] <= both["last"]) & (both["first"] <= both["last_new"])
    return bool((early & late & overlaps).all())


def has_parties(new: pd.DataFrame, old: pd.DataFrame, subject: Subject) -> bool:
    """Whether every provider, device or place of ``old`` is in ``new``."""
    names = list(subject.parties)
    return not names or _distinct(old, names) <= _distinct(new, names)


def _distinct(frame: pd.DataFrame, names: list[str]) -> set[tuple[str, ...]]:
    return set(frame[names].drop_duplicates().astype(object).fillna("").itertuples(index=False, name=None))


def _month_edges(frame: pd.DataFrame) -> pd.DataFrame:
    day = pd.to_datetime(frame["local_date"])
    grouped = day.groupby(day.dt.strftime("%Y-%m"))
    return pd.DataFrame({"first": grouped.min(), "last": grouped.max(), "rows": grouped.size()})


def overlaps(new: pd.DataFrame, old: pd.DataFrame, subject: Subject) -> bool:
    return bool(set(_months(new, subject)) & set(_months(old, subject)))


def _months(frame: pd.DataFrame, subject: Subject) -> pd.Series:
    if subject.when == "t_utc_ms":
        return frame["t_utc_ms"] // 86_400_000
    if subject.when == "month":
        return frame["month"]
    return pd.to_datetime(frame["local_date"]).dt.strftime("%Y-%m")


def already_held(new: pd.DataFrame, held: pd.DataFrame, subject: Subject) -> pd.Series:
    """Rows of ``new`` that ``held`` has already: by reference, else row by row, as often as they are held."""
    found = pd.Series(False, index=new.index)
    named = pd.Series(False, index=new.index)
    if subject.reference:
        named = new[subject.reference].notna()
        found |= named & new[subject.reference].isin(held[subject.reference].dropna())
        held = held[held[subject.reference].isna()]
    plain = new[~named]
    if plain.empty or held.empty:
        return found
    if subject is PINGS:  # millions of rows, each once: compared as columns
        keys = [plain[name].astype(held[name].dtype) for name in subject.key]
        found[plain.index] = pd.MultiIndex.from_arrays(keys).isin(pd.MultiIndex.from_frame(held[list(subject.key)]))
        return found
    new_key, held_key = _row_key(plain, subject), _row_key(held, subject)
    if not subject.repeats:
        found[plain.index] = new_key.isin(set(held_key))
        return found
    times_held = new_key.map(held_key.value_counts()).fillna(0)
    found[plain.index] = new_key.groupby(new_key).cumcount() < times_held
    return found


def _row_key(frame: pd.DataFrame, subject: Subject) -> pd.Series:
    cells = [_comparable(frame[name]) for name in subject.key]
    return pd.Series(list(zip(*cells, strict=True)), index=frame.index, dtype=object)


def _comparable(column: pd.Series) -> list[object]:
    """Database values and file values of one column in one form; missing is None in both."""
    if column.name == "local_date":
        return pd.to_datetime(column).dt.strftime("%Y-%m-%d").where(column.notna(), None).tolist()
    if column.name in ("lon", "lat", "planned_minutes", "abstracted_minutes", "amount_gbp"):
        return [None if pd.isna(v) else round(float(v), 7) for v in column]
    if column.name in ("local_minute", "planned_start_minute", "t_utc_ms", "area_id", "count"):
        return [None if pd.isna(v) else int(v) for v in column]
    return [None if v is None or v != v else str(v) for v in column]
