"""Reproduce: the bundle to take away, which code and environment made the numbers, and how often each method errs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import dash
import pandas as pd
from dash import html

from analysis.evaluation.calibration.designs import SITUATIONS
from analysis.evaluation.calibration.gate import DEFAULTS, LEAST_ALARMS, LEAST_COVERAGE, MOST_ALARMS, judge
from analysis.evaluation.calibration.table import Row, rows
from analysis.evaluation.catalogue import title_of
from analysis.evaluation.record import CODE_VERSION
from analysis.evaluation.section import Section
from components.block import Block
from components.columns import count, share, text
from components.view import View
from data_access.evaluation.inputs import data_version
from domain import formats
from domain.roles import Permission
from pages._error_rates import is_null, provenance_sentence, situation_words
from pages.evaluation._page import ReviewPage, review_page
from pages.evaluation._reproduce_routes import PATH as BUNDLE
from reports.evaluation_bundle import environment_lines, source_sha256

INSPECT = Permission.INSPECT_EVALUATION
WITHIN = "Within the limits"
SILENT = "Signals less often than 3%: its interval is wider than it need be"
COLUMNS = ("method", "situation", "alarms", "alarms_mcse", "coverage", "bias", "runs", "verdict")


def _frame(wanted: Callable[[Row], bool]) -> pd.DataFrame:
    found = [
        {
            "method": title_of(row.method), "situation": situation_words(row), "alarms": row.alarms,
            "alarms_mcse": 2 * row.alarms_mcse, "coverage": math.nan if row.coverage is None else row.coverage,
            "bias": math.nan if row.bias is None else row.bias, "runs": float(row.runs), "verdict": _verdict(row),
        }
        for row in rows() if wanted(row)
    ]  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


def _verdict(row: Row) -> str:
    problems = judge(row).problems
    if not problems and is_null(row) and row.alarms < LEAST_ALARMS:
        return SILENT
    return "; ".join(problems).capitalize() if problems else WITHIN


def _at_the_gate(row: Row) -> bool:
    return row.situation in DEFAULTS.get(row.method, ())


def _unmeasured(row: Row) -> bool:
    return is_null(row) and not SITUATIONS[row.situation].confounders_measured


def _others(row: Row) -> bool:
    return is_null(row) and not _at_the_gate(row) and not _unmeasured(row)


_WHAT = [
    text("method", "Method"), text("situation", "What was simulated"), share("alarms", "Signals", 1),
    share("alarms_mcse", "±", 1), share("coverage", "Intervals that hold the truth", 1),
    count("runs", "Runs"), text("verdict", "Against the limits"),
]  # fmt: skip
_LIMITS = (
    f"Limits: signals in {LEAST_ALARMS:.0%} to {MOST_ALARMS:.0%} of runs in which nothing happened, and at least "
    f"{LEAST_COVERAGE:.0%} of intervals that hold the truth."
)


def _default_sentence(frame: pd.DataFrame, _view: View) -> str:
    out = frame[~frame["verdict"].isin([WITHIN, SILENT])]
    silent = frame[frame["verdict"] == SILENT]
    if frame.empty:
        return "Nothing has been measured with this version, so no headline has an error rate."
    low, high = formats.percent(frame["alarms"].min(), 1), formats.percent(frame["alarms"].max(), 1)
    said = f"Where nothing happened and what moves crime is measured, the headline methods signal in {low} to {high} of runs."
    said += _elsewhere()
    if out.empty:
        less = f" {formats.joined(list(silent['method']))}: {SILENT.lower()}." if len(silent) else ""
        return f"{said}{less}"
    return f"{said} {len(out)} of {len(frame)} do not keep to the limits: {formats.joined(sorted(set(out['method'])))}."


def _elsewhere() -> str:
    """The worst that the same methods do in the other situations, so that the table above is not read as all there is."""
    worst = max(
        (row for row in rows() if row.method in DEFAULTS and _others(row)), key=lambda row: row.alarms, default=None
    )
    if worst is None:
        return ""
    return (
        f" In other situations they do worse: {title_of(worst.method).lower()} signals in {formats.percent(worst.alarms, 1)} where "
        f"{situation_words(worst)}."
    )


def _shock_sentence(frame: pd.DataFrame, _view: View) -> str:
    failing = int((~frame["verdict"].isin([WITHIN, SILENT])).sum())
    worst = formats.percent(frame["alarms"].max()) if len(frame) else formats.UNAVAILABLE
    return (
        f"When an event that nobody recorded moves patrols and crime on the same day, {failing} of {len(frame)} methods fail: "
        f"they signal in up to {worst} of runs in which patrols made no difference. No method here can allow for it; loading "
        "events and weather by day turns an unmeasured event into a measured one."
    )


def _other_sentence(frame: pd.DataFrame, _view: View) -> str:
    failing = int((~frame["verdict"].isin([WITHIN, SILENT])).sum())
    return (
        f"{failing} of these {len(frame)} rows are outside the limits. Methods that are common in the field stand here so that "
        "studies which used them can be read with their real error rates."
    )


def _block(key: str, title: str, wanted: Callable[[Row], bool], sentence: Any, why: str, misleads: str) -> Block:
    return Block(
        id=f"reproduce-{key}", title=title, permission=INSPECT, frame=lambda _view: _frame(wanted), sentence=sentence,
        caption=lambda _view: f"{provenance_sentence()} {_LIMITS}", columns=lambda _view: _WHAT, table_open=True,
        covers=lambda _view: "simulated data in which the truth is known", source=lambda _view: "Source: the command calibrate.",
        why=why, misleads=misleads,
    )  # fmt: skip


DEFAULT_RATES = _block(
    "defaults", "Error rates of the headline methods", _at_the_gate, _default_sentence,
    "A 5% test that is wrong more often than it says is the commonest fault of evaluations of patrols.",
    "The worlds are simulated: drift, scatter and how patrols are sent follow published figures, and a force may differ. "
    "The command calibrate --programme measures the rates in a world made from a programme's own data.",
)  # fmt: skip
SHOCK = _block(
    "unmeasured", "When something nobody measured is at work", _unmeasured, _shock_sentence,
    "This is what no analysis of patrol days can rule out, however exact its interval.",
    "The size of the simulated event decides the rate: a weaker one does less harm, a stronger one more.",
)  # fmt: skip
OTHERS = _block(
    "others", "Every other method and situation", _others, _other_sentence,
    "A method should be judged by how often it is wrong, not by how often it is used.",
    "Patrol tomorrow signals often here because these patrols follow last week's crime: where they do, it is no valid "
    "negative control, and a difference on it says little.",
)  # fmt: skip
ENVIRONMENT = Block(
    id="reproduce-environment", title="Code and environment", permission=INSPECT,
    frame=lambda view: pd.DataFrame(_environment(view), columns=["what", "value"]),
    sentence=lambda frame, view: "What made the numbers of this portal; a bundle made here names the same.",
    caption=lambda view: "SHA-256 over every file of the engine, and over every frame and setting that it reads.",
    columns=lambda view: [text("what", "What"), text("value", "Value")], table_open=True,
    why="Numbers from other code, data or libraries need not be these.",
    misleads="The same hash means the same inputs and code, not that either is right.",
)  # fmt: skip


def _environment(view: View) -> list[tuple[str, str]]:
    version = data_version(view.scope, view.programme.code)
    found = [("Code version", CODE_VERSION), ("Code, SHA-256", source_sha256()), ("Data, SHA-256", version)]
    python, *packages = environment_lines()
    return [*found, ("Python", python), *((p.split("==")[0], p.split("==")[1]) for p in packages)]


def _lead(view: View, _section: Section) -> list[Any]:
    address = f"{BUNDLE}?{urlencode({'programme': view.programme.code})}"
    return [
        html.P(
            "Everything needed to compute this evaluation again is in one bundle: the analysis plan and its deviations, "
            "de-identified counts, every estimate, table and figure, the code, and a list of hashes. Made twice from the same "
            "data it is the same to the byte.",
            className="lead",
            id="reproduce-claim",
        ),
        html.P(html.A("Download the bundle (ZIP)", href=address, className="button", id="reproduce-download")),
        html.P(
            [
                "On a computer with Python 3.11: unpack it and run ", html.Code("make"), ". It installs the pinned libraries, "
                "computes every record and figure again and compares byte for byte. It holds small counts, so it is for those "
                "who may see them and not for publishing. The portal's own command writes the same folder: ",
                html.Code(f"flask --app app evaluate --programme {view.programme.code} --out DIR"), ".",
            ]
        ),
    ]  # fmt: skip


PAGE = ReviewPage(
    slug="reproduce", path="/evaluation/reproduce", name="Reproduce", question="Can you get the same numbers?",
    section="", lead=_lead, blocks=(DEFAULT_RATES, SHOCK, OTHERS, ENVIRONMENT),
)  # fmt: skip
dash.register_page(__name__, **review_page(PAGE))
