"""Section F: recorded crime, harm, signals, and what the evaluation can say."""

from __future__ import annotations

import pandas as pd

from analysis.evaluation.claims import patrol_days_claim
from analysis.evaluation.displacement.claim import difference_words
from analysis.evaluation.monitoring.xmr import Signal
from analysis.evaluation.record import Refusal
from components import figures
from data_access import trends
from data_access.crimes import crime_table
from data_access.evaluation import summary as evaluation
from domain import formats
from domain.periods import Period, add_months, month_end, parse_month
from reports.model import Chart, DataTable, Entry, Fact
from reports.source import Source, to_number

SERIES_MONTHS = 13


def section(s: Source) -> tuple[Entry, ...]:
    return (
        _crimes(s), _harm(s), _signal(s), _patrol_days(s), _around(s),
        *(_not_held(s, key, why) for key, why in (
            ("positive_outcome_rate", "Outcomes of crimes are not among the kinds of file the portal reads."),
            ("public_perception_survey", "No survey is loaded."),
        )),
    )  # fmt: skip


def _not_held(s: Source, key: str, why: str) -> Entry:
    return s.entry("F", key, facts=(s.missing("F", key, why),))


def _written(row: dict[str, object] | None, column: str, covered: bool) -> str:
    """A count as text: 0 where the period is loaded and the group absent, [c] where hidden."""
    if row is None:
        return formats.number(0) if covered else formats.UNAVAILABLE
    if row["suppressed"] and to_number(row[column]) is None:
        return formats.CONFIDENTIAL
    return formats.number(to_number(row[column]))


def crime_rows(s: Source) -> tuple[tuple[str, ...], ...]:
    """Offence groups by the month, last year's month and the two years to date; all crimes first, incidents last."""
    columns: list[dict[str, dict[str, object]]] = []
    totals: list[dict[str, object]] = []
    covered: list[bool] = []
    loaded = set(trends.months_loaded(s.scope, s.code))
    for _, period in s.four_periods():
        covered.append(set(period.months()) <= loaded)
        frame = crime_table(s.scope, s.over(period), ("offence_group",))
        columns.append({str(r["offence_group"]): r for r in frame.to_dict("records")})
        totals.append(crime_table(s.scope, s.over(period), ()).to_dict("records")[0])

    def cells(found: list[dict[str, object] | None], column: str) -> tuple[str, ...]:
        return tuple(
            _written(row, column, ok) if ok else formats.UNAVAILABLE for row, ok in zip(found, covered, strict=True)
        )

    groups = sorted({g for c in columns for g, row in c.items() if to_number(row["crimes"]) != 0})
    rows = [("All recorded crime", *cells(list(totals), "crimes"))]
    rows += [(group, *cells([c.get(group) for c in columns], "crimes")) for group in groups]
    rows.append(("Anti-social behaviour incidents (not crimes)", *cells(list(totals), "asb_incidents")))
    return tuple(rows)


def _crimes(s: Source) -> Entry:
    head = ("Offence group", *(name for name, _ in s.four_periods()))
    note = "Groups are those of the loaded extract. Crimes placed inside a boundary by their coordinates. [x]: not every month of the period is loaded."
    table = DataTable("Recorded crime and incidents in the hot spots", head, crime_rows(s), note=note)
    return s.entry("F", "crime_in_hot_spots", tables=(table,), charts=(_by_spot(s),))


def _by_spot(s: Source) -> Chart:
    last_year = s.period.year_before()
    now = crime_table(s.scope, s.filters, ("hot_spot",))
    then = crime_table(s.scope, s.over(last_year), ("hot_spot",)).set_index("hot_spot")
    before = [to_number(then["crimes"].get(code)) for code in now["hot_spot"]]
    labels = list(now["hot_spot_name"])
    values = [to_number(v) for v in now["crimes"]]
    names = (formats.month(s.month), formats.period(last_year))
    rows = tuple(
        (label, formats.number(a), formats.number(b), _difference(a, b))
        for label, a, b in zip(labels, values, before, strict=True)
    )
    higher = sum(a > b for a, b in zip(values, before, strict=True) if a is not None and b is not None)
    lower = sum(a < b for a, b in zip(values, before, strict=True) if a is not None and b is not None)
    reading = (
        f"Against {names[1]}, more crimes were recorded in {_places(higher)} and fewer in {_places(lower)}. Monthly counts of one place are small and vary by chance."
        if any(b is not None for b in before)
        else f"[x] {names[1]} is not loaded, so there is nothing to compare with."
    )
    missing = float("nan")
    figure = figures.paired_dots(
        labels=labels, now=[missing if v is None else v for v in values], then=[missing if v is None else v for v in before],
        now_name=names[0], then_name=names[1], unit="recorded crimes",
    )  # fmt: skip
    return Chart(
        "crimes-by-hot-spot", f"Recorded crimes by hot spot, {names[0]} and {names[1]}", reading,
        "Crimes inside boundaries; anti-social behaviour incidents are not included.",
        DataTable("Recorded crimes by hot spot", ("Hot spot", *names, "Change"), rows), figure, 760, 110 + 34 * len(labels),
    )  # fmt: skip


def _places(count: int) -> str:
    return "1 hot spot" if count == 1 else f"{formats.number(count)} hot spots"


def _difference(now: float | None, then: float | None) -> str:
    """In crimes, signed: percentages of single figures mislead."""
    if now is None or then is None:
        return formats.UNAVAILABLE
    return f"+{formats.number(now - then)}" if now > then else formats.number(now - then)


def _harm(s: Source) -> Entry:
    found = [trends.totals(s.scope, s.over(p)) for _, p in s.four_periods()]
    names = [n for n, _ in s.four_periods()]
    if to_number(found[0]["harm_days"]) is None:
        why = (
            "No harm index is loaded, so no crime has a weight."
            if s.as_at.weight_edition is None
            else f"No crime of {names[0]} has a weight, or the month is not loaded."
        )
        return s.entry("F", "cchi_harm", facts=(s.missing("F", "cchi_harm", why),))
    rows = tuple(
        (label, *(formats.number(to_number(f[key]), decimals) for f in found))
        for label, key, decimals in (
            ("Harm (days)", "harm_days", 0), ("Harm per scored crime (days)", "harm_per_crime", 1),
            ("Crimes not scored", "not_scored", 0),
        )
    )  # fmt: skip
    table = DataTable("Harm in the hot spots", ("Measure", *names), rows)
    basis = s.as_at.weight_basis or ""
    edition = Fact("Index edition", s.as_at.weight_edition or formats.UNAVAILABLE, basis)
    warn = ("The weights are a fallback for demonstration, not the official index.",) if s.as_at.weight_fallback else ()
    return s.entry("F", "cchi_harm", sentences=warn, facts=(edition,), tables=(table,))


def series(s: Source) -> pd.DataFrame:
    """Monthly crimes with limits, the month and the 12 before it that are loaded."""
    start = add_months(s.period.start, 1 - SERIES_MONTHS)
    frame = trends.monthly(s.scope, s.over(Period(start, month_end(s.period.start))))
    return frame[frame["crimes"].notna()].reset_index(drop=True)


# The return's own words for a signal, and what a reader is shown: which side of usual, and nothing on why.
IN_WORDS = {
    Signal.COMMON_CAUSE: "within usual variation",
    Signal.IMPROVEMENT: "below usual",
    Signal.CONCERN: "above usual",
}
UNSTEADY = (
    "The earlier months that the limits are made from were not steady themselves, so the limits are a weak guide to "
    "what is usual."
)


def signal_of(row: pd.Series) -> Signal | None:
    """The return's own value for the month; None where there are no limits."""
    if row["upper"] != row["upper"]:
        return None
    if not row["signal"]:
        return Signal.COMMON_CAUSE
    return Signal.IMPROVEMENT if row["crimes"] < row["centre"] else Signal.CONCERN


def signal_words(row: pd.Series) -> str:
    found = signal_of(row)
    return formats.UNAVAILABLE if found is None else IN_WORDS[found]


def _signal(s: Source) -> Entry:
    frame = series(s)
    if frame.empty or frame["month"].iloc[-1] != s.month:
        why = f"No crimes are loaded for {formats.month(s.month)}."
        return s.entry("F", "spc_signal_per_measure", facts=(s.missing("F", "spc_signal_per_measure", why),))
    last, limited = signal_of(frame.iloc[-1]), frame["upper"].notna().all()
    unsteady = UNSTEADY if limited and frame.attrs.get("unsteady") else ""
    found = (
        Fact("Recorded crimes", signal_words(frame.iloc[-1]), f"{_limits(frame)} {unsteady} {_field_word(last)}".replace("  ", " "))
        if limited
        else s.missing("F", "spc_signal_per_measure", f"Fewer than {trends.MINIMUM_BASELINE} baseline months are loaded, so there are no limits.", "Recorded crimes")
    )  # fmt: skip
    others = s.missing(
        "F",
        "spc_signal_per_measure",
        "Limits are worked out for recorded crimes only in this version.",
        "Harm and incidents",
    )
    rows = tuple(
        (formats.month(r["month"]), formats.number(r["crimes"]), signal_words(pd.Series(r)))
        for r in frame.to_dict("records")
    )
    limits = {k: float(frame[k].iloc[0]) for k in ("centre", "lower", "upper")} if limited else None
    figure = figures.monthly_line(
        months=list(frame["month"]), values=list(frame["crimes"]), measure="Recorded crimes", unit="crimes",
        service_start=s.programme.service_live_from, provisional_from=s.as_at.provisional_from, limits=limits,
        signals=list(frame["signal"]) if limited else (),
    )  # fmt: skip
    chart = Chart(
        "crimes-by-month", "Recorded crimes in the hot spots by month",
        _signal_reading(s, frame),
        trends.limits_caption(s.programme),
        DataTable("Recorded crimes by month", ("Month", "Crimes", "Beside what is usual"), rows, (2,)), figure, 760, 340,
    )  # fmt: skip
    return s.entry("F", "spc_signal_per_measure", facts=(found, others), charts=(chart,))


def _field_word(signal: Signal | None) -> str:
    """The value the return's field list asks for, beside what it does not mean."""
    return f"The field's own word for this is “{signal}”; it says nothing about why." if signal else ""


def _limits(frame: pd.DataFrame) -> str:
    row = frame.iloc[-1]
    return f"Mean {formats.number(row['centre'], 1)}, limits {formats.number(row['lower'], 1)} to {formats.number(row['upper'], 1)} crimes a month."


def _signal_reading(s: Source, frame: pd.DataFrame) -> str:
    first = parse_month(str(frame["month"].iloc[0]))
    return trends.crimes_sentence(frame, s.programme, s.over(Period(first, s.period.end)))


def _patrol_days(s: Source) -> Entry:
    key = "patrol_day_v_no_patrol_day"
    found = evaluation.patrol_days(s.scope, s.code)
    record = found.record
    if isinstance(record, Refusal):
        return s.entry("F", key, facts=(s.missing("F", key, record.reason),))
    when = f"Over {formats.period(found.period)}" if found.period else ""
    fact = Fact(
        "Rate ratio, patrol days / other days",
        f"{formats.number(record.estimate, 2)} ({formats.number(record.ci_low, 2)} to {formats.number(record.ci_high, 2)})",
        f"{when}, 95% interval; {formats.number(record.n_events)} crimes, {formats.number(record.n_units)} hot spot-days.",
    )  # fmt: skip
    return s.entry("F", key, facts=(fact,), sentences=(patrol_days_claim(record).sentence,))


def _around(s: Source) -> Entry:
    """The two comparisons over the evaluation's own windows, each with its interval or why there is none."""
    key, found = "buffer_and_comparison_area_change", evaluation.evaluation_summary(s.scope, s.code)
    ring, places = found.displacement, found.against_comparators
    facts = (
        s.missing("F", key, ring.reason, "Rings up to 300 metres around the hot spots")
        if isinstance(ring, Refusal)
        else Fact(
            "Rings up to 300 metres around the hot spots",
            f"{formats.number(abs(ring.estimate))} {ring.unit} {'fewer' if ring.estimate < 0 else 'more'} ({difference_words(ring)})",
            "Than had they changed as the rest of the area did; 95% interval.",
        ),
        s.missing("F", key, places.reason, "Comparison places")
        if isinstance(places, Refusal)
        else Fact(
            "Rate ratio, hot spots / comparison places",
            f"{formats.number(places.estimate, 2)} ({formats.number(places.ci_low, 2)} to {formats.number(places.ci_high, 2)})",
            "Change during / before in the hot spots over the average change of the comparison places, 95% interval.",
        ),
    )
    said = tuple(
        claim.sentence
        for claim, record in ((found.displacement_claim, ring), (found.comparators_claim, places))
        if not isinstance(record, Refusal)
    )
    return s.entry("F", key, facts=facts, sentences=said)
