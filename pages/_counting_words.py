"""The rules of counting in words: what each does, in which unit, and why it is as it is."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.dosage import shipped_bias
from analysis.dosage.rules import Rules
from domain import formats


@dataclass(frozen=True)
class Rule:
    """One rule as a reader meets it; ``divide`` turns the kept unit into the one shown, ``least`` and ``most`` are in
    the one shown."""

    name: str
    label: str
    unit: str
    divide: float
    why: str
    least: float = 0
    most: float = 1440


RULES: tuple[Rule, ...] = (
    Rule("gap_s", "Silence that ends presence", "minutes", 60, "Longer than this between two positions, nobody knows where the person was.", least=1),
    Rule("gap_credit_s", "Silence credited in one place", "minutes", 60, "A silence up to this long that begins and ends inside the same hot spot counts: walls hide a tracker that is still there. Nothing shows that it was, so what is credited is shown apart."),
    Rule("band_m", "Band at the boundary", "metres", 1, "GPS wanders. An excursion that stays this close to the boundary is taken for wander and counts as inside; from cars, which pass close by, a smaller band is right.", most=1000),
    Rule("reentry_s", "Excursion that is bridged", "minutes", 60, "Back inside within this time, the patrol is taken to have stayed; the time counts."),
    Rule("min_dwell_s", "Shortest visit", "minutes", 60, "A shorter stay is passing through: its minutes are kept apart from visits."),
    Rule("off_duty_s", "Tracker taken to be off", "minutes", 60, "A longer silence is the end of a shift, not a lost signal."),
)  # fmt: skip
SHIFT_WHY = "Presence outside these clock times does not count. Without any, all hours count."


def shown(rules: Rules, rule: Rule) -> float:
    return float(getattr(rules, rule.name)) / rule.divide


def shifts_text(rules: Rules) -> str:
    """14:00-22:00, 20:00-01:00; empty without any."""
    return ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in rules.shifts)


def said(rules: Rules, rule: Rule) -> str:
    value = shown(rules, rule)
    return (
        "off"
        if value == 0 and rule.name != "min_dwell_s"
        else f"{formats.number(value, 1 if value % 1 else 0)} {rule.unit}"
    )


def differences(rules: Rules, other: Rules) -> list[str]:
    """ "shortest visit 3 minutes to 5 minutes" for each rule that differs."""
    found = [
        f"{r.label.lower()} {said(rules, r)} to {said(other, r)}"
        for r in RULES
        if getattr(rules, r.name) != getattr(other, r.name)
    ]
    if rules.shifts != other.shifts:
        found.append(f"shifts {shifts_text(rules) or 'none'} to {shifts_text(other) or 'none'}")
    return found


STYLES = {"foot": "on foot", "brisk": "walking briskly", "outreach": "outreach with stays indoors", "car": "by car"}
_SHOWN_S = (10.0, 60.0, 300.0)


def measured_bias() -> str:
    """How far both ways of counting are from the truth, from the measured table: too little and too much."""
    rules = [f"{_spread(shipped_bias.at(s), 'rules')} at {s:g} s" for s in _SHOWN_S]
    plain = _spread(shipped_bias.at(_SHOWN_S[0]), "plain")
    return (
        "In simulated patrols with known minutes, by interval between positions and way of patrolling, the default rules counted "
        f"{formats.joined(rules)}; the plain count {plain} at {_SHOWN_S[0]:g} s."
    )


def _spread(found: list[shipped_bias.Bias], column: str) -> str:
    """ "between 1.5% (on foot) and 5.9% (by car) too much", the smaller error first where both are on one side."""
    ends = sorted(((getattr(b, column), STYLES[b.style]) for b in found), key=lambda end: end[0])
    (low, slow), (high, quick) = ends[0], ends[-1]
    if low < 0 < high:
        return (
            f"between {formats.percent(-low, 1)} too little ({slow}) and {formats.percent(high, 1)} too much ({quick})"
        )
    (least, one), (most, other) = sorted([(abs(low), slow), (abs(high), quick)])
    side = "too much" if low >= 0 else "too little"
    return f"between {formats.percent(least, 1)} ({one}) and {formats.percent(most, 1)} ({other}) {side}"
