"""Result records as tables and the forest of a summary: one way of writing an estimate for all documents."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from analysis.evaluation.catalogue import methods
from analysis.evaluation.claims import other_ways
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Result
from components import figures, palette
from components.columns import Column, text
from data_access.evaluation import tables
from data_access.evaluation.summary import EvaluationSummary
from domain import formats
from reports.documents.model import laid_out
from reports.documents.writing import table
from reports.model import Chart, DataTable, Fact

# The axis ends here; an interval that runs on is drawn to the end and given in full in the table.
AXIS = (0.1, 10.0)
TICKS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 10.0)
PLACES = {"ratio": 2, "difference": 1}
NO_LABEL = "supporting"


def p_words(p: float | None) -> str:
    if p is None or p != p:
        return formats.NOT_APPLICABLE
    return "under\u00a00.001" if p < 0.001 else f"{p:.3f}"


def rate(value: float | None, decimals: int = 1) -> str:
    """A measured error rate; nobody having measured it is not the same as never wrong."""
    return tables.NOT_MEASURED if value is None else formats.percent(value, decimals)


def interval(record: ResultRecord, places: int | None = None) -> str:
    """ "0.28 to 1.26"."""
    places = PLACES[record.scale] if places is None else places
    return f"{formats.number(record.ci_low, places)} to {formats.number(record.ci_high, places)}"


def use_words(record: Result) -> str:
    """How far the method may carry a claim."""
    method = methods().get(record.method_key) if isinstance(record, ResultRecord) else None
    return method.use.value if method else NO_LABEL


# --- one estimate ---------------------------------------------------------------------------------------------


def three_ways_facts(record: ResultRecord) -> tuple[Fact, ...]:
    """The headline as ratio, per cent and crimes, with its interval, error rate and what it could have found."""
    ways = other_ways(record)
    fewer, counted = ways["fewer"].partition("; ")[::2]
    return (
        Fact("As a ratio", f"{formats.number(record.estimate, 2)} ({interval(record)})", "During over before, 95% interval; below 1 means fewer."),
        Fact("As per cent", ways["per_cent"], "The same ratio and interval."),
        Fact("In crimes", fewer, f"Fewer than at a ratio of 1, below 0 means more; {counted}." if counted else "The ratio is not one of counted crimes."),
        Fact("p", p_words(record.p), "Two-sided; how often chance and ordinary variation would give at least this."),
        Fact("False alarm rate", rate(record.calibrated_type1), "How often the method signals when nothing happened, measured by simulation."),
        Fact("Intervals that hold the truth", rate(record.calibrated_coverage), "Measured the same way; 95% is what is promised."),
        Fact("Smallest detectable ratio", formats.number(record.mde80, 2), "A true fall to this ratio would be found four times in five."),
    )  # fmt: skip


def forest(found: EvaluationSummary) -> Chart | None:
    """Every estimate of the summary side by side; None where none could be made."""
    frame = tables.estimates_table(found)
    known = frame.dropna(subset=["ratio"])
    known = known[[math.isfinite(v) and v > 0 for v in known["ratio"]]]
    if known.empty:
        return None
    figure = figures.dots_with_intervals(
        labels=list(known["estimate_name"]), values=[_clip(v) for v in known["ratio"]],
        lows=[_clip(v) for v in known["low"]], highs=[_clip(v) for v in known["high"]],
        unit="ratio, log scale: below 1 means fewer or less", reference=1.0, log=True,
        texts=[f"{v:.2f}" for v in known["ratio"]],
        colours=[palette.DARK_GREY if k == "exact" else palette.DARK_BLUE for k in known["key"]],
        symbols=["circle-open" if k == "exact" else "circle" for k in known["key"]],
    )  # fmt: skip
    low, high = min([0.5, *known["low"].clip(*AXIS)]), max([1.5, *known["high"].clip(*AXIS)])
    figure.update_xaxes(
        tickvals=list(TICKS), ticktext=[f"{v:g}" for v in TICKS], range=[math.log10(low * 0.9), math.log10(high * 1.1)]
    )
    return Chart(
        "estimates", "Every estimate side by side", _agreement(known),
        "Dots are ratios, lines their 95% intervals. “Chance alone” (open) shows the least uncertainty there can be and "
        "is not the headline. The rows share the same records, so their agreement is less than independent confirmation.",
        _estimates_table(frame), figure, 760, 100 + 31 * len(known),
    )  # fmt: skip


def _clip(value: float) -> float:
    return min(max(value, AXIS[0]), AXIS[1])


def _agreement(known: pd.DataFrame) -> str:
    judged = known[known["key"] != "exact"]
    clear = judged[(judged["high"] < 1) | (judged["low"] > 1)]
    if clear.empty:
        return f"None of {len(judged)} estimates has a 95% interval that leaves out a ratio of 1 (no change)."
    names = formats.joined([f"“{n}”" for n in clear["estimate_name"]])
    verb = "has" if len(clear) == 1 else "have"
    return f"{len(clear)} of {len(judged)} estimates {verb} a 95% interval that leaves out a ratio of 1 (no change): {names}."


def _estimates_table(frame: pd.DataFrame) -> DataTable:
    """The funders' page's table with its interval in one column, so that it fits upright paper."""
    shown = frame.assign(
        between=[
            formats.NOT_APPLICABLE
            if r.ratio != r.ratio
            else f"{formats.number(r.low, 2)} to {formats.number(r.high, 2)}"
            for r in frame.itertuples()
        ],
        said=[formats.UNAVAILABLE if r.ratio != r.ratio else formats.number(r.ratio, 2) for r in frame.itertuples()],
        p_said=[p_words(v) for v in frame["p"]],
        at_level=[formats.NOT_APPLICABLE if v != v else formats.number(v) for v in frame["level"]],
    )
    columns = [
        text("estimate_name", "Estimate"), Column("said", "Ratio", numeric=True), text("between", "95% interval"),
        text("per_cent", "As per cent"), Column("p_said", "p", numeric=True), Column("at_level", "Level (of 5)", numeric=True),
        Column("false_alarms", "False alarms", numeric=True),
    ]  # fmt: skip
    refused = [f"{r.estimate_name}: {r.how}" for r in frame.itertuples() if r.ratio != r.ratio]
    note = "Level: strength of the design on the Maryland scale, 1 to 5. False alarms: how often the method signals when nothing happened."
    made = table("The same in numbers", shown, columns, note=" ".join([note, *refused]))
    return laid_out(made, 25, 7, 14, 20, 12, 9, 13)


# --- every record of a section ----------------------------------------------------------------------------------


def records_tables(caption: str, records: Mapping[str, Result]) -> tuple[DataTable, DataTable]:
    """Every estimate on a line, then how each was made or why there is none. A record's key is that of the bundle's JSON."""
    head = (
        "Record", "Estimate of", "Value", "95% interval", "As per cent", "p", "Smallest detectable", "Events", "Level",
        "Role", "False alarms", "Holds the truth",
    )  # fmt: skip
    rows = tuple(_record_row(key, record) for key, record in records.items())
    made: dict[str, list[str]] = {}
    for key, record in records.items():
        how = f"No estimate: {record.reason}" if isinstance(record, Refusal) else record.method
        made.setdefault(how, []).append(key)
    methods_ = tuple((", ".join(keys), how) for how, keys in made.items())
    return (
        laid_out(DataTable(caption, head, rows, (1, 3, 4, 9)), 10, 22, 10, 12, 7, 7, 8, 6, 4, 9, 9, 9),
        laid_out(DataTable("How each was made, or why there is none", ("Records", "Method"), methods_, (1,)), 3, 7),
    )


def _record_row(key: str, record: Result) -> tuple[str, ...]:
    if isinstance(record, Refusal):
        gone = formats.NOT_APPLICABLE
        return (key, record.estimand, formats.UNAVAILABLE, *[gone] * 6, use_words(record), gone, gone)
    places = PLACES[record.scale]
    per_cent = other_ways(record)["per_cent"].partition(" (")[0]
    unit = "" if record.scale == "ratio" else f" {record.unit}"
    return (
        key, record.estimand, f"{formats.number(record.estimate, places)}{unit}", interval(record), per_cent,
        p_words(record.p), formats.NOT_APPLICABLE if record.mde80 is None else formats.number(record.mde80, places),
        formats.number(record.n_events), str(record.maryland_level), use_words(record), rate(record.calibrated_type1),
        rate(record.calibrated_coverage),
    )  # fmt: skip


def checks_table(caption: str, records: Mapping[str, Result]) -> DataTable | None:
    """Every check; estimates for which it came out alike share a row. None where a section has none."""
    held: dict[tuple[str, ...], list[str]] = {}
    for key, record in records.items():
        for c in record.checks:
            said = (c.name, tables.check_value(c.value), c.needed or formats.NOT_APPLICABLE, tables.OUTCOMES[c.passed])
            held.setdefault(said, []).append(key)
    rows = tuple((said[0], ", ".join(keys), *said[1:]) for said, keys in held.items())
    head = ("Check", "Records", "Value", "Needed to pass", "Outcome")
    return laid_out(DataTable(caption, head, rows, (1, 2, 3, 4)), 26, 34, 12, 18, 10) if rows else None


def meanings_table(records: Iterable[Result]) -> DataTable:
    """What each check is about, once."""
    found = {c.name: c.meaning for record in records for c in record.checks if c.meaning}
    listed = DataTable("What each check is about", ("Check", "Meaning"), tuple(sorted(found.items())), (1,))
    return laid_out(listed, 3, 7)


def assumptions_table(records: Iterable[tuple[str, Result]]) -> DataTable:
    """What cannot be checked and what is left out; estimates that share it share a row."""
    held: dict[tuple[str, str], list[str]] = {}
    for name, record in records:
        if isinstance(record, ResultRecord) and (record.assumptions or record.limits):
            said = "; ".join(record.assumptions) or "nothing beyond its model", " ".join(record.limits) or "–"
            held.setdefault(said, []).append(name)
    rows = tuple((", ".join(names), assumes, lacks) for (assumes, lacks), names in held.items())
    head = ("Estimates (section, record)", "Each assumes, and cannot check, that", "Each leaves out")
    return laid_out(DataTable("What every estimate takes for granted", head, rows, (1, 2)), 30, 45, 25)
