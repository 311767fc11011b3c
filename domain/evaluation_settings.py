"""What a programme's settings say about its evaluation, beside the two windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from domain.periods import Period, month_of, parse_month

if TYPE_CHECKING:
    from domain.programme import SettingsReader

ONE_EACH, TOGETHER = "areas", "total"


@dataclass(frozen=True)
class ComparatorAreas:
    """Another programme of the same database as comparison: every area of it, or all of them as one place."""

    programme: str
    counted: str  # ONE_EACH or TOGETHER


@dataclass(frozen=True)
class Rebase:
    """Monitoring charts have new limits from ``month`` on, because a person said so."""

    month: str
    reason: str
    decided: date


@dataclass(frozen=True)
class EvaluationSettings:
    """``comparators``: the loaded places to compare with, all of them where none is named.

    ``shared_with``: programmes that may use this one's counts by area and month as comparison; the consent lies with
    the programme that gives the figures.
    """

    selection: Period | None = None
    comparators: tuple[str, ...] = ()
    comparator_areas: tuple[ComparatorAreas, ...] = ()
    shared_with: tuple[str, ...] = ()
    rebases: tuple[Rebase, ...] = ()


NOTHING_SAID = EvaluationSettings()


def parse_evaluation(r: SettingsReader, table: Mapping[str, Any]) -> EvaluationSettings:
    """The settings in ``[evaluation]``; problems are added to the reader's."""
    where = "evaluation."
    selection = r.window(table.get("selection"), f"{where}selection")
    areas = []
    for i, item in enumerate(r.items(table, "comparator_areas", where), 1):
        item = item if isinstance(item, Mapping) else {}
        place = f"{where}comparator_areas[{i}]."
        counted = r.choice(r.text(item, "as", place, ONE_EACH), (ONE_EACH, TOGETHER), f"{place}as")
        areas.append(ComparatorAreas(r.text(item, "programme", place), counted))
    rebases = [_rebase(r, item, f"{where}rebase[{i}].") for i, item in enumerate(r.items(table, "rebase", where), 1)]
    return EvaluationSettings(
        selection=selection.period if selection else None,
        comparators=r.texts(table, "comparators", where),
        comparator_areas=tuple(areas),
        shared_with=r.texts(table, "months_shared_with", where),
        rebases=tuple(sorted((x for x in rebases if x), key=lambda x: x.month)),
    )


def _rebase(r: SettingsReader, item: Any, where: str) -> Rebase | None:
    item = item if isinstance(item, Mapping) else {}
    month, reason = r.text(item, "month", where), r.text(item, "reason", where)
    decided = r.day(item.get("decided"), f"{where}decided")
    try:
        month = month_of(parse_month(month))
    except ValueError as problem:
        r.problems.append(f"{where}month: {problem}")
        return None
    return Rebase(month, reason, decided) if reason and decided else None
