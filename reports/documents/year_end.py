"""Year-end statement of grant usage: what was awarded, spent, claimed and forecast, and which returns stand behind it."""

from __future__ import annotations

from data_access.costs import Finance, finance
from data_access.returns import versions
from data_access.returns.versions import Version
from domain import formats
from domain.periods import parse_month
from domain.return_states import Action
from domain.roles import Permission
from domain.scope import Scope
from reports.documents.choices import last_spend, year_period, years
from reports.documents.model import ChoiceKind, Contents, Document, NoSuchChoice, Part, laid_out
from reports.documents.writing import Reader, contents, draw_parts
from reports.model import DataTable, Fact
from reports.sections.words import NARRATIVE

KEY, KIND = "year-end-statement", "Year-end statement of grant usage"
NOT_SET = "Not set in the programme's settings."
MOST_UPRIGHT = 7  # categories that fit beside each other on upright paper
ISSUES = "issues"  # where a return's narrative says why spend differs


def build(scope: Scope, code: str, choice: str) -> Contents:
    scope.require(Permission.VIEW_RETURNS)
    r = Reader(scope, code)
    end = last_spend(scope, code, choice)
    if end is None:
        raise NoSuchChoice(
            f"No spend is loaded for {choice}, so there is no statement to make. Load its costs (kind costs)."
        )
    period = year_period(choice)
    by_month = [finance(scope, code, month) for month in period.months()]
    sent = {m: v for m, v in versions.submitted_by_month(scope, code).items() if m in period.months()}
    parts = (
        _grant(r, end), _outturn(end, sent), _forecasts(by_month, end), _categories(by_month, end),
        _flows(by_month, end), _returns(period.months(), sent), _certificate(r),
    )  # fmt: skip
    return contents(
        r, key=KEY, choice=choice, kind=KIND, period=choice, lead=(_lead(end),), parts=parts, warnings=_warnings(end),
        moments=[step.at for v in sent.values() for step in v.steps],
        source_notes=("Money is in pounds as loaded from cost files, by month; a month without rows is not £0 and reads [x].",),
    )  # fmt: skip


def is_whole(end: Finance) -> bool:
    return parse_month(end.month).month == 3


def _lead(end: Finance) -> str:
    whole = is_whole(end)
    spent = formats.pounds(end.spend_to_date_gbp)
    said = (
        f"{spent} was spent in {end.financial_year}"
        if whole
        else f"{spent} was spent in {end.financial_year} up to the end of {formats.month(end.month)}, the last month with spend"
    )
    if end.award_gbp and end.spend_to_date_gbp is not None:
        said += f": {formats.percent(end.spend_to_date_gbp / end.award_gbp, 1)} of the award of {formats.pounds(end.award_gbp)}"
    return f"{said}."


def _warnings(end: Finance) -> tuple[str, ...]:
    if is_whole(end):
        return ()
    return (
        f"Interim: no spend is loaded after {formats.month(end.month)}, so the outturn of {end.financial_year} is not known yet. "
        "Load the costs of the months left and make this statement again before anybody signs it.",
    )


def _money(label: str, value: float | None, note: str, reason: str) -> Fact:
    return (
        Fact(label, formats.pounds(value, 2), note) if value is not None else Fact(label, formats.UNAVAILABLE, reason)
    )


def _grant(r: Reader, end: Finance) -> Part:
    p = r.programme
    given = (
        ("Fund", p.fund), ("Grant reference", p.grant_reference), ("Grant power", p.grant_power), ("Grant recipient", p.recipient),
        ("Force area", p.force), ("Area", p.area_name), ("Contact", p.contact),
    )  # fmt: skip
    facts = [Fact(label, value) if value else Fact(label, formats.UNAVAILABLE, NOT_SET) for label, value in given]
    award = _money(f"Award, {end.financial_year}", end.award_gbp, "", end.reasons.get("award_gbp", NOT_SET))
    return Part("The grant", facts=(*facts, award))


def _outturn(end: Finance, sent: dict[str, Version]) -> Part:
    """Forecast against outturn: of an unfinished year, what was spent and what is forecast for the rest."""
    whole = is_whole(end)
    spend = _money(
        "Outturn" if whole else f"Spent to {formats.month(end.month)}", end.spend_to_date_gbp,
        "Spend of the whole year." if whole else "Spend so far; the year is not wholly loaded.", end.reasons.get("spend_to_date_gbp", ""),
    )  # fmt: skip
    forecast = _money(
        "Forecast of the outturn", end.forecast_year_end_gbp,
        "The year is over: the same as the outturn." if whole else "Spent so far and the forecast of the months left.",
        end.reasons.get("forecast_year_end_gbp", ""),
    )  # fmt: skip
    variance = _money(
        "Variance (award less outturn)" if whole else "Variance (award less forecast)",
        end.variance_gbp,
        _variance(end),
        end.reasons.get("variance_gbp", ""),
    )
    claimed = _money("Claimed", end.claim_to_date_gbp, _claims(end), end.reasons.get("claim_to_date_gbp", ""))
    match = _money(
        "Match funding", end.match_to_date_gbp, f"{formats.percent(end.match_share)} of grant spend and match together.",
        end.reasons.get("match_to_date_gbp", ""),
    )  # fmt: skip
    return Part("Award, outturn and variance", facts=(spend, forecast, variance, _reason(end, sent), claimed, match))


def _variance(end: Finance) -> str:
    if not end.variance_gbp:
        return "Nothing left and nothing over."
    return (
        "Underspend: lost if not spent by 31 March." if end.variance_gbp > 0 else "Overspend: not covered by the award."
    )


def _claims(end: Finance) -> str:
    """What is still to be claimed, or was claimed too much; pennies of rounding are no finding."""
    if end.claim_to_date_gbp is None or end.spend_to_date_gbp is None:
        return ""
    left = end.spend_to_date_gbp - end.claim_to_date_gbp
    if abs(left) < 1:
        return "As much as was spent."
    if left > 0:
        return f"{formats.pounds(left, 2)} of what was spent is not claimed yet."
    return f"Check: {formats.pounds(-left, 2)} more was claimed than spent. A claim for last year's spend counts in the year it was made."


def _reason(end: Finance, sent: dict[str, Version]) -> Fact:
    """Costs carry no reason of their own; the last return that was submitted may give one in words."""
    label, last = "Reason for the variance", max(sent, default="")
    said = sent[last].narrative.get(ISSUES, "").strip() if last else ""
    if said:
        return Fact(
            label,
            said,
            f"As submitted under “{NARRATIVE[ISSUES]}” for {formats.month(last)}, version {sent[last].number}.",
        )
    why = (
        f"Costs carry no reason of their own, and the return of {formats.month(last)} says nothing under “{NARRATIVE[ISSUES]}”."
        if last
        else f"Costs carry no reason of their own, and no return of {end.financial_year} is submitted that would give one."
    )
    return Fact(label, formats.UNAVAILABLE, why)


def _forecasts(by_month: list[Finance], end: Finance) -> Part:
    rows = tuple(
        (
            formats.month(f.month), formats.pounds(f.spend_month_gbp, 2), formats.pounds(f.spend_to_date_gbp, 2),
            formats.pounds(f.forecast_year_end_gbp, 2), formats.pounds(f.variance_gbp, 2),
        )
        for f in by_month if f.month <= end.month
    )  # fmt: skip
    head = ("Month", "Spend", "Spend, year to date", "Forecast of the year at its end", "Award less forecast")
    shown = DataTable(f"Forecast against outturn, {end.financial_year}", head, rows)
    note = (
        "The forecast at a month's end is what was spent by then and the forecasts, as loaded now, of the months after it; its "
        "distance from the outturn is how far forecasts were off."
    )
    return Part("Forecast against outturn", tables=(shown,), notes=(note,))


def _categories(by_month: list[Finance], end: Finance) -> Part:
    """A month without spend rows is not a month without spend: [x]."""
    names = [c.category for c in end.by_category]
    rows = []
    for f in (f for f in by_month if f.month <= end.month):
        spent = {c.category: c.spend_month_gbp for c in f.by_category}
        cells = [
            formats.UNAVAILABLE if f.spend_month_gbp is None else formats.pounds(spent.get(name, 0.0)) for name in names
        ]
        rows.append((formats.month(f.month), *cells, formats.pounds(f.spend_month_gbp)))
    rows.append(
        ("Year", *(formats.pounds(c.spend_to_date_gbp) for c in end.by_category), formats.pounds(end.spend_to_date_gbp))
    )
    made = DataTable(
        f"Spend by category and month, {end.financial_year}", ("Month", *names, "All spend"), tuple(rows),
        note="In whole pounds: rounded amounts need not add up to rounded totals.",
    )  # fmt: skip
    wide = len(names) > MOST_UPRIGHT
    return Part("Spend by category and month", tables=(laid_out(made, 11, *[10] * len(names), 12),), wide=wide)


def _flows(by_month: list[Finance], end: Finance) -> Part:
    shown = [f for f in by_month if f.claim_month_gbp is not None or f.match_month_gbp is not None or f.notes]
    if not shown:
        return Part(
            "Claims and match funding",
            (f"{formats.UNAVAILABLE} No claims, match funding or notes are loaded for {end.financial_year}.",),
        )
    rows = tuple(
        (
            formats.month(f.month),
            formats.pounds(f.claim_month_gbp, 2),
            formats.pounds(f.match_month_gbp, 2),
            "; ".join(f.notes) or "–",
        )
        for f in shown
    )
    total = ("Year", formats.pounds(end.claim_to_date_gbp, 2), formats.pounds(end.match_to_date_gbp, 2), "–")
    table = DataTable(
        f"Claims and match funding, {end.financial_year}", ("Month", "Claimed", "Match funding", "Notes in the cost rows"), (*rows, total), (3,),
        note="Months without either and without a note are left out. [x]: no such row is loaded for the month.",
    )  # fmt: skip
    return Part("Claims and match funding", tables=(table,))


def _returns(months: list[str], sent: dict[str, Version]) -> Part:
    """Each with the hash of its sealed file, so that anyone can tell whether a copy is the one submitted."""
    title, missing = "Returns submitted for the year", [formats.month(m) for m in months if m not in sent]
    if not sent:
        return Part(title, (f"{formats.UNAVAILABLE} No return of these months stands as submitted.",))
    rows = tuple(_return_row(month, sent[month]) for month in months if month in sent)
    said = f"{len(sent)} of {len(months)} months stand as submitted."
    if missing:
        said += f" Not submitted: {formats.joined(missing)}."
    head = ("Month", "Version", "Submitted (UTC)", "By", "SHA-256 of the sealed file")
    made = laid_out(DataTable("Submitted returns", head, rows, (1, 2, 3, 4)), 11, 13, 17, 22, 37)
    note = "flask --app app return verify FILE says whether a copy is the file submitted; so does any PDF reader that shows seals."
    return Part(title, (said,), tables=(made,), notes=(note,))


def _return_row(month: str, version: Version) -> tuple[str, ...]:
    step = version.signed(Action.SUBMIT)
    number = f"{version.number}" + (f", correcting {version.corrects}" if version.corrects else "")
    when, who = (formats.day_time(step.at), step.who) if step else (formats.UNAVAILABLE, formats.UNAVAILABLE)
    return (formats.month(month), number, when, who, version.pdf_sha256 or formats.UNAVAILABLE)


def _certificate(r: Reader) -> Part:
    said = (
        "To be signed by the chief finance officer (section 151 officer or equivalent) once the figures above have been agreed "
        f"with the accounts of {r.programme.recipient or r.programme.force or 'the grant recipient'}. The portal does not certify anything by itself."
    )
    rows = (("Name", ""), ("Office", ""), ("Signature", ""), ("Date", ""))
    blank = laid_out(
        DataTable("Chief finance officer", ("What", "To be filled in by hand"), rows, (1,), to_fill_in=True), 25, 75
    )
    return Part("Signature", (said,), tables=(blank,), together=True)


DOCUMENT = Document(
    key=KEY, title=KIND,
    about="For the chief finance officer and the funder: award, spend, claims, match funding and variance of a financial year, and the returns behind it.",
    permission=Permission.VIEW_RETURNS, choice=ChoiceKind.YEAR, choices=years,
    why_none="No spend is loaded for any financial year. Load the grant's money (kind costs).",
    build=build, pdf=draw_parts,
)  # fmt: skip
