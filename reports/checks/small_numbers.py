"""Counts of 1 to 4 that are about people, under the return's marking."""

from __future__ import annotations

import re

from data_access.disclosure import SUPPRESS_BELOW
from domain import formats
from domain.measures import BY_CODE
from reports.checks.model import CheckResult, Finding, Severity, finding
from reports.checks.printed import figures_in, parsed
from reports.model import Entry, ReturnContents

KEY, TITLE = "small numbers", "Small numbers"
SENSITIVE = "OFFICIAL-SENSITIVE"
# Reports, intelligence, weapons found in a sweep and plans are counts of things.
NOT_PEOPLE = {
    BY_CODE[m].label for m in ("reports_taken", "intelligence", "weapons_sweep", "pop_plan_opened", "pop_plan_closed")
}
RULE = (
    "Rule: outside the operational roles counts of 1 to 4 are suppressed, with what would give them away. A return goes in full "
    f"to the fund that asks for it, under its marking; so small counts about people need the marking {SENSITIVE}, or a reason "
    "why they may go without. A return is never what is published: openly released tables suppress such counts themselves."
)
_CASE_STUDIES = "anonymised_case_studies"


def small_numbers(contents: ReturnContents) -> CheckResult:
    """Sections D and E and the case studies; a reason for such counts, and for the studies, unless the marking covers them."""
    entries = [e for s in contents.sections if s.letter in ("D", "E") for e in s.entries]
    held = [(e, small) for e in entries if (small := small_counts(e))]
    stories = next(
        (e.stories for s in contents.sections if s.letter == "I" for e in s.entries if e.field.key == _CASE_STUDIES), ()
    )
    count, places = sum(len(small) for _, small in held), _crime_cells(contents)
    about = (
        f"{RULE} Looked at: {len(entries)} fields of enforcement and engagement with {formats.counted(count, 'count')} of 1 to 4 about people, and "
        f"{len(stories)} case {'study' if len(stories) == 1 else 'studies'}, each about one person or a few. Tables of crime by place and by group hold {places} more "
        f"such counts, of crimes. The marking is {contents.marking}."
    )
    if contents.marking == SENSITIVE:
        return CheckResult(KEY, TITLE, about)
    findings = [_of_entries(held, contents.marking)] if held else []
    if stories:
        findings.append(_of_stories([s.reference for s in stories], contents.marking))
    return CheckResult(KEY, TITLE, about, tuple(findings))


def small_counts(entry: Entry) -> list[tuple[str, str]]:
    """(label, the month's count or those beside it) of people, where any lies between 1 and 4."""
    found = []
    for fact in entry.facts:
        if fact.label in NOT_PEOPLE or "share" in fact.label:
            continue
        small = [f for f in (fact.value, *figures_in(fact.note)) if is_small(f)]
        if small:
            found.append((fact.label, ", ".join(small)))
    return found


def is_small(text: str) -> bool:
    number = parsed(text)
    return number is not None and 0 < number < SUPPRESS_BELOW


def _of_entries(held: list[tuple[Entry, list[tuple[str, str]]]], marking: str) -> Finding:
    """One finding for all of them: whoever answers for the marking answers for the return as a whole."""
    named = [
        f"{e.field.section}, {formats.joined([f'{label} ({counts})' for label, counts in small])}" for e, small in held
    ]
    return finding(
        KEY, "counts", Severity.REASON, f"Counts of 1 to 4 about people under {marking}: {'; '.join(named)}.",
        f"Have the marking set to {SENSITIVE} in the programme's settings, or write why these counts may go under {marking}.",
        ", ".join(dict.fromkeys(e.field.section for e, _ in held)), marking, *named,
    )  # fmt: skip


def _of_stories(references: list[str], marking: str) -> Finding:
    named = formats.joined(references)
    return finding(
        KEY, "case studies", Severity.REASON, f"I, case studies {named}: each is about one person or a few, under {marking}.",
        "Write that those who approved them knew that they go into this return, or have the marking changed.", "I", marking, *references,
    )  # fmt: skip


def _crime_cells(contents: ReturnContents) -> int:
    tables = [
        t for s in contents.sections if s.letter in ("B", "F") for e in s.entries
        for t in (*e.tables, *(c.table for c in e.charts)) if re.search(r"hot spot|Recorded crime and", t.caption)
    ]  # fmt: skip
    counts = [
        cell for t in tables for row in t.rows for head, cell in zip(t.head[1:], row[1:], strict=True)
        if head != "Change" and not head.startswith("Area")
    ]  # fmt: skip
    return sum(is_small(c) for c in counts)
