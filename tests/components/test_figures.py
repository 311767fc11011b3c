"""What a reader of a chart would notice gone wrong: nought looking like something, words over words or cut off."""

from __future__ import annotations

from datetime import date

import pytest

from components import figures, palette
from domain.periods import add_months, month_of

MONTHS = [month_of(add_months(date(2019, 10, 1), i)) for i in range(52)]


def _heat(z: list[list[float | None]]) -> object:
    columns = [str(i) for i in range(len(z[0]))]
    return figures.heat(x=columns, y=["A"], z=z, unit="patrol-minutes")


def test_nought_is_white_and_the_smallest_value_is_not() -> None:
    trace = _heat([[0.0, 0.2, 2500.0]]).data[0]
    stops = trace.colorscale
    assert stops[0] == (0, "#FFFFFF")
    assert 0 < stops[1][0] < 0.2 / 2500
    assert "#FFFFFF" not in [colour.upper() for _, colour in stops[1:]]
    assert trace.zmin == 0
    assert "white: 0" in trace.colorbar.title.text
    assert "grey" not in trace.colorbar.title.text


def test_no_value_is_not_shown_as_nought() -> None:
    figure = _heat([[0.0, None, 3.0]])
    assert figure.layout.plot_bgcolor.upper() not in ("WHITE", "#FFFFFF")
    assert "grey: no value" in figure.data[0].colorbar.title.text


def test_many_narrow_cells_are_not_swallowed_by_the_gaps_between_them() -> None:
    assert _heat([[1.0] * 329]).data[0].xgap == 0
    assert _heat([[1.0] * 24]).data[0].xgap == 1


def test_the_planned_dose_is_written_above_the_bars() -> None:
    figure = figures.visit_lengths(
        lengths={"a": [10.0, 41.0], "b": [15.0]},
        names={"a": "Outreach", "b": "Overtime"},
        styles={"a": (palette.DARK_BLUE, "circle"), "b": (palette.TURQUOISE, "square")},
        doses={"a": 40.0, "b": 15.0},
    )
    notes = {n.text: n for n in figure.layout.annotations}
    for text in ("planned 40 min", "planned 15 min"):
        assert (notes[text].y, notes[text].yanchor) == (1, "bottom")
    assert notes["Outreach"].yshift >= notes["planned 40 min"].font.size, "the title is a line higher than the dose"


@pytest.mark.parametrize(("start", "anchor"), [(date(2023, 12, 1), "right"), (date(2020, 1, 1), "left")])
def test_the_start_of_the_service_is_labelled_inside_the_chart(start: date, anchor: str) -> None:
    figure = figures.monthly_line(
        months=MONTHS, values=[1.0] * 52, measure="Crimes", unit="crimes", service_start=start,
        provisional_from=date(2024, 1, 1),
    )  # fmt: skip
    notes = {n.text: n for n in figure.layout.annotations}
    assert notes["service starts"].xanchor == anchor
    lift = (notes["provisional"].yshift or 0) - (notes["service starts"].yshift or 0)
    assert lift >= notes["service starts"].font.size, "the two labels are on different lines"
    assert figure.layout.margin.t >= 18 + notes["provisional"].font.size * 1.3


def test_a_row_carries_the_label_and_value_that_a_narrow_screen_writes_above_its_mark() -> None:
    bars = figures.ranked_bars(labels=["A", "B"], values=[2.28, 3.38], unit="£", texts=["£2.28", "£3.38"])
    assert [list(row) for row in bars.layout.meta["rows"]] == [["A", "£2.28"], ["B", "£3.38"]]
    dots = figures.paired_dots(labels=["A"], now=[1], then=[2], now_name="now", then_name="then", unit="crimes")
    assert [list(row) for row in dots.layout.meta["rows"]] == [["A", ""]]
