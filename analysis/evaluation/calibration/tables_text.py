"""The calibration table as text for a terminal, as the module that ships and as tables of ``docs/calibration.md``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from analysis.evaluation.calibration.designs import SITUATIONS
from analysis.evaluation.calibration.gate import COVERAGE_ONLY, judge, must_hold
from analysis.evaluation.calibration.table import Row
from analysis.evaluation.catalogue import title_of

DESIGN = (
    "7 hot spots; 47 weeks of days, or 36 months before and 12 during with 30 candidate places and 8 or 20 comparators; "
    "drift of places, city and days, overdispersed counts, patrols that follow weekday, level and last week's crime"
)
_HEAD = '''"""The shipped calibration table, as data. Written by ``flask --app app calibrate --ship``; not edited by hand."""

from __future__ import annotations

MEASURED_ON = "{today}"
CODE_VERSION = "{code_version}"
SEED = {seed}
DESIGN = (
{design}
)
# The situation whose rates a method's records quote.
QUOTED: dict[str, str] = {{
{quoted}
}}
_Number = float | None
# method, situation, runs, refused, alarms, alarms in the direction of a benefit, coverage, bias, spread, mean SE
ROWS: tuple[tuple[str, str, int, int, float, _Number, _Number, _Number, _Number, _Number], ...] = (
{rows}
)
'''


def _number(value: float | None) -> str:
    return "None" if value is None else f"{value:.4f}"


def as_module(rows: Sequence[Row], quoted: Mapping[str, str], *, seed: int, today: str, code_version: str) -> str:
    """The text of :mod:`analysis.evaluation.calibration.shipped`."""
    lines = []
    for r in rows:
        numbers = ", ".join(map(_number, (r.alarms, r.right_way, r.coverage, r.bias, r.spread, r.mean_se)))
        lines.append(f'    ("{r.method}", "{r.situation}", {r.runs}, {r.refused}, {numbers}),')
    half = DESIGN.index("; drift") + 2
    design = f'    "{DESIGN[:half]}"\n    "{DESIGN[half:]}"'
    keys = "\n".join(f'    "{method}": "{situation}",' for method, situation in quoted.items())
    return _HEAD.format(
        today=today, code_version=code_version, seed=seed, design=design, quoted=keys, rows="\n".join(lines)
    )


def as_text(rows: Iterable[Row]) -> str:
    """One line a row, under each situation; "fails" where it is outside the gate, whether or not the gate asks for it."""
    by_situation: dict[str, list[Row]] = {}
    for row in rows:
        by_situation.setdefault(row.situation, []).append(row)
    lines = []
    for key, situation in SITUATIONS.items():
        if key not in by_situation:
            continue
        what = "signals" if situation.null else "power  "
        lines.append(f"{situation.words} ({'nothing happened' if situation.null else 'something happened'})")
        for row in by_situation[key]:
            verdict = (
                "fails"
                if not judge(row, 0.0 if row.runs >= 1000 else 3.0).passed
                else "passes"
                if must_hold(row.method, key)
                else ""
            )
            coverage = "      " if row.coverage is None else f"{row.coverage:6.1%}"
            bias = "      " if row.bias is None else f"{row.bias:+.3f}"
            lines.append(
                f"  {row.method:28s} {what} {row.alarms:6.1%} ±{row.alarms_mcse:4.1%}  coverage {coverage}  "
                f"bias {bias}  refused {row.refused:4d} of {row.runs:5d}  {verdict}"
            )
    return "\n".join(lines)


def as_markdown(rows: Iterable[Row]) -> str:
    """Error rates where nothing happened: headline methods at the gate, an unmeasured shock, then everything else."""
    null = [row for row in rows if SITUATIONS[row.situation].null]
    at_gate = [row for row in null if must_hold(row.method, row.situation)]
    shock = [row for row in null if not SITUATIONS[row.situation].confounders_measured]
    others = [row for row in null if row not in at_gate and row not in shock]
    parts = [
        ("Headline methods, what moves crime being measured", at_gate),
        ("The same and others when something nobody measured moves patrols and crime together", shock),
        ("Every other method and situation, those common in the field among them", others),
    ]
    return "\n\n".join(f"**{title}**\n\n{_markdown(part)}" for title, part in parts if part)


def _markdown(rows: Sequence[Row]) -> str:
    lines = [
        "| method | what was simulated | signals | intervals that hold the truth | verdict |",
        "|---|---|---:|---:|---|",
    ]
    for row in rows:
        coverage = "not measured" if row.coverage is None else f"{row.coverage:.1%}"
        lines.append(
            f"| {title_of(row.method)} | {SITUATIONS[row.situation].words} | {row.alarms:.1%} (± {2 * row.alarms_mcse:.1%}) "
            f"| {coverage} | {_verdict(row)} |"
        )
    return "\n".join(lines)


def _verdict(row: Row) -> str:
    if not judge(row).passed:
        return "outside the limits"
    return (
        "exempt from the 3%: it spends less than 5% by design" if row.method in COVERAGE_ONLY else "within the limits"
    )


def with_section(document: str, name: str, text: str) -> str:
    """``document`` with what stands between the markers of ``name`` replaced; ValueError where there are none."""
    start, end = f"<!-- {name}: start -->", f"<!-- {name}: end -->"
    if start not in document or end not in document:
        raise ValueError(f"The document has no section “{name}”.")
    put: Callable[[re.Match[str]], str] = lambda _match: f"{start}\n{text}\n{end}"  # noqa: E731
    return re.sub(f"{re.escape(start)}.*?{re.escape(end)}", put, document, flags=re.DOTALL)
