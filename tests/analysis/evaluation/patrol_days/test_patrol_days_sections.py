"""The two sections on whole inputs: what they hold, what must add up, and what they refuse with a reason."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.evaluation.claims import causal_words
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.patrol_days import claim
from analysis.evaluation.patrol_days.dosage import dosage_categories, dosage_linear, dosage_spline, spline_basis
from analysis.evaluation.patrol_days.dosage_phases import dosage_phases, planned_change
from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.patrol_days.scrutiny import balance, flow, leave_one_out
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.suite import run_section
from tests.analysis.evaluation.patrol_days.day_panels import START, panel_of

INPUTS = Inputs("TEST", "Test city", "hot spots", "day", service_window=(840, 1200))


def sections_of(panel, **more):
    inputs = replace(INPUTS, days=panel, **more)
    return run_section("patrol-days", inputs), run_section("dosage-response", inputs)


def test_a_whole_section_has_every_estimate_and_counts_them():
    days, dosage = sections_of(panel_of(1, spots=5))
    assert list(days.records)[:3] == ["default", "ri", "week"]
    made = [r for r in (*days.records.values(), *dosage.records.values()) if isinstance(r, ResultRecord)]
    assert len(made) >= 20
    assert all(r.ci_low <= r.estimate <= r.ci_high for r in made if r.method_key != "patrol-days-ri")
    assert days.tried == len(days.records) + 5 + days.tables["without_one_month"].shape[0]
    assert [m.to_json() for m in made] == [ResultRecord.from_dict(m.as_dict()).to_json() for m in made]


def test_the_flow_adds_up_also_with_missing_values_and_days():
    panel = panel_of(2, missing=0.1)
    panel.loc[panel.index[:7], "crimes"] = np.nan
    days, _ = sections_of(panel, days_without_trackers=5)
    by = days.tables["flow"].set_index("step")["hot_spot_days"]
    left = [value for step, value in by.items() if step.startswith("Left out")]
    assert by.iloc[0] == sum(left) + by["Analysed"]
    assert by["Analysed"] == days.headline.n_units
    assert by["Left out: a value is missing"] == 7


def test_a_flow_that_does_not_add_up_is_not_made():
    with pytest.raises(ValueError, match="hot spot-days are known"):
        flow(panel_of(1), analysed=3)


@pytest.mark.parametrize(
    "change", ["zero", "all", "one spot", "quiet spot", "no crime", "few days", "no plan", "month gone"]
)
def test_edge_cases_give_a_result_or_a_reason(change):
    panel = panel_of(3)
    if change in ("zero", "all"):
        panel = panel.assign(patrol=int(change == "all"), patrol_minutes=40.0 * (change == "all"))
    if change == "one spot":
        panel = panel[panel["hot_spot"] == "H1"]
    if change == "quiet spot":
        panel.loc[panel["hot_spot"] == "H1", ["crimes", "crimes_by_start", "whole_day", "harm_days"]] = 0
    if change == "no crime":
        panel = panel.assign(crimes=0)
    if change == "few days":
        panel = panel[panel["local_date"] < (START + pd.Timedelta(days=5)).date()]
    if change == "no plan":
        panel = panel.assign(planned_minutes=np.nan)
    if change == "month gone":
        panel = panel[pd.to_datetime(panel["local_date"]).dt.month != 3]
    days, dosage = sections_of(panel)
    refused = isinstance(days.headline, Refusal)
    assert refused == (change in ("zero", "all", "no crime"))
    if change == "few days":
        assert days.headline.check("days (clusters)").passed is False
    for record in (*days.records.values(), *dosage.records.values()):
        assert record.reason.endswith(".") if isinstance(record, Refusal) else record.ci_low <= record.ci_high
    assert claim.headline_claim(days).sentence
    assert claim.dosage_claim(dosage.headline).sentence


def test_too_few_clusters_are_said():
    panel = panel_of(5, days=20, rate=2.0)
    found = patrol_days(panel, covariates=())
    assert found.check("days (clusters)").passed is False


def test_months_only_explain_why_days_cannot_be_compared():
    inputs = replace(INPUTS, resolution="month", reasons={"days": "Only months are known."})
    for name in ("patrol-days", "dosage-response"):
        section = run_section(name, inputs)
        assert section.headline.reason == "Only months are known."
    assert "Only months are known." in claim.headline_claim(run_section("patrol-days", inputs)).sentence


def test_no_sentence_says_more_than_a_level_3_design_can():
    days, dosage = sections_of(panel_of(1, spots=6, effect=0.3, days=224))
    assert days.headline.ci_high < 1
    said = [
        claim.headline_claim(days).sentence, claim.shuffle_sentence(days.headline, days.records["ri"]),
        claim.controls_sentence(days.records["earlier"], days.records["tomorrow"]),
        claim.dosage_claim(dosage.headline).sentence,
        claim.lags_sentence(days.records["patrol_1_day_ago"], days.records["patrol_2_days_ago"]),
        claim.shape_sentence(dosage.records["trend"], dosage.records["spline"]),
    ]  # fmt: skip
    assert [causal_words(text) for text in said] == [[]] * len(said)


def test_patrols_that_follow_an_unseen_shock_fail_their_control():
    panel = panel_of(7, spots=6, days=224)
    rng = np.random.default_rng(7)
    panel["earlier_crimes"] = rng.poisson(np.where(panel["patrol"] == 1, 0.9, 0.3))
    days, _ = sections_of(panel)
    assert days.records["earlier"].checks[0].passed is False
    assert "there should be none" in claim.controls_sentence(days.records["earlier"], days.records["tomorrow"])


def test_balance_sees_patrols_that_keep_to_weekends():
    panel = panel_of(8)
    weekend = pd.to_datetime(panel["local_date"]).dt.day_of_week >= 5
    table = balance(panel.assign(patrol=weekend.astype(int))).set_index("what")
    assert table.loc["Saturday", "difference"] > 0.5 > -0.5 > table.loc["Monday", "difference"]
    assert set(table["group"]) >= {"weekday", "season", "prior crime"}


def test_leaving_a_hot_spot_out_is_the_estimate_on_the_others():
    panel = panel_of(9)
    table = leave_one_out(panel, "hot_spot").set_index("left_out")
    alone = patrol_days(panel[panel["hot_spot"] != "H2"])
    assert table.loc["H2", "ratio"] == pytest.approx(alone.estimate)
    assert table.loc["H2", "high"] == pytest.approx(alone.ci_high)


def test_ten_minutes_more_recover_the_rate_they_were_made_with():
    rng, panel = np.random.default_rng(3), panel_of(3, spots=8, days=336)
    panel["crimes"] = rng.poisson(0.8 * np.exp(-0.1 * panel["patrol_minutes"] / 10))
    found = dosage_linear(panel, covariates=())
    assert found.ci_low < np.exp(-0.1) < found.ci_high
    record, curve = dosage_spline(panel, covariates=())
    assert curve["ratio"].iloc[-1] < 0.75
    assert record.ci_low < np.exp(-0.4) < record.ci_high
    groups = dosage_categories(panel, covariates=())
    assert groups["40+"].estimate < groups["15–39"].estimate < 1
    assert groups["trend"].ci_high < 1


def test_the_spline_is_straight_beyond_its_outer_knots():
    x = np.array([0.0, 2.0, 4.0, 80.0, 90.0, 100.0])
    bent = spline_basis(x, (5.0, 30.0, 60.0))[:, 1]
    assert bent[:3] == pytest.approx(0)
    assert bent[5] - bent[4] == pytest.approx(bent[4] - bent[3])


def test_a_change_of_plan_is_found_and_splits_the_days():
    panel = panel_of(4, days=224)
    later = pd.to_datetime(panel["local_date"]) >= START + pd.Timedelta(days=112)
    panel["planned_minutes"] = np.where(later, 40.0, 15.0)
    assert planned_change(panel) == (START + pd.Timedelta(days=112), 15.0, 40.0)
    phases = dosage_phases(panel)
    assert phases["second / first"].estimate == pytest.approx(phases["second"].estimate / phases["first"].estimate)
    assert planned_change(panel.assign(planned_minutes=40.0)) is None
