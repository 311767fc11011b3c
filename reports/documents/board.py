"""Board one-pager: a month in five sentences and five numbers, each with its line; one A4 page, whatever the names.

Numbers are those of the home page for the month, under the reader's own disclosure control.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pandas as pd
import pikepdf

from components import palette
from data_access import costs, overview, trends
from data_access.costs import cost_by_provider, finance
from data_access.delivery import delivery_table
from data_access.finance import finance_sentence
from domain import formats
from domain.filters import Filters
from domain.periods import Period, add_months, financial_year, month_end, month_of, month_period, parse_month
from domain.roles import Permission
from domain.scope import Scope
from reports.documents.choices import months, year_period
from reports.documents.model import ChoiceKind, Contents, Document, Measure
from reports.documents.trend_lines import HEIGHT, WIDTH, trend
from reports.documents.writing import Reader, contents, draw
from reports.freshness import provisional
from reports.model import Chart, DataTable
from reports.pdf import PdfError, drawings

KEY, KIND = "board-page", "Board one-pager"
SHOWN_MONTHS = 13  # the month and the twelve before it
TIGHTER = ("", "tight", "tighter", "tightest")
ONE_PAGE = "It does not fit one page: names or notes are too long. Shorten them in the programme's settings."
Row = dict[str, Any]
CAUTION = "Counts beside each other do not say what lay behind a difference; the quarterly evaluation summary says how far the design can."


def build(scope: Scope, code: str, choice: str) -> Contents:
    r, period = Reader(scope, code), month_period(choice)
    frame = overview.overview_table(scope, r.over(period))
    held = {str(row["key"]): row for row in frame.to_dict("records")}
    span = _span(scope, code, period)
    measures = (
        _delivered(r, held, span), _crimes(r, held, span), _harm(r, held, span), _cost(r, held, span), _spent(r, choice),
    )  # fmt: skip
    lead = (
        _delivered_sentence(held, choice), _crimes_sentence(r, held, span), _harm_sentence(r, held, choice),
        _cost_sentence(r, held, choice), finance_sentence(scope, code, choice),
    )  # fmt: skip
    return contents(
        r, key=KEY, choice=choice, kind=KIND, period=formats.month(choice), lead=lead, measures=measures,
        warnings=provisional(r.as_at, period), source_notes=(CAUTION,),
    )  # fmt: skip


def _span(scope: Scope, code: str, period: Period) -> list[str]:
    """The month and up to twelve loaded before it."""
    first = month_of(add_months(period.start, 1 - SHOWN_MONTHS))
    last = month_of(period.start)
    return [m for m in trends.months_loaded(scope, code) if first <= m <= last] or [last]


def _over(r: Reader, span: list[str]) -> Filters:
    return r.over(Period(parse_month(span[0]), month_end(parse_month(span[-1]))))


# --- the five sentences -------------------------------------------------------------------------------------------


def _delivered_sentence(held: dict[str, Row], month: str) -> str:
    share, minutes = held.get("delivered_share"), held.get("patrol_minutes")
    when = formats.month(month)
    if share is None or minutes is None:
        return f"{formats.NOT_APPLICABLE} These data hold no patrols, so delivery in {when} has no figure."
    if minutes["now"] != minutes["now"]:
        return f"{formats.UNAVAILABLE} What patrols delivered in {when} cannot be given: no tracker files are loaded, or it is hidden from your role."
    done = f"{overview.written_value(minutes)} patrol-minutes in the hot spots, GPS-verified"
    if share["now"] != share["now"]:
        return f"In {when} patrols delivered {done}; no plan is loaded to compare it with."
    return f"In {when} the service delivered {overview.written_value(share)} of planned minutes: {done}."


def _crimes_sentence(r: Reader, held: dict[str, Row], span: list[str]) -> str:
    row = held["crimes"]
    if row["now"] != row["now"]:
        return f"{overview.written_value(row)} {overview.measure_sentence(row, r.over(month_period(span[-1])).period.year_before(), None)}"
    verb = "crime was" if row["now"] == 1 else "crimes were"
    frame = trends.monthly(r.scope, _over(r, span))
    return f"{overview.written_value(row)} {verb} recorded in the {r.defaults.area_word}. {trends.crimes_sentence(frame, r.programme, _over(r, span))}"


def _harm_sentence(r: Reader, held: dict[str, Row], month: str) -> str:
    row, year = held["harm_per_crime"], month_period(month).year_before()
    if row["now"] != row["now"]:
        return f"{overview.written_value(row)} Harm per crime: {_lower(overview.measure_sentence(row, year, None))}"
    weights = f" ({r.as_at.weight_edition})" if r.as_at.weight_edition else ""
    return f"Harm per scored crime was {overview.written_value(row)} days{weights}: {_lower(overview.measure_sentence(row, year, None))}"


def _rates(held: dict[str, Row]) -> list[tuple[str, Row]]:
    return [(str(row["measure"]).removeprefix("Cost: "), row) for key, row in held.items() if key.startswith("rate:")]


def _cost_sentence(r: Reader, held: dict[str, Row], month: str) -> str:
    rates = _rates(held)
    if not rates:
        return f"{formats.UNAVAILABLE} The cost of a minute in {formats.month(month)} cannot be given: it needs both spend and tracker data."
    said = formats.joined([f"{overview.written_value(row)} by {name}" for name, row in rates])
    apart = ""
    if len(rates) > 1 and costs.has_estimates(r.scope, r.over(month_period(month))):
        apart = " Trackers differ too much for those to be compared; the Costs page compares like for like."
    return f"A patrol-minute in a hot spot cost {said}.{apart}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# --- the five numbers ----------------------------------------------------------------------------------------------


def _detail(r: Reader, row: Row, span: list[str]) -> str:
    return overview.measure_sentence(row, month_period(span[-1]).year_before(), None)


def _chart(key: str, title: str, reading: str, rows: pd.DataFrame, figure: Any) -> Chart:
    table = DataTable(title, tuple(rows.columns), tuple(tuple(map(str, row)) for row in rows.itertuples(index=False)))
    return Chart(key, title, reading, "", table, figure, WIDTH, HEIGHT)


def _line(
    key: str, title: str, months_: list[str], values: list[float], write: Any, level: tuple[float, str] | None = None
) -> tuple[Chart | None, str]:
    """The line with its range in words, or why there is none."""
    known = [(m, v) for m, v in zip(months_, values, strict=True) if v == v]
    if len(known) < 2:
        return None, "No line is drawn: fewer than two of these months can be shown."
    low, high = min(known, key=lambda p: p[1]), max(known, key=lambda p: p[1])
    reading = (
        f"{formats.month(months_[0])} to {formats.month(months_[-1])}: lowest {write(low[1])} in {formats.month(low[0])}, "
        f"highest {write(high[1])} in {formats.month(high[0])}, last {write(known[-1][1])} in {formats.month(known[-1][0])}."
    )
    rows = pd.DataFrame({"Month": [formats.month(m) for m in months_], title: [write(v) for v in values]})
    figure = trend(months_, {title: [None if v != v else v for v in values]}, {}, level)
    return _chart(key, title, reading, rows, figure), ""


def _share(value: float) -> str:
    return formats.percent(value / 100)


def _days(value: float) -> str:
    return formats.number(value, 1)


def _delivered(r: Reader, held: dict[str, Row], span: list[str]) -> Measure:
    label = "Planned minutes delivered"
    row = held.get("delivered_share")
    if row is None:
        return Measure(
            "delivered",
            label,
            formats.NOT_APPLICABLE,
            "",
            "These data hold no patrols.",
            None,
            "There are no patrols to draw.",
        )
    frame = delivery_table(r.scope, _over(r, span), ("month",)).set_index("month")
    shares = [100 * float(frame["delivered_share"].get(m, float("nan"))) for m in span]
    chart, why = _line("delivered", f"{label}, %", span, shares, _share)
    return Measure(
        "delivered", label, overview.written_value(row), "of the minutes planned", _detail(r, row, span), chart, why
    )


def _crimes(r: Reader, held: dict[str, Row], span: list[str]) -> Measure:
    frame, row = trends.monthly(r.scope, _over(r, span)), held["crimes"]
    chart, why = _line(
        "crimes", "Recorded crimes", list(frame["month"]), [float(v) for v in frame["crimes"]], formats.number
    )
    return Measure(
        "crimes",
        "Recorded crimes",
        overview.written_value(row),
        f"in the {r.defaults.area_word}",
        _detail(r, row, span),
        chart,
        why,
    )


def _harm(r: Reader, held: dict[str, Row], span: list[str]) -> Measure:
    frame, row = trends.monthly(r.scope, _over(r, span)), held["harm_per_crime"]
    values = [float(v) for v in frame["harm_per_crime"]]
    chart, why = _line("harm", "Harm per scored crime, days", list(frame["month"]), values, _days)
    return Measure(
        "harm", "Harm per scored crime", overview.written_value(row), "days", _detail(r, row, span), chart, why
    )


def _cost(r: Reader, held: dict[str, Row], span: list[str]) -> Measure:
    """The cheapest and the dearest, so that neither is left out."""
    label, rates = "Cost of a patrol-minute", _rates(held)
    if not rates:
        return Measure(
            "cost",
            label,
            formats.UNAVAILABLE,
            "",
            "It needs both spend and tracker data.",
            None,
            "There is no rate to draw.",
        )
    ordered = sorted(rates, key=lambda pair: pair[1]["now"])
    ends = list(dict.fromkeys([overview.written_value(ordered[0][1]), overview.written_value(ordered[-1][1])]))
    detail = f"{ordered[0][0]} to {ordered[-1][0]}." if len(ordered) > 1 else f"{ordered[0][0]}."
    chart, why = _cost_chart(r, span)
    return Measure("cost", label, "–".join(ends), "in a hot spot", detail, chart, why)


def _cost_chart(r: Reader, span: list[str]) -> tuple[Chart | None, str]:
    frames = [
        cost_by_provider(r.scope, r.over(month_period(m))).set_index("provider")["cost_per_patrol_minute_gbp"]
        for m in span
    ]
    lines = {p.name: [float(f.get(p.code, float("nan"))) for f in frames] for p in r.programme.providers}
    lines = {name: values for name, values in lines.items() if sum(v == v for v in values) > 1}
    if not lines:
        return None, "No line is drawn: fewer than two of these months have a rate."
    styles = {p.name: palette.provider_style(r.programme, p.code) for p in r.programme.providers}
    parts = [
        f"{name} {formats.pounds(min(v for v in vs if v == v), 2)} to {formats.pounds(max(v for v in vs if v == v), 2)}"
        for name, vs in lines.items()
    ]
    marks = formats.joined([f"{styles[name][1]} {name}" for name in lines])
    rows = pd.DataFrame(
        {"Month": [formats.month(m) for m in span]} | {n: [formats.pounds(v, 2) for v in vs] for n, vs in lines.items()}
    )
    figure = trend(span, {n: [None if v != v else v for v in vs] for n, vs in lines.items()}, styles)
    reading = f"£ per patrol-minute, {formats.month(span[0])} to {formats.month(span[-1])}: {'; '.join(parts)}. Marks: {marks}."
    return _chart("cost", "Cost of a patrol-minute, £", reading, rows, figure), ""


def _spent(r: Reader, month: str) -> Measure:
    now = finance(r.scope, r.code, month)
    year = financial_year(parse_month(month))
    label = f"Spent in {year} to date"
    so_far = [m for m in year_period(year).months() if m <= month]
    values = [finance(r.scope, r.code, m).spend_to_date_gbp for m in so_far]
    numbers = [float("nan") if v is None else v for v in values]
    level = (now.award_gbp, "award") if now.award_gbp else None
    chart, why = _line("spent", label, so_far, numbers, formats.pounds, level)
    if now.spend_to_date_gbp is None:
        return Measure("spent", label, formats.UNAVAILABLE, "", now.reasons.get("spend_to_date_gbp", ""), None, why)
    of = (
        f"{formats.percent(now.spend_to_date_gbp / now.award_gbp)} of the award of {formats.pounds(now.award_gbp)}."
        if now.award_gbp
        else now.reasons.get("award_gbp", "No award is set.")
    )
    return Measure("spent", label, formats.pounds(now.spend_to_date_gbp), "", of, chart, why)


# --- one page --------------------------------------------------------------------------------------------------------


def pdf(c: Contents) -> bytes:
    """Exactly one page: set tighter as long as it takes; PdfError where even that does not do."""
    drawn = drawings(c.charts())
    for tightness in TIGHTER:
        made = draw(c, "document_board.html", drawn, tightness=tightness)
        if _pages(made) == 1:
            return made
    raise PdfError(ONE_PAGE)


def _pages(made: bytes) -> int:
    with pikepdf.open(BytesIO(made)) as opened:
        return len(opened.pages)


DOCUMENT = Document(
    key=KEY, title=KIND,
    about="For a board: one month on one page, five sentences and five numbers with their lines.",
    permission=Permission.VIEW_COSTS, choice=ChoiceKind.MONTH, choices=months,
    why_none="No month is loaded since the service went live. Load recorded crime or tracker files.",
    build=build, pdf=pdf,
)  # fmt: skip
