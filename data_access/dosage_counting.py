"""One provider's pings of some days, counted in every way that is kept; frames whose codes stand for names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape
from sqlalchemy import Connection, select

from analysis.dosage.counting import Stays, count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from analysis.dosage.local_days import date_of, day_numbers
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.tables import Pieces, PingBatch
from analysis.dosage.trackers import tracker_days
from analysis.dosage.visits import day_extras, day_minutes, visits
from data_access.schema import area
from domain.periods import Period

CELL = ["team", "polygon", "day"]
_ALWAYS = (np.iinfo(np.int64).min, np.iinfo(np.int64).max)


@dataclass
class HotSpots:
    """A programme's hot spots in display order; ``ids`` by position in the lists."""

    ids: list[int]
    polygons: list[Any]
    opens: np.ndarray  # first and last day (days since 1970) on which each is one
    closes: np.ndarray
    _boundaries: dict[float, Boundaries] = field(default_factory=dict)

    @classmethod
    def of(cls, conn: Connection, programme_id: int) -> HotSpots:
        a = area.c
        rows = conn.execute(
            select(a.id, a.geometry, a.active_from, a.active_to)
            .where(a.programme_id == programme_id)
            .order_by(a.position)
        ).all()
        opens = [_number(row.active_from) if row.active_from else _ALWAYS[0] for row in rows]
        closes = [_number(row.active_to) if row.active_to else _ALWAYS[1] for row in rows]
        return cls(
            [r.id for r in rows], [_polygon(r.geometry) for r in rows], np.array(opens, np.int64),
            np.array(closes, np.int64),
        )  # fmt: skip

    def boundaries(self, band_m: float) -> Boundaries:
        """The hot spots and their bands; made ready once for everyone with the same rule."""
        if band_m not in self._boundaries:
            self._boundaries[band_m] = Boundaries(with_bands(self.polygons, band_m))
        return self._boundaries[band_m]

    def open_on(self, polygon: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Whether each hot spot (a position in the lists) was one on each day (days since 1970)."""
        return (day >= self.opens[polygon]) & (day <= self.closes[polygon])


def _number(day: date) -> int:
    return (day - date_of(0)).days


def _polygon(geometry: Any) -> Any:
    # Loads are checked for validity; make_valid only mends what an older portal may have kept.
    found = shape(geometry)
    return found if found.is_valid else shapely.make_valid(found, method="structure", keep_collapsed=False)


@dataclass(frozen=True)
class Counted:
    """Frames of the days asked for: visits, trackers (a device's day) and dose (a team's day in a hot spot)."""

    visits: pd.DataFrame
    trackers: pd.DataFrame
    dose: pd.DataFrame


def counted(batch: PingBatch, spots: HotSpots, rules: Rules, days: Period) -> Counted:
    """Count a batch ordered by (device, t) that reaches a day further than ``days`` at both ends.

    The day before and the day after give the steps over midnight, and what an excursion or silence over midnight
    began or ended with; of their own minutes nothing is kept.
    """
    polygons = len(spots.ids)
    pieces = _while_open(locate(batch, spots.boundaries(rules.band_m)).pieces, spots)
    stays = _on_days(count(pieces, polygons, rules), spots, days)
    plain = _on_days(count(pieces, polygons, replace(PLAIN, gap_s=rules.gap_s)), spots, days)
    trackers = _within(_frame(tracker_days(batch, pieces, polygons, rules)), days)
    dose = _joined(
        _frame(day_minutes(plain)).add_prefix("plain_"),
        _frame(day_minutes(stays)).add_prefix("rule_"),
        _within(_frame(day_extras(pieces, polygons, stays, rules)), days),
    )
    dose = dose.merge(_intervals(pieces, polygons, trackers), how="left", on=CELL)
    return Counted(_frame(visits(stays, rules)), trackers, dose)


def _while_open(pieces: Pieces, spots: HotSpots) -> Pieces:
    """Without the pieces of days on which the hot spot was none: time there must not keep an excursion from counting."""
    if (spots.opens == _ALWAYS[0]).all() and (spots.closes == _ALWAYS[1]).all():
        return pieces
    spot = pieces.polygon % max(1, len(spots.ids))
    begins, ends = day_numbers(pieces.t_in_ms), day_numbers(pieces.t_out_ms)
    return pieces.take((ends >= spots.opens[spot]) & (begins <= spots.closes[spot]))


def _on_days(stays: Stays, spots: HotSpots, days: Period) -> Stays:
    keep = (stays.day >= _number(days.start)) & (stays.day <= _number(days.end))
    return stays.take(keep & spots.open_on(stays.polygon, stays.day))


def _within(frame: pd.DataFrame, days: Period) -> pd.DataFrame:
    return frame[frame["day"].between(_number(days.start), _number(days.end))]


def _frame(table: Any) -> pd.DataFrame:
    return pd.DataFrame(vars(table))


def _joined(plain: pd.DataFrame, ruled: pd.DataFrame, extras: pd.DataFrame) -> pd.DataFrame:
    """Every team, hot spot and day that any of the three knows; what the others do not know is 0."""
    frames = [
        frame.rename(columns={f"{prefix}{name}": name for name in CELL})
        for frame, prefix in ((plain, "plain_"), (ruled, "rule_"), (extras, ""))
    ]
    found = frames[0].merge(frames[1], how="outer", on=CELL).merge(frames[2], how="outer", on=CELL)
    return found.fillna(0.0)


def _intervals(pieces: Pieces, polygons: int, trackers: pd.DataFrame) -> pd.DataFrame:
    """CELL and median_interval_s: of the team's devices near the hot spot that day."""
    near = pd.DataFrame({
        "device": pieces.device, "team": pieces.team, "polygon": pieces.polygon % max(1, polygons),
        "day": day_numbers(pieces.t_in_ms),
    }).drop_duplicates()  # fmt: skip
    own = near.merge(trackers[["device", "team", "day", "median_interval_s"]], on=["device", "team", "day"])
    return own.groupby(CELL, as_index=False)["median_interval_s"].median()
