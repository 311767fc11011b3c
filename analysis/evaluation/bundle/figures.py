"""Figures of the bundle as SVG text written by hand: no drawing library whose next version would move a pixel."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import ResultRecord
from analysis.evaluation.section import Section
from domain.periods import is_provisional

_WIDTH, _ROW, _LABELS, _RIGHT = 960, 26, 430, 170
_INK, _FAINT, _MARK = "#1d1d1b", "#8a8a85", "#1f5a8a"


def forest(section: Section) -> str:
    """Every ratio of a section with its 95% interval on a log axis; "" where it has none."""
    rows = [(key, r) for key, r in section.records.items() if isinstance(r, ResultRecord) and r.scale == "ratio"]
    rows = [(key, r) for key, r in rows if r.estimate > 0 and math.isfinite(r.estimate)]
    if not rows:
        return ""
    ends = [v for _, r in rows for v in (r.ci_low, r.ci_high, r.estimate) if v > 0 and math.isfinite(v)]
    low, high = max(0.05, min([*ends, 0.5])), min(20.0, max([*ends, 2.0]))
    span = math.log(high / low)

    def at(value: float) -> float:
        inside = min(max(value, low), high)
        return _LABELS + (_WIDTH - _LABELS - _RIGHT) * math.log(inside / low) / span

    height = 60 + _ROW * len(rows) + 30
    body = [_text(10, 24, f"{section.name}: ratios with 95% intervals (below 1: fewer)", weight="bold")]
    bottom = height - 34
    for tick in (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0):
        if low <= tick <= high:
            body.append(_line(at(tick), 40, at(tick), bottom, _INK if tick == 1 else "#deded8"))
            body.append(_text(at(tick), height - 14, f"{tick:g}", anchor="middle"))
    for i, (key, record) in enumerate(rows):
        y = 58 + _ROW * i
        left = at(record.ci_low) if record.ci_low > 0 else at(low)
        right = at(record.ci_high) if math.isfinite(record.ci_high) else at(high)
        body.append(_text(10, y + 4, _short(f"{key}: {record.estimand}")))
        body.append(_line(left, y, right, y, _MARK, 2))
        body.append(f'<circle cx="{at(record.estimate):.2f}" cy="{y}" r="4" fill="{_MARK}"/>')
        high_text = f"{record.ci_high:.2f}" if math.isfinite(record.ci_high) else "no limit"
        body.append(_text(_WIDTH - _RIGHT + 10, y + 4, f"{record.estimate:.2f} ({record.ci_low:.2f} to {high_text})"))
    return _svg(height, f"Ratios of {section.name} with their intervals", body)


def months_figure(inputs: Inputs) -> str:
    """Crimes a month in the hot spots together; months of the service shaded, provisional months hollow."""
    found = inputs.area_months()
    if found.empty:
        return _svg(60, "No months", [_text(10, 34, inputs.why_empty("months", "No months of crime are loaded."))])
    names, counts = [str(m) for m in found["month"]], found["crimes"].to_numpy(float)
    top, left, width, height = max(1.0, float(counts.max())), 60, 960 - 80, 260
    step = width / max(1, len(names))
    body = [_text(10, 24, f"{inputs.area_name}: recorded crimes a month in the hot spots", weight="bold")]
    live = inputs.live_from.strftime("%Y-%m") if inputs.live_from else None
    for i, (name, count) in enumerate(zip(names, counts, strict=True)):
        bar = height * count / top
        x, y = left + step * i, 40 + height - bar
        fill = "none" if is_provisional(name, inputs.provisional_from) else _MARK if live and name >= live else _FAINT
        body.append(
            f'<rect x="{x + 0.5:.2f}" y="{y:.2f}" width="{max(1.0, step - 1):.2f}" height="{bar:.2f}" fill="{fill}" '
            f'stroke="{_MARK if live and name >= live else _FAINT}"/>'
        )
        if name.endswith("-01") or i == 0:
            body.append(_text(x, 320, name))
    for value in (0.0, top / 2, top):
        body.append(_text(52, 44 + height - height * value / top, f"{value:.0f}", anchor="end"))
    words = "blue: months of the service; hollow: provisional, may still change" if live else "hollow: provisional"
    body.append(_text(10, 344, words))
    return _svg(356, "Recorded crimes a month", body)


def _short(text: str, most: int = 62) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" font-weight="{weight}" fill="{_INK}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" stroke="{colour}" stroke-width="{width:g}"/>'


def _svg(height: float, title: str, body: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>{escape(title)}</title>'
    )
    return "\n".join([head, f'<rect width="{_WIDTH}" height="{height:g}" fill="white"/>', *body, "</svg>"]) + "\n"
