"""Harm: each crime's weight from the programme's weight set, by code, then title, then group.

A crime without a weight stays empty ("not scored"): never 0, never 1. Incidents of anti-social behaviour are not scored.
"""

from __future__ import annotations

import re

import pandas as pd
from sqlalchemy import Connection, bindparam, select, update

from data_access import schema as s


def text_key(text: str) -> str:
    """Lower case, single spaces: how titles and groups are compared."""
    return re.sub(r"\s+", " ", text).strip().casefold()


def code_key(text: str) -> str:
    """ "008/06" and "8/6" are one code, "17A" and "17a" are one code."""
    parts = [part.lstrip("0") or "0" for part in re.sub(r"\s+", "", text).casefold().split("/")]
    return "/".join(parts)


def score_crimes(conn: Connection, programme_id: int, load_id: int | None = None) -> int:
    """Set ``crime.harm_days`` and ``programme.weight_set_id`` (newest current set); returns crimes not scored.

    With ``load_id`` only that load's crimes are looked at: the rest were scored when they came.
    """
    weight_set = current_weight_set(conn, programme_id)
    conn.execute(update(s.programme).where(s.programme.c.id == programme_id).values(weight_set_id=weight_set))
    crimes = _crimes(conn, programme_id, load_id)
    if crimes.empty:
        return 0
    harm = _weights_for(conn, weight_set, crimes)
    new, old = harm.fillna(-1.0), crimes["harm_days"].astype(float).fillna(-1.0)
    changed = crimes.index[new.to_numpy() != old.to_numpy()]
    if len(changed):
        values = harm.loc[changed].astype(object).where(harm.loc[changed].notna(), None)
        conn.execute(
            update(s.crime).where(s.crime.c.id == bindparam("row_id")).values(harm_days=bindparam("harm")),
            [
                {"row_id": i, "harm": h}
                for i, h in zip(crimes.loc[changed, "id"].tolist(), values.tolist(), strict=True)
            ],
        )
    return int(harm.isna().sum())


def current_weight_set(conn: Connection, programme_id: int) -> int | None:
    """The set of the newest current load of weights."""
    return conn.execute(
        select(s.weight_set.c.id)
        .join(s.load, s.load.c.id == s.weight_set.c.load_id)
        .where(s.weight_set.c.programme_id == programme_id, s.load.c.status == "current")
        .order_by(s.load.c.id.desc(), s.weight_set.c.id.desc())
        .limit(1)
    ).scalar()


def _crimes(conn: Connection, programme_id: int, load_id: int | None) -> pd.DataFrame:
    c = s.crime.c
    query = select(c.id, c.offence_code, c.offence_title, c.offence_group, c.harm_days).where(
        c.programme_id == programme_id, c.is_crime.is_(True)
    )
    if load_id is not None:
        query = query.where(c.load_id == load_id)
    return pd.DataFrame(conn.execute(query).all(), columns=["id", "code", "title", "group", "harm_days"])


def _weights_for(conn: Connection, weight_set: int | None, crimes: pd.DataFrame) -> pd.Series:
    harm = pd.Series(float("nan"), index=crimes.index)
    if weight_set is None:
        return harm
    w = s.weight.c
    weights: dict[str, dict[str, float]] = {"code": {}, "title": {}, "group": {}}
    for kind, key, days in conn.execute(select(w.key_kind, w.key, w.harm_days).where(w.weight_set_id == weight_set)):
        weights[kind][key] = days
    for kind, normalise in (("code", code_key), ("title", text_key), ("group", text_key)):
        cells = crimes[kind].dropna()
        lookup = {text: weights[kind].get(normalise(text)) for text in cells.unique()}
        harm = harm.fillna(cells.map(lookup).astype(float).reindex(crimes.index))
    return harm
