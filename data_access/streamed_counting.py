"""Rules and minutes for any number of pieces: devices in turn, then teams and days in turn, the rest on disk.

The rules look at one device at a time, visits and minutes at one team and local day; so each pass takes as many of
them together as fit, and the result is that of all together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.counting import Parts, Stays, count
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.visits import DayMinutes, Visits, day_minutes, visits
from data_access.partitions import Found
from data_access.sorting import ExternalSort, Records, Workspace

ROWS_A_RUN, ROWS_A_RANGE = 1 << 18, 1 << 17
# A part of a stay that counts, and whether it does so under PLAIN or under the rules.
_PRESENCE = np.dtype(
    [("team", np.int32), ("day", np.int32), ("polygon", np.int32), ("plain", np.int8), ("how", np.int8),
     ("t_from_ms", np.float64), ("t_to_ms", np.float64)]
)  # fmt: skip
_MICROSECONDS = 60e6  # in a minute; whole ones add up to the same sum in any order


@dataclass
class Totals:
    """Of each polygon, shape (n,): visits, times passed through, and minutes (in microseconds) by the rules and plain.

    ``patrol_minutes`` are those of visits and of passing through together.
    """

    polygons: int
    visits: NDArray[np.int64] = field(init=False)
    passed_through: NDArray[np.int64] = field(init=False)
    _us: dict[str, NDArray[np.int64]] = field(init=False)

    def __post_init__(self) -> None:
        self.visits, self.passed_through = np.zeros((2, self.polygons), np.int64)
        names = (
            "patrol_minutes", "visit_patrol_minutes", "passed_through_patrol_minutes", "person_minutes",
            "plain_patrol_minutes", "plain_person_minutes",
        )  # fmt: skip
        self._us = {name: np.zeros(self.polygons, np.int64) for name in names}

    def add_visits(self, found: Visits) -> None:
        np.add.at(self.visits, found.polygon[found.counts_as_visit], 1)
        np.add.at(self.passed_through, found.polygon[~found.counts_as_visit], 1)
        us = np.rint(found.patrol_minutes * _MICROSECONDS).astype(np.int64)
        for name, chosen in (("visit", found.counts_as_visit), ("passed_through", ~found.counts_as_visit)):
            np.add.at(self._us[f"{name}_patrol_minutes"], found.polygon[chosen], us[chosen])

    def add_minutes(self, found: DayMinutes, before: str = "") -> None:
        for name in ("patrol_minutes", "person_minutes"):
            us = np.rint(getattr(found, name) * _MICROSECONDS).astype(np.int64)
            np.add.at(self._us[before + name], found.polygon, us)

    def minutes(self, polygon: int | None = None) -> dict[str, float]:
        """Minutes by each way of counting, of one polygon or of all."""
        chosen = slice(None) if polygon is None else polygon
        return {name: float(us[chosen].sum() / _MICROSECONDS) for name, us in self._us.items()}


def count_visits(found: Found, polygons: int, rules: Rules, space: Workspace, totals: Totals) -> Iterator[Visits]:
    """Visits by team, day and time, some at a time; ``totals`` is complete when they are."""
    sort = ExternalSort(space.new, _PRESENCE, ("team", "day"), ROWS_A_RUN, ROWS_A_RANGE)
    for pieces in found.pieces():
        sort.add(_presence(count(pieces, polygons, rules), plain=False))
        if rules != PLAIN:
            sort.add(_presence(count(pieces, polygons, PLAIN), plain=True))
    for some in sort.ranges():
        by_rules = _stays(some[some["plain"] == 0])
        totals.add_minutes(day_minutes(by_rules))
        totals.add_minutes(day_minutes(by_rules if rules == PLAIN else _stays(some[some["plain"] == 1])), "plain_")
        one = visits(by_rules, rules)
        totals.add_visits(one)
        order = np.lexsort((one.polygon, one.t_in_ms, one.day, one.team))
        yield Visits(*(column[order] for column in vars(one).values()))


def _presence(stays: Stays, *, plain: bool) -> Records:
    parts = stays.parts
    found = np.empty(len(parts.stay), _PRESENCE)
    for name in ("team", "day", "polygon"):
        found[name] = getattr(stays, name)[parts.stay]
    found["how"], found["plain"] = parts.how, plain
    found["t_from_ms"], found["t_to_ms"] = parts.t_from_ms, parts.t_to_ms
    return found


def _stays(found: Records) -> Stays:
    """Each part as a stay of its own: what is asked about teams does not depend on whose stay it was."""
    none = np.zeros(len(found))
    team, day, polygon, how = (found[name].astype(np.int64) for name in ("team", "day", "polygon", "how"))
    t_from, t_to = (np.ascontiguousarray(found[name]) for name in ("t_from_ms", "t_to_ms"))
    parts = Parts(np.arange(len(found)), t_from, t_to, how)
    return Stays(np.zeros(len(found), np.int64), team, polygon, day, t_from, t_to, none, none, parts)
