"""What was planned and what patrols did: plan, engagement counts, case studies."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from demo.calendar import stream
from demo.places import PLACES
from demo.schedule import Shift, Visit, visit_day
from domain.periods import parse_month

PLAN_HEADER = (
    "date", "hot_spot", "provider", "planned_start", "planned_minutes", "planned_persons", "abstracted_minutes",
    "abstraction_reason", "extended_minutes", "self_reported_minutes",
)  # fmt: skip
ENGAGEMENT_HEADER = ("date", "hot_spot", "provider", "measure", "count")
CLOSED = "closed for the holiday"

# Usual number in one visit, by provider. Rare things are rare: most days have none.
USUAL: dict[str, dict[str, float]] = {
    "outreach": {
        "engagement_brief": 3.2, "engagement_in_depth": 0.9, "referral_offered": 0.22, "safeguarding": 0.018,
        "weapons_surrender": 0.004, "reports_taken": 0.02, "intelligence": 0.03, "immediate_justice": 0.006,
    },
    "police-dedicated": {
        "engagement_brief": 1.6, "engagement_in_depth": 0.2, "arrests": 0.055, "stop_and_search": 0.14,
        "weapons_sweep": 0.012, "asb_warning": 0.16, "asb_cpn": 0.012, "asb_dispersal": 0.035, "asb_pspo": 0.03,
        "asb_fpn": 0.012, "asb_abc": 0.004, "asb_cbo": 0.0015, "reports_taken": 0.06, "intelligence": 0.09,
        "referral_offered": 0.03, "safeguarding": 0.008, "immediate_justice": 0.01,
    },
    "police-overtime": {
        "engagement_brief": 1.2, "engagement_in_depth": 0.1, "arrests": 0.07, "stop_and_search": 0.12,
        "weapons_sweep": 0.008, "asb_warning": 0.14, "asb_dispersal": 0.05, "asb_fpn": 0.01, "reports_taken": 0.05,
        "intelligence": 0.05, "referral_offered": 0.01, "safeguarding": 0.005,
    },
}  # fmt: skip


def plan_rows(shifts: list[Shift]) -> list[list[str]]:
    """One row a planned visit, in order of date, provider and start."""
    rows = [_plan_row(s, v) for s in shifts if s.lost != CLOSED for v in s.visits]
    return sorted(rows, key=lambda r: (r[0], r[2], r[3], r[1]))


def _plan_row(shift: Shift, visit: Visit) -> list[str]:
    start = int(visit.start % 1440)
    lost = visit.planned_minutes if shift.lost else visit.abstracted_minutes
    seen = shift.tracker_failed and not shift.lost and visit.minutes
    return [
        visit_day(shift, visit).isoformat(), PLACES[visit.place].code, shift.provider,
        f"{start // 60:02d}:{start % 60:02d}", f"{visit.planned_minutes:g}", "2", f"{lost:g}",
        shift.lost or visit.reason, f"{0 if shift.lost else visit.extended_minutes:g}",
        f"{5 * round(visit.minutes / 5)}" if seen else "",
    ]  # fmt: skip


def engagement_rows(seed: int, shifts: list[Shift]) -> list[list[str]]:
    """Counts of measures by date, hot spot and provider; only what happened has a row."""
    rng = stream(seed, "engagements")
    totals: dict[tuple[str, str, str, str], int] = {}
    for shift in shifts:
        for visit in () if shift.lost else shift.visits:
            if visit.minutes:
                key = (visit_day(shift, visit).isoformat(), PLACES[visit.place].code, shift.provider)
                for measure, count in _counts(shift.provider, rng).items():
                    if count:
                        totals[(*key, measure)] = totals.get((*key, measure), 0) + count
    rows = [[*key, str(count)] for key, count in totals.items()] + _plans_opened(rng)
    return sorted(rows)


def _counts(provider: str, rng: np.random.Generator) -> dict[str, int]:
    found = {measure: int(rng.poisson(usual)) for measure, usual in USUAL[provider].items()}
    met = found.get("engagement_brief", 0) + found.get("engagement_in_depth", 0)
    found["engagement_positive"] = int(rng.binomial(met, 0.94 if provider == "outreach" else 0.86))
    found["people_engaged"] = int(rng.binomial(met, 0.82))
    found["referral_accepted"] = int(rng.binomial(found.get("referral_offered", 0), 0.45))
    if "stop_and_search" in found:
        found["stop_and_search_positive"] = int(rng.binomial(found["stop_and_search"], 0.29))
        found["weapons_search"] = int(rng.binomial(found["stop_and_search_positive"], 0.3))
    return found


def _plans_opened(rng: np.random.Generator) -> list[list[str]]:
    """One problem-oriented policing plan a hot spot; four of them closed within the data."""
    rows = []
    for number, place in enumerate(PLACES):
        opened = parse_month("2022-11") + timedelta(days=int(rng.integers(0, 200)))
        rows.append([opened.isoformat(), place.code, "police-dedicated", "pop_plan_opened", "1"])
        if number % 2 == 0:
            closed = opened + timedelta(days=int(rng.integers(120, 230)))
            rows.append([closed.isoformat(), place.code, "police-dedicated", "pop_plan_closed", "1"])
    return rows


# Written to pass a motivated-intruder test: no one person, no date, no place but the programme's area,
# no rare circumstance. Themes are from the closed list of the form.
CASE_STUDIES: tuple[dict[str, str], ...] = (
    {
        "reference": "CS-01", "theme": "Support and referral", "title": "Help with a tenancy after regular contact",
        "situation": "Outreach workers got to know someone who often spent evenings near one of the hot spots and "
        "had been the subject of several complaints about nuisance.",
        "action": "Over several visits workers built trust, explained what local services offer and, with consent, "
        "made a referral for housing advice and went along to the first appointment.",
        "outcome": "The person accepted support and kept further appointments. Patrols recorded fewer complaints "
        "nearby afterwards; whether the support was the cause cannot be known from one case.",
        "author": "Outreach team (demonstration)",
    },
    {
        "reference": "CS-02", "theme": "De-escalation", "title": "A dispute settled before anyone was hurt",
        "situation": "During an evening patrol a disagreement between two groups outside a venue grew loud and some "
        "bystanders felt unsafe.",
        "action": "Workers spoke calmly with each group apart, asked venue staff to give people space and passed "
        "details to police so that a patrol could come by later.",
        "outcome": "Both groups left without an offence being recorded. The team discussed the approach at the next "
        "briefing and agreed to visit the venue at closing time.",
        "author": "Outreach team (demonstration)",
    },
    {
        "reference": "CS-03", "theme": "Problem solving", "title": "A dark passage made easier to watch over",
        "situation": "Debriefs with tracker maps showed that patrols rarely walked through a poorly lit passage that "
        "businesses had complained about.",
        "action": "Police and outreach agreed to include it in visits, and the partnership asked for the lighting to "
        "be repaired and the growth to be cut back.",
        "outcome": "The lighting was repaired and patrol maps now cover the passage. Businesses reported that staff "
        "felt safer leaving work; no claim is made about crime from so small an area.",
        "author": "Partnership analyst (demonstration)",
    },
)  # fmt: skip
