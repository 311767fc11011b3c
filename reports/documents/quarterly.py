"""Quarterly evaluation summary for funders: what is known, how surely, and what the design cannot say.

Built with the reader's own scope, so that disclosure control acts as it does on the funders' pages.
"""

from __future__ import annotations

from analysis.evaluation.claims import MARYLAND
from analysis.evaluation.record import Refusal, ResultRecord
from components import wording
from components.columns import Column, change, count, decimal, text
from data_access import overview
from data_access.delivery import delivery_table
from data_access.evaluation import tables
from data_access.evaluation.records import BeforeAfter
from data_access.evaluation.summary import EvaluationSummary, evaluation_summary
from data_access.headline import Figure, Headline, headline
from domain import formats
from domain.periods import Period
from domain.roles import Permission
from domain.scope import Scope
from reports.documents.choices import quarter_period, quarter_words, quarters
from reports.documents.estimates import forest, three_ways_facts
from reports.documents.model import ChoiceKind, Contents, Document, Part
from reports.documents.writing import Reader, contents, draw_parts, table
from reports.freshness import provisional
from reports.model import DataTable, Fact

KEY, KIND = "quarterly", "Quarterly evaluation summary"
QUESTION = (
    "Did recorded crime and harm in the hot spots change while the service ran, by more than ordinary variation, and "
    "how far can this design say so?"
)
WANTED_LOWER = ("crimes", "harm_days", "harm_per_crime")
LEAST_RISE = 0.005  # less reads as 0%
NOT_SET = "not stated in the programme's settings"


def build(scope: Scope, code: str, choice: str) -> Contents:
    r, quarter = Reader(scope, code), quarter_period(choice)
    found, numbers = evaluation_summary(scope, code), headline(scope, code)
    parts = (
        _design(r, found), _headline(found), _harm(found), _against(r, quarter, found, numbers), _quarter(r, quarter),
        _delivery(numbers), _places(found), _others(found), _cannot_say(found),
    )  # fmt: skip
    return contents(
        r, key=KEY, choice=choice, kind=KIND, period=formats.period(quarter),
        lead=(
            f"{quarter_words(quarter)}. The evaluation is that of the data as loaded, over the programme's own windows: "
            "choosing a quarter does not change it.",
            found.claim.sentence,
        ),
        parts=parts, warnings=provisional(r.as_at, quarter),
    )  # fmt: skip


def _design(r: Reader, found: EvaluationSummary) -> Part:
    p, level = r.programme, found.claim.maryland_level
    windows = [
        Fact(
            name, formats.period(w.period) if w else NOT_SET, w.label if w else "No comparison can be made without it."
        )
        for name, w in (("Before", p.before), ("During", p.during))
    ]
    live = formats.day(p.service_live_from) if p.service_live_from else NOT_SET
    facts = (
        Fact("Strength of the design", f"level {level} of {max(MARYLAND)}", f"Maryland scale: {MARYLAND[level]}; {max(MARYLAND)} is {MARYLAND[max(MARYLAND)]}."),
        *windows,
        Fact("Service live from", live, p.service_name),
        Fact("Places", f"{len(r.defaults.hot_spot_names)} {r.defaults.area_word}", p.selection_method or f"How they were chosen is {NOT_SET}."),
    )  # fmt: skip
    overlap = (found.overlap.sentence(),) if found.overlap else ()
    return Part("The question and the design", (QUESTION,), overlap, facts)


def _headline(found: EvaluationSummary) -> Part:
    title, compared, chart = "Recorded crime, said three ways", found.before_after, forest(found)
    charts = (chart,) if chart else ()
    if isinstance(compared, Refusal):
        return Part(title, (f"{formats.UNAVAILABLE} {compared.reason}",), charts=charts)
    if isinstance(compared.default, Refusal):
        return Part(title, (_counts(compared), f"{formats.UNAVAILABLE} {compared.default.reason}"), charts=charts)
    return Part(
        title, (_counts(compared),), facts=three_ways_facts(compared.default), charts=charts,
        notes=(f"Method: {compared.default.method}.",),
    )  # fmt: skip


def _counts(compared: BeforeAfter) -> str:
    return wording.change_sentence(
        what="Recorded crime", now=compared.during.crimes, then=compared.before.crimes,
        now_when=formats.period(compared.during.period), then_when=formats.period(compared.before.period),
    )  # fmt: skip


HARM_COLUMNS = (
    text("estimate_name", "Measure"), decimal("before", "Before"), decimal("during", "During"),
    decimal("ratio", "Ratio of rates", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
)  # fmt: skip


def _harm(found: EvaluationSummary) -> Part:
    title = "Harm: how many crimes, and how serious each was"
    if isinstance(found.harm, Refusal) or found.harm_claim is None:
        reason = found.harm.reason if isinstance(found.harm, Refusal) else "No harm is known."
        return Part(title, (f"{formats.UNAVAILABLE} {reason}",))
    split = table(
        "Total harm is the number of crimes times harm per crime", tables.harm_split_table(found), HARM_COLUMNS
    )
    return Part(title, (found.harm_claim.sentence,), tables=(split,))


# --- what did not go well -----------------------------------------------------------------------------------------


def _against(r: Reader, quarter: Period, found: EvaluationSummary, numbers: Headline) -> Part:
    """As prominent as the rest: what speaks against a good reading, in sentences first and checks after."""
    said = [*_rose(found), *_rose_in_quarter(r, quarter), *_under(numbers), *_unclear(found), *_refused(found)]
    failed = tables.checks_table(found)
    failed = failed[failed["outcome"] == tables.OUTCOMES[False]]
    if failed.empty:
        said.append("Every check that can fail was passed.")
        return Part("What speaks against a good reading", tuple(said))
    columns = [
        text("estimate_name", "Estimate"),
        text("check", "Check"),
        text("value", "Value"),
        text("needed", "Needed to pass"),
    ]
    return Part(
        "What speaks against a good reading",
        tuple(said),
        tables=(table("Checks that were not passed", failed, columns),),
    )


def _name(key: str) -> str:
    """An estimate's label where it stands alone: the parts of harm are listed under it elsewhere."""
    return tables.LABELS[key].replace("of which: ", "Harm: ")


def _rose(found: EvaluationSummary) -> list[str]:
    """Estimates above no change; the yardstick of chance alone repeats the first and is not named again."""
    records = [(k, rec) for k, rec in found.records().items() if isinstance(rec, ResultRecord) and k != "exact"]
    higher = [
        f"{_name(k)} ({formats.signed_percent(rec.estimate - 1)})"
        for k, rec in records
        if rec.estimate - 1 >= LEAST_RISE
    ]
    return [f"Higher and not lower: {formats.joined(higher)}."] if higher else []


def _rose_in_quarter(r: Reader, quarter: Period) -> list[str]:
    frame = overview.overview_table(r.scope, r.over(quarter))
    rows = frame[frame["key"].isin(WANTED_LOWER) & (frame["change_year"] >= LEAST_RISE)]
    parts = [
        f"{str(row['measure']).lower()} ({formats.signed_percent(float(row['change_year']))})"
        for row in rows.to_dict("records")
    ]
    before = formats.period(quarter.year_before())
    return [f"Higher in {formats.period(quarter)} than in {before}: {formats.joined(parts)}."] if parts else []


def _under(numbers: Headline) -> list[str]:
    """Providers that delivered less than was planned, and days without anybody."""
    shares = [
        f
        for f in numbers.figures
        if f.key.startswith("dose_delivered_percent:") and f.value is not None and f.value < 100
    ]
    said = []
    if shares:
        parts = [f"{f.label.removesuffix(', dose delivered')} {formats.number(f.value)}%" for f in shares]
        said.append(f"Less was delivered than planned: {formats.joined(parts)} of planned minutes.")
    cover = numbers.figure("coverage_percent") if any(f.key == "coverage_percent" for f in numbers.figures) else None
    if cover is not None and cover.value is not None and cover.value < 100:
        said.append(f"Nobody patrolled on {formats.number(100 - cover.value)}% of hot spot-days.")
    return said


def _unclear(found: EvaluationSummary) -> list[str]:
    records = [(k, rec) for k, rec in found.records().items() if isinstance(rec, ResultRecord) and k != "exact"]
    names = [f"“{_name(k)}”" for k, rec in records if not rec.excludes_no_change()]
    if not names:
        return []
    return [
        f"Chance and ordinary variation can explain {len(names)} of {len(records)} estimates: {formats.joined(names)}."
    ]


def _refused(found: EvaluationSummary) -> list[str]:
    reasons = {rec.reason: _name(k) for k, rec in found.records().items() if isinstance(rec, Refusal)}
    return [f"Not known: {name.lower()}. {reason}" for reason, name in reasons.items()]


# --- delivery -------------------------------------------------------------------------------------------------------

QUARTER_COLUMNS = (
    text("measure", "Measure"), text("unit", "Unit"),
    Column("now", "Quarter", numeric=True, decimals_from="decimals"),
    Column("year_before", "A year before", numeric=True, decimals_from="decimals"),
    change("change_year", "Change"),
)  # fmt: skip
PROVIDER_COLUMNS = (
    text("provider_name", "Provider"), decimal("planned_minutes", "Planned (min)", 0),
    decimal("patrol_minutes", "Delivered (patrol-min)", 0), Column("delivered_share", "Delivered", formats.percent, numeric=True),
    count("visits", "Visits"), Column("compliance", "At planned dose", formats.percent, numeric=True),
    decimal("abstracted_minutes", "Abstracted (min)", 0),
)  # fmt: skip


def _quarter(r: Reader, quarter: Period) -> Part:
    """The quarter as the home page gives it: beside the same quarter a year before, with no word on why."""
    frame = overview.overview_table(r.scope, r.over(quarter))
    shown = table(f"{formats.period(quarter)} beside {formats.period(quarter.year_before())}", frame, QUARTER_COLUMNS)
    note = "Changes of a share are in percentage points. One quarter is short: counts of this size move by chance."
    made = [shown]
    if r.programme.resolution == "day":
        made += _by_provider(r, quarter)
    return Part("The quarter", tables=tuple(made), notes=(note, *dict.fromkeys(frame.attrs["notes"])))


def _by_provider(r: Reader, quarter: Period) -> list[DataTable]:
    frame = delivery_table(r.scope, r.over(quarter), ("provider",))
    if frame.empty:
        return []
    return [table(f"Delivery by provider, {formats.period(quarter)}", frame, PROVIDER_COLUMNS)]


def _delivery(numbers: Headline) -> Part:
    """Over the evaluation's own window, from the figures that the pages and the return quote."""
    wanted = ("dose_delivered_percent", "coverage_percent", "cost_per_patrol_minute_gbp:", "percent_cheaper:")
    facts = tuple(_fact(f) for f in numbers.figures if f.key in wanted or f.key.startswith(wanted[2:]))
    if not facts:
        return Part(
            "Delivery over the service window",
            (f"{formats.UNAVAILABLE} The programme sets no windows, so there is no period to give it for.",),
        )
    window = f"{formats.period(numbers.during.period)}." if numbers.during else ""
    return Part("Delivery over the service window", (window,), facts=facts, notes=numbers.notes)


def _fact(f: Figure) -> Fact:
    written = formats.pounds(f.value, f.decimals) if f.unit.startswith("£") else formats.number(f.value, f.decimals)
    if f.unit.startswith("%") and f.value is not None:
        written += "%"
    note = "; ".join(n for n in (f.unit.removeprefix("£ ").removeprefix("% "), f.note) if n and n != "%")
    return Fact(f.label, written, f"{note}." if note else "")


# --- other comparisons and limits --------------------------------------------------------------------------------------

PLACE_COLUMNS = (
    text("place", "Place"), count("rank", "Rank (1 = fell most)"), count("before", "Crimes before"),
    count("during", "Crimes during"), decimal("ratio", "Ratio of monthly rates", 2),
)  # fmt: skip


def _places(found: EvaluationSummary) -> Part:
    title = "Against other places"
    if isinstance(found.comparators, Refusal):
        return Part(title, (found.comparators_claim.sentence,), notes=(found.comparators.reason,))
    shown = table("The same months in other places", tables.places_table(found), PLACE_COLUMNS)
    note = (
        "Monthly rate during over monthly rate before, each place by itself, over whole months. Whole cities were not "
        "chosen for being hot spots."
    )
    return Part(title, (found.comparators_claim.sentence,), tables=(shown,), notes=(note,))


def _others(found: EvaluationSummary) -> Part:
    return Part("Days with patrol, and crime nearby", (found.patrol_claim.sentence, found.displacement_claim.sentence))


def _cannot_say(found: EvaluationSummary) -> Part:
    compared = found.before_after
    record = compared.default if isinstance(compared, BeforeAfter) else compared
    said = [
        "A fall everywhere, a change of recording, or a return to normal of places chosen in a bad year would look the "
        "same as an effect of the service. The before and during comparison cannot tell them apart."
    ]
    if isinstance(record, ResultRecord):
        said += [*record.limits, wording.assumptions_sentence(record.assumptions)]
    if isinstance(found.against_comparators, ResultRecord):
        said += [f"Against comparators: {wording.assumptions_sentence(found.against_comparators.assumptions)}"]
    if isinstance(found.patrol_days.record, ResultRecord):
        said += [f"Patrol days: {wording.assumptions_sentence(found.patrol_days.record.assumptions)}"]
    return Part("What this design cannot say", tuple(s for s in dict.fromkeys(said) if s))


DOCUMENT = Document(
    key=KEY, title=KIND,
    about="For funders and partners: what is known of crime, harm and delivery, how surely, and what the design cannot say.",
    permission=Permission.VIEW_EVALUATION, choice=ChoiceKind.QUARTER, choices=quarters,
    why_none="No quarter is loaded whole since the service went live. Load recorded crime or tracker files of three months.",
    build=build, pdf=draw_parts,
)  # fmt: skip
