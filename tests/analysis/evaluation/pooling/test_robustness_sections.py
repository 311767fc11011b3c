"""Robustness and cost-effectiveness sections: every combination counted, the registered one marked, reasons given."""

from dataclasses import replace

import pytest

from analysis.evaluation.claims import causal_words
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.pooling.economics_section import section as economics
from analysis.evaluation.pooling.section import section
from analysis.evaluation.pooling.specification import CHANCE, patrol_curve, summary_of
from analysis.evaluation.record import Refusal, ResultRecord
from tests.analysis.evaluation.pooling.made_programme import cells_of, made_inputs


@pytest.fixture(scope="module")
def made():
    return made_inputs()


@pytest.fixture(scope="module")
def found(made):
    return section(made, {})


def test_every_combination_is_there_once_and_one_is_registered(found):
    sizes = {key: len(found.tables[key]) for key in ("curve-patrol-days", "curve-before-after", "curve-comparators")}
    # 3 outcomes x 2 adjustments x 3 strata x 2 sets of days x 3 clusterings; 3 windows x 3; 3 x 3 x 3.
    assert sizes == {"curve-patrol-days": 108, "curve-before-after": 9, "curve-comparators": 27}
    assert found.tried == sum(sizes.values()) + len(found.records)
    for key in sizes:
        curve = found.tables[key]
        assert curve["registered"].sum() == 1
        assert not curve[["outcome", "adjusted", "compared", "days", "error"]].duplicated().any()


def test_the_registered_point_is_the_registered_estimate(made, found):
    curve = found.tables["curve-patrol-days"]
    marked = curve[curve["registered"]].iloc[0]
    record = patrol_days(made.days)
    assert (marked["ratio"], marked["low"], marked["high"], marked["p"]) == pytest.approx(
        (record.estimate, record.ci_low, record.ci_high, record.p)
    )
    for key, name in (("curve-before-after", "before-after"), ("curve-comparators", "comparators")):
        point = found.tables[key].query("registered").iloc[0]
        assert point["ratio"] == pytest.approx(found.records[name].estimate)


def test_another_point_is_what_its_settings_say(made, found):
    curve = found.tables["curve-patrol-days"]
    point = curve.query(
        "outcome == 'whole day, by start' and adjusted == 'weekday only' and compared == 'same hot spot only' "
        "and days == 'every day' and error == 'by week'"
    ).iloc[0]
    record = patrol_days(made.days, outcome="whole_day", covariates=(), strata="none", cluster="week")
    assert (point["ratio"], point["low"], point["high"]) == pytest.approx(
        (record.estimate, record.ci_low, record.ci_high)
    )


def test_chance_alone_is_shown_and_not_counted(found):
    curve = found.tables["curve-before-after"]
    assert (curve["error"] == CHANCE).sum() == 3
    assert summary_of(curve).made == 6


def test_sentences_claim_nothing_causal(found):
    assert causal_words(found.facts["claim"]) == []
    assert "not proof" in found.facts["claim"]


def test_tests_are_one_family(found):
    tests = found.tables["tests"]
    assert len(tests) == 4
    assert (tests["holm"] >= tests["p"]).all()


def test_all_patrol_days_and_none_are_refused_with_a_reason(made):
    for value in (True, False):
        curve = patrol_curve(made.days.assign(patrol=value))
        assert curve["ratio"].isna().all()
        assert curve["why"].str.len().min() > 10
        assert summary_of(curve) is None


def test_nothing_loaded_gives_reasons_and_no_numbers():
    empty = Inputs("X", "X", "areas", "month", reasons={"days": "These data name only the month."})
    found = section(empty, {})
    assert all(isinstance(record, Refusal) for record in found.records.values())
    assert found.facts["why-curve-patrol-days"] == "These data name only the month."
    assert "No analysis could be made" in found.facts["claim"]
    assert all(isinstance(record, Refusal) for record in economics(empty, {}).records.values())


def test_one_hot_spot_and_one_without_crime(made):
    assert isinstance(section(made_inputs(spots=1), {}).records["before-after"], ResultRecord)
    months = made.months.assign(crimes=made.months["crimes"].where(made.months["hot_spot"] != "HS2", 0))
    found = section(replace(made, months=months, cells=cells_of(months)), {})
    spots = found.tables["spots"].set_index("hot_spot")
    assert "no ratio" in spots.loc["HS2", "why"]
    assert found.records["pooled-hot-spots"].n_units == 3


def test_harm_weights_missing(made):
    bare = replace(made, scored=made.scored.iloc[0:0])
    assert isinstance(section(bare, {}).records["harm"], Refusal)
    assert isinstance(economics(bare, {}).records["harm-before-after"], Refusal)


def test_costs_of_a_large_fall_and_of_none():
    large = economics(made_inputs(rate=40, ratio=0.4), {})
    record = large.records["crime-before-after"]
    assert record.estimate > 0
    assert causal_words(large.facts["claim"]) == []
    assert "does not say that the money lay behind it" in large.facts["claim"]
    none = economics(made_inputs(rate=40, ratio=0.99, seed=3), {})
    cost = none.records["crime-before-after"]
    assert isinstance(cost, Refusal) or none.tables["costs"].loc[0, "interval"].endswith("no upper limit")
    assert "no gain at any price" in none.facts["claim"] or "nothing to divide" in none.facts["claim"]


def test_partners_alone_cost_less_than_everyone(made):
    large = made_inputs(rate=40, ratio=0.4)
    every, partners = (economics(large, {"spend": kind}) for kind in ("", "partner"))
    assert partners.facts["spend"] == 60_000
    assert partners.records["crime-before-after"].estimate == pytest.approx(
        0.6 * every.records["crime-before-after"].estimate
    )
    bare = economics(replace(made, spend=made.spend.iloc[0:0]), {})
    assert "spend" in bare.records["crime-before-after"].reason.lower()
