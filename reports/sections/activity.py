"""Sections D, E and G: what patrols did and whom they met; problem-oriented plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data_access.engagements import engagement_table
from domain import formats
from domain.measures import BY_CODE
from reports.model import Entry, Fact
from reports.source import Source, to_number

# Return field -> the measures that answer it (domain/measures.py).
ENFORCEMENT: Mapping[str, Sequence[str]] = {
    "arrests": ("arrests",),
    "stop_and_search": ("stop_and_search", "stop_and_search_positive"),
    "weapons_recovered": ("weapons_search", "weapons_sweep", "weapons_surrender"),
    "asb_powers": ("asb_warning", "asb_cpn", "asb_dispersal", "asb_pspo", "asb_fpn", "asb_cbo", "asb_abc"),
    "crime_incident_reports_taken": ("reports_taken", "intelligence"),
}
ENGAGEMENT: Mapping[str, Sequence[str]] = {
    "engagements": ("engagement_brief", "engagement_in_depth", "engagement_positive", "people_engaged", "referral_offered", "referral_accepted"),
    "safeguarding_actions": ("safeguarding", "immediate_justice"),
}  # fmt: skip
PLANS = ("pop_plan_opened", "pop_plan_closed")


class Counts:
    """Counts of every measure over the month, the same month last year and the year to date."""

    def __init__(self, s: Source) -> None:
        self._names: list[str] = []
        self._values: list[dict[str, str]] = []
        self._numbers: list[dict[str, float | None]] = []
        for name, period in s.four_periods()[:3]:
            frame = engagement_table(s.scope, s.over(period), ("measure",))
            self._names.append(name)
            self._numbers.append({str(r["measure"]): to_number(r["count"]) for r in frame.to_dict("records")})
            self._values.append({m: formats.number(n) for m, n in self._numbers[-1].items()})

    def held(self, measure: str) -> bool:
        return measure in self._values[0]

    def number(self, measure: str) -> float | None:
        return self._numbers[0].get(measure)

    def fact(self, s: Source, section: str, key: str, measure: str) -> Fact:
        label = BY_CODE[measure].label
        if not self.held(measure):
            return s.missing(section, key, "This measure is not in any loaded engagements file.", label)
        others = "; ".join(
            f"{n}: {v.get(measure, formats.UNAVAILABLE)}"
            for n, v in zip(self._names[1:], self._values[1:], strict=True)
        )
        value = self._values[0][measure]
        if value == formats.UNAVAILABLE:
            return s.missing(section, key, f"No engagements file covers {formats.month(s.month)}. {others}.", label)
        return Fact(label, value, others + ".")


def enforcement(s: Source, counts: Counts) -> tuple[Entry, ...]:
    """Section D."""
    entries = []
    for key, measures in ENFORCEMENT.items():
        facts = [counts.fact(s, "D", key, m) for m in measures]
        if key == "weapons_recovered":
            why = "The loaded files say how weapons were found, not of what kind they were."
            facts.append(s.missing("D", key, why, "Knives counted apart from other weapons"))
        entries.append(s.entry("D", key, facts=tuple(facts)))
    return tuple(entries)


def engagement(s: Source, counts: Counts) -> tuple[Entry, ...]:
    """Section E."""
    entries = []
    for key, measures in ENGAGEMENT.items():
        facts = [counts.fact(s, "E", key, m) for m in measures]
        if key == "engagements":
            facts.insert(3, _positive_share(s, counts))
        entries.append(s.entry("E", key, facts=tuple(facts)))
    return tuple(entries)


def _positive_share(s: Source, counts: Counts) -> Fact:
    positive = counts.number("engagement_positive")
    parts = [n for m in ("engagement_brief", "engagement_in_depth") if (n := counts.number(m)) is not None]
    total = sum(parts)
    if positive is None or not total:
        why = "It needs both the engagements recorded as positive and all engagements."
        return s.missing("E", "engagements", why, "Engagements recorded as positive, share")
    note = f"Of {formats.number(total)} engagements, brief and in depth."
    return Fact("Engagements recorded as positive, share", formats.percent(positive / total), note)


def problem_solving(s: Source, counts: Counts) -> tuple[Entry, ...]:
    """Section G: quarterly; what is known is given in other months too."""
    facts = [counts.fact(s, "G", "pop_plans_open", m) for m in PLANS]
    for label in ("Hot spots with a plan", "SARA stage of each plan"):
        facts.append(s.missing("G", "pop_plans_open", "Plans are counted, not described, in the loaded files.", label))
    return (s.entry("G", "pop_plans_open", facts=tuple(facts)),)
