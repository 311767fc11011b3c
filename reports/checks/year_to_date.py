"""No month is above its own year to date, from the printed cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from reports.checks.model import CheckResult, Finding, Severity, finding, not_made
from reports.checks.printed import parsed
from reports.model import DataTable, Entry, ReturnContents

KEY, TITLE = "year to date", "Month against year to date"
_TO_DATE = re.compile(r"\b\d{4}-\d{2} to date: (\[\w+\]|[^\s;]+?)[.;]?(?:$|\s)")
# Rates and medians of a month may well lie above those of the year.
RATES = ("per scored crime", "Cost per patrol-minute", "Harm per", "share")
MONEY_FIELDS = {"Match funding": "match_funding", "Claimed": "amount_claimed_this_period", "Spend": "award"}


@dataclass(frozen=True)
class Pair:
    what: str
    section: str
    month: Decimal
    to_date: Decimal
    is_money: bool


def year_to_date(contents: ReturnContents) -> CheckResult:
    """Blocks for counts and minutes; money may hold a refund, so there a reason will do."""
    pairs = [p for s in contents.sections for e in s.entries for p in _pairs(s.letter, e)]
    if not pairs:
        why = "the return holds no figure together with its year to date."
        return CheckResult(KEY, TITLE, "No pair of figures was there to compare.", (
            not_made(KEY, "no pairs", why, "Load the months of the year, or say why there are none.", "F"),
        ))  # fmt: skip
    findings = tuple(_above(p) for p in pairs if p.month > p.to_date)
    about = (
        f"{len(pairs)} figures of the month were compared with the same figure of the financial year to date: crimes by group, "
        "harm, patrols, counts made on patrol, and money. Rates, medians and shares are not, since they do not add up."
    )
    return CheckResult(KEY, TITLE, about, findings)


def _above(p: Pair) -> Finding:
    return finding(
        KEY, p.what, Severity.REASON if p.is_money else Severity.BLOCKING,
        f"{p.section}, {p.what}: the month ({p.month:,}) is above the year to date ({p.to_date:,}).",
        "Look for a refund or a correction in the year's rows, and say what it is." if p.is_money
        else "Look for a month of the year that is not loaded, and build the return again.",
        p.section, p.month, p.to_date,
    )  # fmt: skip


def _pairs(letter: str, entry: Entry) -> Iterator[Pair]:
    for fact in entry.facts:
        found = _TO_DATE.search(fact.note)
        if found and not _is_rate(fact.label):
            yield from _pair(fact.label, letter, fact.value, found[1])
    for label, key in MONEY_FIELDS.items():
        if entry.field.key == key:
            month = next(
                (f.value for f in entry.facts if f.label.startswith(f"{label}, ") and "to date" not in f.label), ""
            )
            total = next((f.value for f in entry.facts if f.label == f"{label}, year to date"), "")
            yield from _pair(label, letter, month, total)
    for table in (*entry.tables, *(c.table for c in entry.charts)):
        yield from _of_table(letter, table)


def _of_table(letter: str, table: DataTable) -> Iterator[Pair]:
    """Tables whose columns are the month, a year before, the year to date, and that a year before."""
    if len(table.head) < 5 or not table.head[3].endswith("to date") or _is_rate(table.caption):
        return
    for row in table.rows:
        if not _is_rate(row[0]):
            for month, to_date in ((1, 3), (2, 4)):
                yield from _pair(f"{row[0]}, {table.head[month]}", letter, row[month], row[to_date])


def _is_rate(label: str) -> bool:
    return any(word in label for word in RATES)


def _pair(what: str, section: str, month: str, to_date: str) -> Iterator[Pair]:
    a, b = parsed(month), parsed(to_date)
    if a is not None and b is not None:
        yield Pair(what, section, a, b, "£" in month)
