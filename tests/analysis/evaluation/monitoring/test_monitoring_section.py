"""The section as a reader meets it: gaps stay gaps, what is lacking is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.evaluation.claims import causal_words
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.monitoring.section import section
from analysis.evaluation.record import Refusal, ResultRecord
from tests.analysis.evaluation.pooling.made_programme import DURING, cells_of, made_inputs


def test_nothing_happened_and_nothing_is_claimed():
    found = section(made_inputs(), {})
    assert isinstance(found.headline, ResultRecord)
    assert found.headline.ci_low < 0 < found.headline.ci_high
    assert "inside the bounds" in found.facts["claim"]
    assert causal_words(found.facts["claim"]) == []
    assert len(found.tables["looks"]) == 12
    assert set(found.tables["icons"]["chart"]) == {"all", "harm", "spot:HS1", "spot:HS2", "spot:HS3", "spot:HS4"}


def test_a_large_fall_is_outside_the_bounds_and_still_no_cause():
    found = section(made_inputs(ratio=0.3, rate=30), {})
    assert "outside the bounds" in found.facts["claim"]
    assert causal_words(found.facts["claim"]) == []
    assert found.headline.ci_high < 0


def test_a_missing_month_is_a_gap_and_never_a_zero():
    made = made_inputs()
    months = made.months[~((made.months["month"] == "2023-03") & (made.months["hot_spot"] == "HS2"))]
    bands = made.bands[made.bands["month"] != "2023-03"]
    found = section(replace(made, months=months, cells=cells_of(months), bands=bands), {})
    drawn = found.tables["xmr"].query("chart == 'all'").set_index("month")
    assert np.isnan(drawn.loc["2023-03", "value"])
    assert drawn.loc["2023-03", "signal"] == "common cause"
    assert found.tables["looks"]["month"].tolist() == ["2023-01", "2023-02"]
    assert found.facts["planned"] == 12


def test_the_service_still_runs_so_the_bounds_are_wider():
    made = made_inputs()
    seen = replace(made, bands=made.bands[made.bands["month"] <= "2023-06"])
    early, late = section(seen, {}).tables["looks"], section(made, {}).tables["looks"]
    assert len(early) == 6
    assert early["time"].iloc[-1] < 1
    assert early["bound"].iloc[-1] > late["bound"].iloc[-1]


def test_a_single_planned_look():
    made = made_inputs()
    one = replace(made, during=replace(DURING, end=DURING.start.replace(day=31)))
    looks = section(one, {}).tables["looks"]
    assert looks["look"].tolist() == [1]
    assert looks["time"].tolist() == [1.0]


def test_one_hot_spot_and_no_crime_in_another():
    one = section(made_inputs(spots=1), {})
    assert list(one.tables["icons"]["chart"]) == ["all", "harm"]
    assert one.tables["funnel"].empty
    made = made_inputs()
    empty = made.months.assign(crimes=made.months["crimes"].where(made.months["hot_spot"] != "HS3", 0))
    found = section(replace(made, months=empty, cells=cells_of(empty)), {})
    assert "spot:HS3" not in set(found.tables["icons"]["chart"])
    assert "HS3" not in set(found.tables["funnel"]["hot_spot"])
    assert isinstance(found.headline, ResultRecord)


@pytest.mark.parametrize("months", [0, 6])
def test_no_months_or_too_few_give_no_chart_and_a_reason(months):
    made = made_inputs()
    kept = (
        made.months[made.months["month"].isin(sorted(made.months["month"].unique())[-12 - months :])]
        if months
        else made.months.iloc[0:0]
    )
    found = section(replace(made, months=kept), {})
    assert found.tables["icons"].empty
    assert found.facts["no_charts"]


def test_no_bands_falls_back_on_comparators_and_neither_is_a_refusal():
    made = made_inputs()
    assert section(replace(made, bands=made.bands.iloc[0:0]), {}).facts["control"] == "comparators"
    nothing = replace(made, bands=made.bands.iloc[0:0], places=made.places.iloc[0:0])
    assert isinstance(section(nothing, {}).headline, Refusal)
    assert isinstance(section(Inputs("X", "X", "hot spots", "month"), {}).headline, Refusal)


def test_a_hand_made_rebase_is_drawn_with_its_reason():
    made = replace(made_inputs(), rebases=(("2022-01", "new recording rules", "2022-02-01"),))
    drawn = section(made, {}).tables["xmr"].query("chart == 'all'")
    assert drawn.loc[drawn["month"] == "2022-01", "rebased"].item() == "new recording rules"
    assert drawn["centre"].nunique() == 2


def test_a_target_below_the_mean():
    icons = section(made_inputs(), {"target": "10"}).tables["icons"]
    assert icons["target"].tolist() == pytest.approx((0.9 * icons["centre"]).tolist())
    assert set(icons["assurance"]) <= {"meets or misses the target by chance", "misses the target every month"}
    assert pd.api.types.is_bool_dtype(section(made_inputs(), {}).tables["xmr"]["provisional"])
