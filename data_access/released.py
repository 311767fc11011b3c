"""Crimes and patrols as funders, partners and others outside the operational roles may see them (see disclosure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from data_access.disclosure import Hidden, Window, hide
from data_access.reading import Covered, whole_months
from domain import formats
from domain.periods import Period, month_period
from domain.programme import Programme

TOTALS = "all"
Count = Callable[[Period, tuple[str, ...]], pd.DataFrame]  # exact counts of a period, by dimensions


@dataclass(frozen=True)
class Measures:
    """What a family of tables holds.

    ``counts`` are hidden where they are small; ``hidden_by`` names the counts that take a column with them;
    ``totals_only``: of a month released for all levels together only.
    """

    counts: tuple[str, ...]
    hidden_by: dict[str, tuple[str, ...]]
    what: str
    totals_only: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.hidden_by)


# Harm and unscored crimes of one place or group in one month could describe a single crime.
CRIMES = Measures(
    counts=("crimes", "asb_incidents"),
    hidden_by={
        "crimes": ("crimes",),
        "asb_incidents": ("asb_incidents",),
        "harm_days": ("crimes",),
        "not_scored": ("crimes",),
    },
    what="places and offence groups",
    totals_only=("harm_days", "not_scored"),
)


@dataclass(frozen=True)
class Released:
    """The family of tables of one programme over one dimension: month x level, totals, windows."""

    months: list[str]
    levels: list[Any]
    windows: list[Period]
    cells: dict[str, np.ndarray]
    window_cells: dict[str, np.ndarray]
    hidden: dict[str, Hidden]
    measures: Measures = field(default=CRIMES)


def windows_of(programme: Programme, *, with_year_before: bool) -> list[Period]:
    """The evaluation windows that are not whole months; for totals also the same weeks a year before."""
    found = [w.period for w in (programme.before, programme.during) if w]
    if with_year_before:
        found += [p.year_before() for p in list(found)]
    return [p for p in dict.fromkeys(found) if not p.whole_months()]


def build(count: Count, cover: Covered, programme: Programme, dim: str | None, measures: Measures = CRIMES) -> Released:
    """Count everything loaded once, over months and windows, and hide over all of it together."""
    months = sorted({m for p in cover.periods for m in p.months()})
    by = (dim,) if dim else ()
    if not months:
        return Released([], [], [], {}, {}, {}, measures)
    whole = Period(month_period(months[0]).start, month_period(months[-1]).end)
    monthly = count(whole, ("month", *by))
    windows = [w for w in windows_of(programme, with_year_before=dim is None) if set(w.months()) <= set(months)]
    held = [count(w, by) for w in windows]
    levels = sorted(set(monthly[dim]).union(*(set(h[dim]) for h in held))) if dim else [TOTALS]
    columns = measures.columns
    cells = {c: _grid(monthly, months, levels, dim, c) for c in columns}
    window_cells = {
        c: np.array([_row(h, levels, dim, c) for h in held]).reshape(len(held), len(levels)) for c in columns
    }
    hidden = {}
    for column in measures.counts:
        made = [Window(window_cells[column][i], _inside(w, months), (i,)) for i, w in enumerate(windows)]
        for i, j in _adjacent(windows):
            both = Period(windows[i].start, windows[j].end)
            made.append(Window(made[i].counts + made[j].counts, _inside(both, months), (i, j)))
        hidden[column] = hide(cells[column], made)
    return Released(months, levels, windows, cells, window_cells, hidden, measures)


def _grid(frame: pd.DataFrame, months: list[str], levels: list[Any], dim: str | None, column: str) -> np.ndarray:
    index = pd.MultiIndex.from_product([months, levels])
    keys = pd.MultiIndex.from_arrays([frame["month"], frame[dim] if dim else [TOTALS] * len(frame)])
    values = pd.Series(frame[column].fillna(0).to_numpy(float), index=keys).groupby(level=[0, 1]).sum()
    return values.reindex(index, fill_value=0.0).to_numpy().reshape(len(months), len(levels))


def _row(frame: pd.DataFrame, levels: list[Any], dim: str | None, column: str) -> np.ndarray:
    if dim is None:
        return np.array([float(frame[column].fillna(0).sum())])
    return frame.groupby(dim)[column].sum().reindex(levels, fill_value=0.0).fillna(0).to_numpy(float)


def _inside(window: Period, months: list[str]) -> tuple[int, ...]:
    return tuple(
        i for i, m in enumerate(months) if window.start <= month_period(m).start and month_period(m).end <= window.end
    )


def _adjacent(windows: list[Period]) -> list[tuple[int, int]]:
    return [(i, j) for i, a in enumerate(windows) for j, b in enumerate(windows) if (b.start - a.end).days == 1]


def table(
    released: Released, dim: str | None, by: Sequence[str], chosen: Sequence[Any], period: Period, notes: list[str]
) -> pd.DataFrame:
    """[*by, counts, following, suppressed]: released cells, or sums of them that are hidden when any of them is."""
    if "month" not in by and period in released.windows:
        return _window_table(released, dim, by, chosen, period)
    wide = whole_months(period)
    unreleased = wide != period and "month" not in by  # whole months instead would be another length of time
    if unreleased:
        what = released.measures.what
        notes.append(f"Your role sees {what} for whole months and for the evaluation windows only.")
    elif wide != period:
        notes.append(
            f"Your role sees whole months, so {formats.period(wide)} is shown instead of {formats.period(period)}."
        )
    rows = [i for i, m in enumerate(released.months) if m in set(wide.months())]
    columns = _columns(released, chosen)
    keys = {"month": [released.months[i] for i in rows for _ in columns]}
    if dim:
        keys[dim] = [released.levels[j] for _ in rows for j in columns]
    frame = pd.DataFrame(keys)
    for column in released.measures.columns:
        flags = _flags(released, column)[np.ix_(rows, columns)] | unreleased
        values = released.cells[column][np.ix_(rows, columns)] if released.cells else np.zeros((0, 0))
        shown = np.where(flags, np.nan, values)
        gone = dim and column in released.measures.totals_only
        frame[column] = (np.full(shown.shape, np.nan) if gone else shown).reshape(-1)
    return _summed(frame, by, released.measures)


def _columns(released: Released, chosen: Sequence[Any]) -> list[int]:
    return [j for j, level in enumerate(released.levels) if not chosen or level in chosen]


def _flags(released: Released, column: str) -> np.ndarray:
    found = np.zeros((len(released.months), len(released.levels)), dtype=bool)
    for count in released.measures.hidden_by[column] if released.hidden else ():
        held = released.hidden[count]
        found |= held.cells | held.totals[:, None] if len(released.levels) == 1 else held.cells
    return found


def _window_table(
    released: Released, dim: str | None, by: Sequence[str], chosen: Sequence[Any], period: Period
) -> pd.DataFrame:
    row, columns = released.windows.index(period), _columns(released, chosen)
    frame = _keys(released, dim, columns)
    for column in released.measures.columns:
        flags = np.zeros(len(columns), dtype=bool)
        for count in released.measures.hidden_by[column]:
            held = released.hidden[count]
            flags |= held.windows[row, columns] | (held.window_totals[row] if dim is None else False)
        frame[column] = np.where(flags, np.nan, released.window_cells[column][row, columns])
    return _summed(frame, by, released.measures)


def _keys(released: Released, dim: str | None, columns: list[int]) -> pd.DataFrame:
    return (
        pd.DataFrame({dim: [released.levels[j] for j in columns]}) if dim else pd.DataFrame(index=range(len(columns)))
    )


def _summed(frame: pd.DataFrame, by: Sequence[str], measures: Measures) -> pd.DataFrame:
    values = list(measures.columns)
    if not by:
        frame = frame[values].sum(skipna=False, min_count=0).to_frame().T.astype(float)
    else:
        unseen = frame[values].isna().groupby([frame[d] for d in by], sort=False).any()
        frame = frame.groupby(list(by), sort=False)[values].sum().mask(unseen).reset_index()
    frame["suppressed"] = frame[values].isna().any(axis=1)
    return frame
