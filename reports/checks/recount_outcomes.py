"""Sections B and F, from the functions behind the Trends, Hot spots and Evaluation pages."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.evaluation.displacement.claim import difference_words
from analysis.evaluation.record import Refusal
from components import palette
from data_access import trends
from data_access.crimes import crime_placement
from domain import formats
from domain.periods import Period, add_months, parse_month
from reports.checks.looked import Looked
from reports.checks.printed import Place
from reports.checks.recount import Known, Recount, amount, over, share, written

SPOTS, GROUPS, TOTALS, MONTHLY = (
    "delivery.hot_spot_measures",
    "trends.by_offence_group",
    "trends.totals",
    "trends.monthly",
)
EVALUATION = "evaluation.summary.evaluation_summary"
SERIES_MONTHS = 13
ASB_GROUP = "Anti-social behaviour"


def section_b(look: Looked) -> dict[Place, Known]:
    r, spots, when = Recount("B", look.names), look.spots, formats.month(look.month)
    r.fact("hot_spot_count", "Number in force", written(len(spots)), SPOTS, [written(spots["area_m2"].sum() / 1e6, 2)])
    rows = [
        (f"{x['position']} {x['hot_spot_name']}", written(x["area_m2"]), written(x["crimes"]))
        for x in spots.to_dict("records")
    ]
    r.table("hot_spot_count", "Hot spots in force", ("Area (m²)", f"Crimes, {when}"), rows, SPOTS)
    breaks = palette.class_breaks([float(v) for v in spots["crimes"] if amount(v) is not None])
    r.reading("hot_spot_count", "map", SPOTS, [written(breaks[0]), written(breaks[-1])] if breaks else [])
    placed = crime_placement(look.scope, look.code, look.to_date)
    located = placed.inside + placed.outside
    if placed.outside:
        label, found = "Share of located records inside", [written(placed.inside), written(located)]
        r.fact("selection_method", label, share(over(placed.inside, located), 1), "crimes.crime_placement", found)
    return r.known


def section_f(look: Looked) -> dict[Place, Known]:
    r = Recount("F", look.names)
    _groups(r, look)
    _spots(r, look)
    _harm(r, look)
    _series(r, look)
    _patrol_days(r, look)
    _around(r, look)
    return r.known


def heads(look: Looked) -> tuple[str, ...]:
    """The names of the four periods as the return's tables have them."""
    month, before, _, before_to_date = look.periods
    return (
        formats.period(month), formats.period(before), f"{look.financial_year} to date",
        f"{_year(before_to_date)} to the same date",
    )  # fmt: skip


def _year(period: Period) -> str:
    return f"{period.start.year}-{(period.start.year + 1) % 100:02d}"


def _groups(r: Recount, look: Looked) -> None:
    columns: list[dict[str, float | None]] = []
    for now, then in ((0, 1), (2, 3)):
        frame = trends.by_offence_group(look.scope, look.over(look.periods[now]), look.periods[then])
        for at, column in ((now, "crimes"), (then, "crimes_then")):
            values = frame[column].where(frame["offence_group"] != ASB_GROUP, 0.0)
            found = {g: amount(v) for g, v in zip(frame["offence_group"], values, strict=True)}
            columns.append(found if amount(look.totals[at]["crimes"]) is not None else {})
    groups = sorted({g for c in columns for g, v in c.items() if v})
    loaded = [amount(t["crimes"]) is not None for t in look.totals]
    rows = [("All recorded crime", *(written(t["crimes"]) for t in look.totals))]
    rows += [
        (g, *(written(c.get(g, 0.0)) if ok else formats.UNAVAILABLE for c, ok in zip(columns, loaded, strict=True)))
        for g in groups
    ]
    rows.append(("Anti-social behaviour incidents (not crimes)", *(written(t["asb_incidents"]) for t in look.totals)))
    caption = "Recorded crime and incidents in the hot spots"
    r.table("crime_in_hot_spots", caption, heads(look), rows, f"{GROUPS}, {TOTALS}")


def _spots(r: Recount, look: Looked) -> None:
    rows, up, down, compared = [], 0, 0, False
    for x in look.every_spot.to_dict("records"):
        now, then = amount(x["crimes"]), amount(x["crimes_then"])
        moved = None if now is None or then is None else now - then
        compared |= then is not None
        up, down = up + (moved is not None and moved > 0), down + (moved is not None and moved < 0)
        sign = "+" if moved is not None and moved > 0 else ""
        rows.append((x["hot_spot_name"], written(now), written(then), sign + written(moved)))
    r.table("crime_in_hot_spots", "Recorded crimes by hot spot", (*heads(look)[:2], "Change"), rows, SPOTS)
    r.reading("crime_in_hot_spots", "crimes-by-hot-spot", SPOTS, [written(up), written(down)] if compared else [])


def _harm(r: Recount, look: Looked) -> None:
    if amount(look.totals[0]["harm_days"]) is None:
        return
    rows = [
        (label, *(written(t[key], decimals) for t in look.totals))
        for label, key, decimals in (
            ("Harm (days)", "harm_days", 0), ("Harm per scored crime (days)", "harm_per_crime", 1),
            ("Crimes not scored", "not_scored", 0),
        )
    ]  # fmt: skip
    r.table("cchi_harm", "Harm in the hot spots", heads(look), rows, TOTALS)
    edition = look.as_at.weight_edition or formats.UNAVAILABLE
    r.fact("cchi_harm", "Index edition", edition, "programmes.data_as_at", words=look.as_at.weight_basis or "")


def _series(r: Recount, look: Looked) -> None:
    key, start = "spc_signal_per_measure", add_months(look.period.start, 1 - SERIES_MONTHS)
    frame = trends.monthly(look.scope, look.over(Period(start, look.period.end)))
    frame = frame[frame["crimes"].notna()].reset_index(drop=True)
    if frame.empty or frame["month"].iloc[-1] != look.month:
        return
    last, limited = frame.iloc[-1], bool(frame["upper"].notna().all())
    words = [_side(row) for row in frame.to_dict("records")]
    limits = (
        [written(last[name], 1) for name in ("centre", "lower", "upper")]
        if limited
        else [written(trends.MINIMUM_BASELINE)]
    )
    r.fact(key, "Recorded crimes", words[-1], MONTHLY, limits)
    rows = [
        (formats.month(m), written(v), side) for m, v, side in zip(frame["month"], frame["crimes"], words, strict=True)
    ]
    r.table(key, "Recorded crimes by month", ("Crimes", "Beside what is usual"), rows, MONTHLY)
    shown = look.over(Period(parse_month(str(frame["month"].iloc[0])), look.period.end))
    reading = trends.crimes_sentence(frame, look.programme, shown)
    r.reading(key, "crimes-by-month", "trends.crimes_sentence", text=reading)
    r.known[Place("F", key, "caption", "crimes-by-month")] = Known(
        "trends.limits_caption", trends.limits_caption(look.programme)
    )


def _side(row: dict[Any, Any]) -> str:
    if pd.isna(row["upper"]):
        return formats.UNAVAILABLE
    if not row["signal"]:
        return "within usual variation"
    return "below usual" if row["crimes"] < row["centre"] else "above usual"


def _patrol_days(r: Recount, look: Looked) -> None:
    key, record = "patrol_day_v_no_patrol_day", look.evaluation.patrol_days.record
    if isinstance(record, Refusal):
        return
    value = f"{written(record.estimate, 2)} ({written(record.ci_low, 2)} to {written(record.ci_high, 2)})"
    beside = [written(record.n_events), written(record.n_units)]
    r.fact(key, "Rate ratio, patrol days / other days", value, EVALUATION, beside)
    r.sentence(key, 1, EVALUATION, text=look.evaluation.patrol_claim.sentence)


def _around(r: Recount, look: Looked) -> None:
    key, found, said = "buffer_and_comparison_area_change", look.evaluation, []
    ring, places = found.displacement, found.against_comparators
    if not isinstance(ring, Refusal):
        moved = f"{written(abs(ring.estimate))} {ring.unit} {'fewer' if ring.estimate < 0 else 'more'}"
        r.fact(
            key, "Rings up to 300 metres around the hot spots", f"{moved} ({difference_words(ring)})", EVALUATION, []
        )
        said.append(found.displacement_claim.sentence)
    if not isinstance(places, Refusal):
        value = f"{written(places.estimate, 2)} ({written(places.ci_low, 2)} to {written(places.ci_high, 2)})"
        r.fact(key, "Rate ratio, hot spots / comparison places", value, EVALUATION, [])
        said.append(found.comparators_claim.sentence)
    for number, sentence in enumerate(said, 1):
        r.sentence(key, number, EVALUATION, text=sentence)
