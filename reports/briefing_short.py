"""Which planned visits were short and why, in words: sentence, table, and the choice that fits on paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from components.columns import Column, decimal, text
from data_access.briefing_model import Briefing, Reason, ShortVisit
from domain import formats

# A visit that misses less of its dose than this is short, but its reason is not asked after.
NEARLY = 0.1
NONE_FOUND = "no reason found"

# Of the closed list of the plan: what calls a patrol away, and what kept it from coming at all.
ABSTRACTIONS = {
    "safeguarding call": "called away: safeguarding call",
    "public order event": "called away: public order event",
    "arrest or custody": "called away: arrest or custody",
    "sickness or absence": "sickness or absence",
    "court": "called away: court",
    "training": "training",
    "severe weather": "severe weather",
    "emergency call": "called away: emergency call",
    "no officers available": "no officers available",
    "other duty": "called away: other duty",
    "other": "abstracted: other reason",
    "": "abstracted, no reason recorded",
}

SHORT_COLUMNS: Sequence[Column] = (
    text("day", "Day", lambda d: f"{d:%a} {formats.day(d)}"),
    text("name", "Hot spot"),
    text("planned_at", "Planned at"),
    text("came_at", "Came at"),
    decimal("planned_minutes", "Planned dose (minutes)", 0),
    decimal("patrol_minutes", "Delivered (patrol-minutes)"),
    decimal("missing_minutes", "Missing (minutes)"),
    text("reason", "Most likely reason"),
)
REASONS_NOTE = (
    "A reason is named when it accounts for half of the missing minutes or more: abstractions (called away, sickness and "
    "others) as the plan says; dose that lay past the end of the shift; time just outside the boundary or in a tracker silence as the trackers say, shared over the "
    "day's short visits to the place. It is the most likely reason, not a finding."
)

_number = formats.number


def plural(number: int, one: str, many: str) -> str:
    return f"{_number(number)} {one if number == 1 else many}"


def clock(minute: float | None) -> str:
    if minute is None or np.isnan(minute):
        return "–"
    return f"{int(minute) // 60:02d}:{int(minute) % 60:02d}"


def short_frame(b: Briefing, visits: Sequence[ShortVisit] | None = None) -> pd.DataFrame:
    """One row a planned visit that was short or left no trace, by day and time."""
    rows = [
        {
            "day": s.day,
            "name": s.name,
            "planned_at": clock(s.planned_start),
            "came_at": clock(s.came),
            "planned_minutes": s.planned_minutes,
            "patrol_minutes": s.patrol_minutes,
            "missing_minutes": s.missing_minutes,
            "reason": reason_words(s),
        }
        for s in (b.short if visits is None else visits)
    ]
    return pd.DataFrame(rows, columns=[c.name for c in SHORT_COLUMNS])


def reason_words(s: ShortVisit) -> str:
    """The most likely reason in plain words; a reason that accounts for less than half is not named as one."""
    if s.reason is Reason.ABSTRACTED:
        return f"{_capital(_abstraction(s))} ({_share(s)})"
    if s.reason is Reason.BOUNDARY:
        return f"Stood just outside the boundary ({_share(s)})"
    if s.reason is Reason.SILENCE:
        return f"Tracker silent ({_share(s)})"
    if s.reason is Reason.SHIFT_END:
        return f"The shift ended ({_share(s)})"
    if s.reason is Reason.NO_TRACKER:
        return "No tracker data that day: a visit would not show"
    if s.reason is Reason.PASSED:
        return "Passed through, under the minimum stay"
    near = _abstraction(s) if s.near is Reason.ABSTRACTED else s.near
    return f"{_capital(NONE_FOUND)}; {near} for {_share(s)}" if near else _capital(NONE_FOUND)


def _abstraction(s: ShortVisit) -> str:
    return ABSTRACTIONS.get(s.detail, ABSTRACTIONS["other"])


def _share(s: ShortVisit) -> str:
    of = _number(max(s.missing_minutes, 1.0))
    return f"{_number(s.explained_minutes) if s.explained_minutes >= 0.5 else 'under 1'} of {of} min"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _kind(s: ShortVisit) -> str:
    """The reason as it is counted: all callings away are one."""
    if s.reason is Reason.NONE:
        return NONE_FOUND
    return (
        _abstraction(s).split(":")[0].removesuffix(", no reason recorded")
        if s.reason is Reason.ABSTRACTED
        else s.reason
    )


def _nearly(s: ShortVisit) -> bool:
    return s.missing_minutes < NEARLY * s.planned_minutes


def short_sentence(b: Briefing) -> str:
    """How many were short and the reasons, most frequent first."""
    if not b.plan_loaded:
        return "Without a plan no planned visit can be found short."
    planned = b.total.planned_visits or 0
    if not planned and b.shared_planned:
        return "No planned visit is certain to have been this team's, so none can be called delivered or short."
    if not planned:
        return "No visit was planned for this team in the period, so none can be short."
    if not b.short:
        return f"{'The' if planned == 1 else 'All'} {plural(planned, 'planned visit', 'planned visits')} reached the planned dose."
    none = sum(s.came is None for s in b.short)
    said = f"{_number(len(b.short))} of {plural(planned, 'planned visit', 'planned visits')} fell short of the dose"
    trace = f", {_number(none)} of them without a visit" if none else ""
    return f"{said}{trace}. {_reasons(b.short)}"


def _reasons(short: Sequence[ShortVisit]) -> str:
    clear = [s for s in short if not _nearly(s)]
    nearly = len(short) - len(clear)
    if not clear:
        return "None missed more than a tenth of it."
    known = [s for s in clear if s.reason is not Reason.NONE]
    unknown = len(clear) - len(known)
    of = f" of the {_number(len(clear))} that missed a tenth of it or more" if nearly else ""
    if not known:
        return f"No reason was found for any{' that missed a tenth of it or more' if nearly else ' of them'}."
    rest = f"; none found for {_number(unknown)}" if unknown else ""
    return f"Most likely reasons{of}: {_counted(known)}{rest}."


def _counted(visits: Iterable[ShortVisit]) -> str:
    """ "called away 2 and tracker silent 1", most frequent first."""
    return formats.joined([f"{kind} {_number(n)}" for kind, n in Counter(map(_kind, visits)).most_common()])


def listed(b: Briefing, most: int) -> tuple[list[ShortVisit], str]:
    """The short visits for one sheet of paper in order of time, and how many of each reason were left off.

    Those with a reason come first, because the sentence above them counts the reasons; then those that miss most.
    """
    clear = [s for s in b.short if not _nearly(s)]
    order = sorted(range(len(clear)), key=lambda n: (clear[n].reason is Reason.NONE, -clear[n].missing_minutes))
    kept = set(order[:most])
    left = [s for n, s in enumerate(clear) if n not in kept]
    nearly = len(b.short) - len(clear)
    notes = [f"{_number(len(left))} more ({_counted(left)})"] if left else []
    if nearly:
        notes.append(f"{_number(nearly)} that missed less than a tenth of the dose")
    said = f"Not listed here: {formats.joined(notes)}; the page lists all." if notes else ""
    return [s for n, s in enumerate(clear) if n in kept], said
