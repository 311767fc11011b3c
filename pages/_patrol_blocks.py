"""Blocks about patrol delivery, shared by Patrols and the page of one hot spot."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from components import figures, palette
from components.block import Block, register_block
from components.columns import Column, count, decimal, share, text
from components.view import View
from data_access import delivery, patrols, rule_changes
from domain import formats
from domain.roles import Permission

MINUTES_NOTE = (
    "Patrol-minutes are minutes with one or more people of a team inside the boundary, from GPS with exact crossing times; "
    "person-minutes are summed over people. Self-reported minutes are never added in."
)


def _planned_columns(first: list[Column]) -> list[Column]:
    return [
        *first,
        decimal("planned_minutes", "Planned (minutes)", 0),
        decimal("patrol_minutes", "Delivered (patrol-minutes)", 0),
        share("delivered_share", "Delivered, % of planned"),
        decimal("person_hours", "Person-hours"),
        count("visits", "Visits"),
        share("compliance", "Visits at or over planned dose, %"),
        decimal("abstracted_minutes", "Abstracted (minutes)", 0),
        decimal("self_reported_minutes", "Self-reported (minutes)", 0),
        share("gps_share", "GPS-verified, %"),
    ]


def _delivery_sentence(frame: pd.DataFrame, view: View) -> str:
    if "suppressed_patrol_minutes" in frame and frame["suppressed_patrol_minutes"].any():
        planned = float(frame["planned_minutes"].sum())
        return f"{formats.number(planned)} minutes were planned; what was delivered is given where it may be shown to your role, without a total."
    planned, done = float(frame["planned_minutes"].sum()), float(frame["patrol_minutes"].sum())
    if not planned:
        return f"{formats.number(done)} patrol-minutes delivered; no plan is loaded for this period, so no share can be given."
    said = f"{formats.number(done)} of {formats.number(planned)} planned minutes were delivered ({formats.percent(done / planned)})"
    away = float(frame["abstracted_minutes"].sum())
    if not away:
        return f"{said}; no abstraction is recorded."
    # Abstracted and short need not agree: some visits ran over their plan, some were short without a reason.
    return f"{said}, {formats.number(abs(planned - done))} {'fewer' if done <= planned else 'more'} than planned; plans record {formats.number(away)} minutes as abstracted, and other visits ran over or under."


BY_PROVIDER = register_block(
    Block(
        id="delivery-by-provider",
        title="By provider",
        permission=Permission.VIEW_PATROLS,
        frame=lambda view: delivery.delivery_table(view.scope, view.filters, ("provider",)),
        sentence=_delivery_sentence,
        caption=lambda view: MINUTES_NOTE,
        columns=lambda view: _planned_columns([text("provider_name", "Provider")]),
        table_open=True,
    )
)

BY_MONTH = register_block(
    Block(
        id="delivery-by-month",
        title="Planned and delivered by month",
        permission=Permission.VIEW_PATROLS,
        frame=lambda view: delivery.delivery_table(view.scope, view.filters, ("month",)),
        sentence=_delivery_sentence,
        caption=lambda view: (
            f"All providers together. {MINUTES_NOTE} The first and last month are part months where the period starts or ends inside them."
        ),
        columns=lambda view: _planned_columns([text("month", "Month", formats.month)]),
        figure=lambda frame, view: figures.planned_and_delivered(
            periods=[formats.month(m) for m in frame["month"]],
            planned=list(frame["planned_minutes"]),
            delivered=list(frame["patrol_minutes"]),
            unit="patrol-minutes",
        ),
    )
)

BY_WEEK = register_block(
    Block(
        id="delivery-by-week",
        title="Planned and delivered by week",
        permission=Permission.SEE_DAYS,
        frame=lambda view: delivery.delivery_table(view.scope, view.filters, ("week",)),
        sentence=lambda frame, view: _week_sentence(frame),
        caption=lambda view: f"Weeks start on Monday. {MINUTES_NOTE}",
        columns=lambda view: _planned_columns([text("week", "Week starting", formats.day)]),
        figure=lambda frame, view: figures.planned_and_delivered(
            periods=[str(w) for w in frame["week"]],
            tick_text=[formats.day(w) for w in frame["week"]],
            planned=list(frame["planned_minutes"]),
            delivered=list(frame["patrol_minutes"]),
            unit="patrol-minutes",
        ),
    )
)


def _week_sentence(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset=["delivered_share"])
    if known.empty:
        return "No plan is loaded for this period."
    short = int((known["delivered_share"] < 0.8).sum())
    worst = known.loc[known["delivered_share"].idxmin()]
    said = (
        f"{short} of {len(known)} weeks delivered under 80% of the planned minutes; the lowest was the week of "
        f"{formats.day(worst['week'])} ({formats.percent(float(worst['delivered_share']))}"
    )
    away = float(worst["abstracted_minutes"])
    if away <= 0:
        return f"{said}, with no abstraction recorded)."
    return f"{said}, with {formats.number(away)} of {formats.number(float(worst['planned_minutes']))} planned minutes recorded as abstracted)."


def _day_sentence(frame: pd.DataFrame, view: View) -> str:
    none = int((frame["patrol_minutes"] <= 0).sum())
    return f"On {formats.number(none)} of {formats.number(len(frame))} hot spot-days ({formats.percent(none / len(frame))}) no patrol was recorded by GPS."


def _day_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    table = frame.pivot_table(index="hot_spot_name", columns="local_date", values="patrol_minutes", aggfunc="sum")
    table = table.reindex([name for name in view.spot_names.values() if name in table.index])  # as numbered on the map
    return figures.heat(
        x=[formats.day(d) for d in table.columns],
        y=list(table.index),
        z=table.to_numpy().tolist(),
        unit="patrol-minutes",
        nticks=8,
    )


BY_DAY = register_block(
    Block(
        id="delivery-by-day-and-hot-spot",
        title="Each day and hot spot",
        permission=Permission.SEE_DAYS,
        frame=lambda view: delivery.delivery_table(view.scope, view.filters, ("local_date", "hot_spot")),
        sentence=_day_sentence,
        caption=lambda view: f"One cell a day and hot spot; white cells had none. {MINUTES_NOTE}",
        columns=lambda view: [
            text("local_date", "Day", formats.day),
            text("hot_spot_name", "Hot spot"),
            decimal("planned_minutes", "Planned (minutes)", 0),
            decimal("patrol_minutes", "Delivered (patrol-minutes)"),
            decimal("person_minutes", "Person-minutes"),
            count("visits", "Visits"),
            decimal("abstracted_minutes", "Abstracted (minutes)", 0),
        ],
        figure=_day_figure,
    )
)

HOUR_WEEKDAY = register_block(
    Block(
        id="patrol-hour-by-weekday",
        title="When patrols were there",
        permission=Permission.SEE_DAYS,
        frame=lambda view: patrols.patrol_table(view.scope, view.filters, ("weekday", "hour")),
        sentence=lambda frame, view: _busiest(frame, view),
        caption=lambda view: (
            f"Patrol-minutes by local hour and weekday over the whole period; a visit's minutes are split over the hours it spans. {MINUTES_NOTE}"
        ),
        columns=lambda view: [
            text("weekday", "Weekday", lambda d: figures.DAYS[int(d)]),
            text("hour", "Hour starting", lambda h: f"{int(h):02d}:00"),
            decimal("patrol_minutes", "Patrol-minutes", 0),
            decimal("person_minutes", "Person-minutes", 0),
        ],
        figure=lambda frame, view: figures.hour_by_weekday(frame=frame, value="patrol_minutes", unit="patrol-minutes"),
    )
)


def _busiest(frame: pd.DataFrame, view: View) -> str:
    total = float(frame["patrol_minutes"].sum())
    if not total:
        return "No patrols recorded."
    top = frame.loc[frame["patrol_minutes"].idxmax()]
    busiest = f"the busiest hour was {figures.DAYS[int(top['weekday'])]} {int(top['hour']):02d}:00"
    shift = next((p for p in view.programme.providers if p.shift_from and p.shift_to), None)
    if shift is None or shift.shift_from is None or shift.shift_to is None:
        return f"Of {formats.number(total)} patrol-minutes, {busiest}."
    inside = float(
        frame.loc[frame["hour"].between(shift.shift_from.hour, shift.shift_to.hour - 1), "patrol_minutes"].sum()
    )
    hours = f"{shift.shift_from:%H:%M} and {shift.shift_to:%H:%M}, the shift of {shift.name}"
    return f"{formats.percent(inside / total)} of patrol-minutes fell between {hours}; {busiest}."


def _lengths_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    names = {p.code: p.name for p in view.programme.providers}
    return figures.visit_lengths(
        lengths={c: list(frame.loc[frame["provider"] == c, "patrol_minutes"]) for c in names},
        names=names,
        styles={c: palette.provider_style(view.programme, c) for c in names},
        doses={p.code: p.dose_on(view.filters.period.end) for p in view.programme.providers},
    )


def _lengths_sentence(frame: pd.DataFrame, view: View) -> str:
    parts = []
    for provider in view.programme.providers:
        own = frame[frame["provider"] == provider.code]
        if len(own):
            parts.append(
                f"{provider.name}: median {own['patrol_minutes'].median():.0f} minutes, {formats.percent(float(own['at_dose'].mean()))} at or over the planned dose that day"
            )
    return "; ".join(parts) + "." if parts else "No visits recorded."


LENGTHS = register_block(
    Block(
        id="visit-lengths",
        title="Visit lengths against the planned dose",
        permission=Permission.SEE_DAYS,
        frame=lambda view: patrols.visit_lengths(view.scope, view.filters),
        sentence=_lengths_sentence,
        caption=lambda view: (
            "One count a visit of at least the minimum dwell; shorter stays are counted as passing through. The rule marks the planned dose at the end of the period."
        ),
        columns=lambda view: [
            text("provider", "Provider", view.programme.provider_name),
            decimal("patrol_minutes", "Visit length (patrol-minutes)"),
            decimal("planned_dose", "Planned dose that day (minutes)", 0),
        ],
        figure=_lengths_figure,
    )
)

SINCE = register_block(
    Block(
        id="days-since-last-patrol",
        title="Days since the last patrol",
        permission=Permission.SEE_DAYS,
        frame=lambda view: patrols.days_since_last_patrol(view.scope, view.programme.code, view.filters.period.end),
        sentence=lambda frame, view: _since_sentence(frame, view),
        caption=lambda view: (
            f"Whole days from the last GPS-verified visit to {formats.day(view.filters.period.end)}; 4 or more is flagged."
        ),
        columns=lambda view: [
            text("hot_spot_name", "Hot spot"),
            text("last_patrol", "Last patrol", formats.day),
            count("days", "Days since"),
            text("flag", "Flag", lambda f: "4 days or more" if f else ""),
        ],
        table_open=True,
    )
)


def _since_sentence(frame: pd.DataFrame, view: View) -> str:
    late = list(frame.loc[frame["flag"].astype(bool), "hot_spot_name"])
    if not late:
        return (
            f"On {formats.day(view.filters.period.end)} every hot spot had been patrolled within the last three days."
        )
    return f"On {formats.day(view.filters.period.end)} no patrol had been recorded for four days or more at {formats.joined(late)}."


def _abstraction_sentence(frame: pd.DataFrame, view: View) -> str:
    by_reason = frame.groupby("reason")["minutes"].sum().sort_values()
    total, most = float(by_reason.sum()), float(by_reason.iloc[-1])
    return (
        f"Plans record {formats.number(total)} planned minutes as abstracted; most often the reason was "
        f"{str(by_reason.index[-1]).lower()} ({formats.number(most)} minutes)."
    )


def _abstraction_columns(view: View) -> list[Column]:
    provider = (
        [text("provider", "Provider", view.programme.provider_name)] if view.may(Permission.SEE_SMALL_COUNTS) else []
    )
    return [
        text("reason", "Reason"),
        *provider,
        decimal("minutes", "Minutes abstracted", 0),
        count("visits", "Planned visits affected"),
    ]


ABSTRACTIONS = register_block(
    Block(
        id="abstractions",
        title="Abstractions and their reasons",
        permission=Permission.VIEW_PATROLS,
        frame=lambda view: patrols.abstractions(view.scope, view.filters),
        sentence=_abstraction_sentence,
        caption=lambda view: "As recorded in the plan extract by each provider, in the portal's list of reasons.",
        columns=_abstraction_columns,
        table_open=True,
    )
)


OVERLAP = register_block(
    Block(
        id="provider-overlap",
        title="Two providers in the same place at once",
        permission=Permission.VIEW_PATROLS,
        frame=lambda view: delivery.overlap_table(view.scope, view.filters),
        sentence=lambda frame, view: (
            "How long two providers were in the same hot spot at once may not be shown to your role here."
            if frame["suppressed"].any()
            else f"Two providers were in the same hot spot at the same time for {formats.number(float(frame['overlap_minutes'].sum()), 0)} minutes ({formats.percent(float(frame['share'].iloc[0]), 1)} of patrol-minutes); the services are meant not to patrol together."
        ),
        caption=lambda view: "From visits by GPS; should be near 0.",
        columns=lambda view: [
            decimal("overlap_minutes", "Overlap (minutes)", 0),
            decimal("patrol_minutes", "All patrol-minutes", 0),
            share("share", "Share, %", 1),
        ],
        table_open=True,
    )
)


def _silences(view: View) -> str:
    """What becomes of time without a signal, by the rules in force of each provider."""
    held: dict[str, list[str]] = {}
    for code, rules in rule_changes.current_rules(view.scope, view.programme.code).items():
        gap = f"silences up to {_minutes(rules.gap_s)} count along the line between their ends"
        if rules.gap_credit_s > rules.gap_s:
            gap += f", longer ones up to {_minutes(rules.gap_credit_s)} only where they begin and end inside the same hot spot"
        held.setdefault(f"{gap}, and any other time without a signal counts nothing", []).append(code)
    said = [
        text_ if len(held) == 1 else f"{formats.joined([view.programme.provider_name(c) for c in codes])}: {text_}"
        for text_, codes in held.items()
    ]
    return "".join(f"{one[0].upper()}{one[1:]}. " for one in said).strip()


def _minutes(seconds: float) -> str:
    minutes = seconds / 60
    return f"{formats.number(minutes, 1 if minutes % 1 else 0)} minute{'' if minutes == 1 else 's'}"


TRACKERS = register_block(
    Block(
        id="tracker-quality",
        title="Tracker quality",
        permission=Permission.SEE_DAYS,
        frame=lambda view: patrols.tracker_quality(view.scope, view.filters),
        sentence=lambda frame, view: (
            f"Trackers differ: a long interval between positions blurs crossing times. {_silences(view)}"
        ),
        caption=lambda view: (
            "Unallocated minutes are tracked minutes outside every boundary; inside minutes are those seen, before any rule credits or bridges. "
            "Gap minutes are silences longer than the gap rule, whether credited or not."
        ),
        columns=lambda view: [
            text("provider", "Provider", view.programme.provider_name),
            count("devices", "Devices"),
            count("pings", "Positions"),
            decimal("tracked_minutes", "Tracked (device-minutes)", 0),
            decimal("inside_minutes", "Inside (device-minutes)", 0),
            decimal("unallocated_minutes", "Unallocated (device-minutes)", 0),
            decimal("gap_minutes", "Gaps (device-minutes)", 0),
            decimal("median_interval_s", "Median interval (s)", 0),
        ],
        table_open=True,
    )
)
