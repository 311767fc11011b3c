"""Sums that must come out within the return itself, from its printed cells alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from domain import formats
from reports.checks.model import Finding, Severity, finding
from reports.checks.printed import parsed
from reports.model import DataTable, Entry, ReturnContents

KEY = "reconciliation"
HALF = Decimal("0.5")
NOT_CRIMES = "Anti-social behaviour incidents"


@dataclass(frozen=True)
class Sum:
    """``parts`` should make ``total``; each is known to half of its last printed place (``step``)."""

    what: str
    section: str
    parts: tuple[Decimal, ...]
    total: Decimal
    step: Decimal = Decimal(1)
    rounded: bool = True

    @property
    def difference(self) -> Decimal:
        return sum(self.parts, Decimal(0)) - self.total

    @property
    def comes_out(self) -> bool:
        room = self.step * HALF * (len(self.parts) + 1) if self.rounded else Decimal(0)
        return abs(self.difference) <= room


def sums(contents: ReturnContents) -> tuple[int, tuple[Finding, ...]]:
    """How many sums were added up, and those that do not come out. A symbol among the parts leaves no sum to make."""
    made = [s for maker in (_delivery, _outcomes, _harm, _money) for s in maker(contents)]
    return len(made), tuple(_finding(s) for s in made if not s.comes_out)


def _finding(s: Sum) -> Finding:
    parts = formats.number(float(sum(s.parts, Decimal(0))), 1).removesuffix(".0")
    total = formats.number(float(s.total), 1).removesuffix(".0")
    return finding(
        KEY, f"sum of {s.what}", Severity.BLOCKING, f"{s.section}: {s.what} come to {parts}, and the total is {total}.",
        "Build the return again. If the sum still does not come out, report it as a fault.", s.section, parts, total,
    )  # fmt: skip


def _delivery(contents: ReturnContents) -> Iterator[Sum]:
    whole = {
        "Visits": _fact(contents, "C", "patrols_total", "Visits"),
        "Patrol-minutes": _fact(contents, "C", "patrol_hours_total", "Patrol-minutes"),
        "Person-hours": _fact(contents, "C", "patrol_hours_total", "Person-hours"),
    }
    for table, who in (
        (_table(contents, "C", "by_provider", "Delivery by provider"), "providers"),
        (_table(contents, "C", "visits_median_minutes", "Planned and delivered by hot spot"), "hot spots"),
    ):
        for head, total in whole.items():
            if table and head in table.head and total is not None:
                yield from _added(
                    f"{head.lower()} of all {who}", "C", _column(table, head), total, rounded=head != "Visits"
                )


def _outcomes(contents: ReturnContents) -> Iterator[Sum]:
    groups = _table(contents, "F", "crime_in_hot_spots", "Recorded crime and incidents")
    if groups is None:
        return
    for column in range(1, len(groups.head)):
        cells = [parsed(row[column]) for row in groups.rows if not row[0].startswith(NOT_CRIMES)]
        if cells and cells[0] is not None:
            when = groups.head[column]
            yield from _added(f"crimes of all offence groups, {when}", "F", cells[1:], cells[0], rounded=False)
    whole = [parsed(cell) for cell in groups.rows[0][1:3]]
    spots = _table(contents, "F", "crime_in_hot_spots", "Recorded crimes by hot spot")
    drawn = _table(contents, "B", "hot_spot_count", "Hot spots in force")
    for table, columns, section in ((spots, (1, 2), "F"), (drawn, (4,), "B")):
        # The map shows places in force; where one has ended, they need not hold all crimes.
        if table is None or spots is None or len(table.rows) != len(spots.rows):
            continue
        for column, total in zip(columns, whole, strict=False):
            if total is not None:
                cells = [parsed(row[column]) for row in table.rows]
                yield from _added(
                    f"crimes of all hot spots, {table.head[column]}", section, cells, total, rounded=False
                )


def _harm(contents: ReturnContents) -> Iterator[Sum]:
    """Harm is scored crimes times harm for each: the rate is printed to one place, so the product is known to half of it."""
    harm, groups = (
        _table(contents, "F", "cchi_harm", "Harm in"),
        _table(contents, "F", "crime_in_hot_spots", "Recorded crime and"),
    )
    if harm is None or groups is None:
        return
    for column in range(1, len(harm.head)):
        days, rate, unscored = (parsed(row[column]) for row in harm.rows)
        crimes = parsed(groups.rows[0][column])
        if days is None or rate is None or unscored is None or crimes is None:
            continue
        scored = crimes - unscored
        step = (scored * Decimal("0.1") + 1) / 2
        yield Sum(f"scored crimes times harm for each, {harm.head[column]},", "F", (scored * rate,), days, step)


def _money(contents: ReturnContents) -> Iterator[Sum]:
    table = _table(contents, "H", "by_category", "Spend by category")
    for label, column in (("Spend, ", 1), ("Spend, year to date", 3)):
        total = _fact(contents, "H", "award", label)
        if table and total is not None:
            cells = [parsed(row[column]) for row in table.rows]
            yield from _added(f"spend of all categories, {table.head[column]}", "H", cells, total)


def _added(
    what: str, section: str, cells: list[Decimal | None], total: Decimal, *, rounded: bool = True
) -> Iterator[Sum]:
    known = [c for c in cells if c is not None]
    if cells and len(known) == len(cells):
        yield Sum(what, section, tuple(known), total, rounded=rounded)


def _column(table: DataTable, head: str) -> list[Decimal | None]:
    at = table.head.index(head)
    return [parsed(row[at]) for row in table.rows]


def _entry(contents: ReturnContents, section: str, key: str) -> Entry | None:
    found = (e for s in contents.sections if s.letter == section for e in s.entries)
    return next((e for e in found if e.field.key == key), None)


def _fact(contents: ReturnContents, section: str, key: str, label: str) -> Decimal | None:
    entry = _entry(contents, section, key)
    return next((parsed(f.value) for f in entry.facts if f.label.startswith(label)), None) if entry else None


def _table(contents: ReturnContents, section: str, key: str, caption: str) -> DataTable | None:
    entry = _entry(contents, section, key)
    held = (*entry.tables, *(c.table for c in entry.charts)) if entry else ()
    return next((t for t in held if t.caption.startswith(caption)), None)
