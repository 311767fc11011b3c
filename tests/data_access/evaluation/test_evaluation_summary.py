"""The evaluation's panels against rows whose every number is known, and what each role may see."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from sqlalchemy import func, select

from analysis.evaluation.before_after.ratio import YEARS_USED
from analysis.evaluation.patrol_days.model import DayCounts
from analysis.evaluation.record import Refusal, ResultRecord
from data_access import schema
from data_access.crimes import crime_table
from data_access.engine import get_engine, writing
from data_access.evaluation import inputs as held
from data_access.evaluation import summary as evaluation
from data_access.evaluation.released import without_small_counts
from data_access.evaluation.sections import section
from data_access.evaluation.windows import service_window
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Role
from domain.scope import OutOfScope, scope_for

BEFORE, DURING = Period(date(2022, 2, 1), date(2022, 12, 31)), Period(date(2023, 2, 1), date(2023, 12, 31))


@pytest.fixture
def read_again():
    """For tests that change rows behind the loads' backs: inputs are kept until a load or a setting changes."""
    held.inputs_of.cache_clear()
    yield held.inputs_of.cache_clear
    held.inputs_of.cache_clear()


def recorded(period):
    c = schema.crime.c
    with get_engine().connect() as conn:
        return conn.execute(
            select(func.count(), func.sum(c.harm_days))
            .join(schema.programme, schema.programme.c.id == c.programme_id)
            .where(schema.programme.c.code == "TEST", c.area_id.is_not(None), c.is_crime)
            .where(c.local_date.between(period.start, period.end))
        ).one()


def test_windows_count_crimes_inside_the_hot_spots_and_no_incidents(server):
    found = evaluation.before_after(server, "TEST")
    assert (found.before.crimes, found.before.harm_days) == tuple(recorded(BEFORE))
    assert (found.during.crimes, found.during.harm_days) == tuple(recorded(DURING))
    assert found.during.exposure_days == 3 * DURING.days
    assert found.default.n_events == found.before.crimes + found.during.crimes


def test_the_estimate_finds_the_fall_that_was_put_in(server):
    found = evaluation.before_after(server, "TEST")
    assert found.default.ci_low < 0.16 / 0.28 < found.default.ci_high
    assert found.exact.estimate == pytest.approx(
        (found.during.crimes / found.during.exposure_days) / (found.before.crimes / found.before.exposure_days)
    )


def test_earlier_years_reach_back_as_far_as_whole_windows_are_loaded(server):
    found = evaluation.before_after(server, "TEST")
    assert [period.start.year for period, _ in found.earlier_years] == [2019, 2020, 2021, 2022]
    assert found.earlier_years[-1] == (BEFORE, found.before.crimes)
    assert found.default.check(YEARS_USED).passed is True


def test_harm_multiplies_out_to_the_totals_of_the_crime_table(server):
    split = evaluation.harm_split(server, "TEST")
    total = crime_table(server, Filters("TEST", DURING), ())["harm_days"].iloc[0]
    assert split.harm_during == pytest.approx(total)
    assert split.total.estimate == pytest.approx(split.count.estimate * split.severity.estimate, rel=1e-12)
    assert split.total.se > split.count.se


def test_a_patrol_day_is_a_visit_begun_before_the_service_window_closed(server):
    found = evaluation.patrol_days(server, "TEST")
    days = DURING.days * 3
    # Days not patrolled by the rota stay so: a visit at 21:00 and one of a minute do not count.
    assert found.counts.patrol_days + found.counts.other_days == days
    assert found.counts.patrol_days == days - found.counts.other_days
    assert abs(found.counts.other_days - days / 3) <= 3
    assert isinstance(found.record, ResultRecord)
    assert found.record.maryland_level == 3


def test_patrol_days_count_crimes_inside_the_service_window_only(server):
    found = evaluation.patrol_days(server, "TEST")
    frame = crime_table(server, Filters("TEST", DURING), ("local_date",), minutes_of_day=(14 * 60, 20 * 60))
    assert found.counts.patrol_events + found.counts.other_events == frame["crimes"].sum()
    assert frame["crimes"].sum() < recorded(DURING)[0] / 2


def test_days_without_tracker_files_are_unknown_not_unpatrolled(server, read_again):
    with writing().begin() as conn:
        conn.execute(schema.load.update().where(schema.load.c.kind == "pings").values(period_from=date(2023, 6, 1)))
    try:
        read_again()
        found = evaluation.patrol_days(server, "TEST")
        assert found.days_without_tracker_data == (date(2023, 6, 1) - DURING.start).days
        assert found.counts.patrol_days + found.counts.other_days == 3 * Period(date(2023, 6, 1), DURING.end).days
    finally:
        with writing().begin() as conn:
            conn.execute(schema.load.update().where(schema.load.c.kind == "pings").values(period_from=date(2023, 2, 1)))


def test_month_only_data_give_a_reason_instead_of_day_level_results(server):
    found = evaluation.patrol_days(server, "MONTHS")
    assert isinstance(found.record, Refusal)
    assert "name only the month" in found.record.reason
    assert isinstance(evaluation.before_after(server, "MONTHS").default, ResultRecord)
    assert "harm weight" in evaluation.harm_split(server, "MONTHS").reason


def test_a_programme_without_windows_says_what_to_add(server):
    found = evaluation.evaluation_summary(server, "BARE")
    assert "[evaluation]" in found.before_after.reason
    assert all(isinstance(record, Refusal) for record in found.records().values())
    assert "[evaluation]" in found.claim.sentence


def test_a_window_with_months_not_loaded_is_refused(server):
    with writing().begin() as conn:
        row = conn.execute(select(schema.programme).where(schema.programme.c.code == "MONTHS")).one()
        later = {
            **row.config,
            "evaluation": {
                **row.config["evaluation"],
                "during": {"from": "2023-11-01", "to": "2024-02-29", "label": ""},
            },
        }
        conn.execute(schema.programme.update().where(schema.programme.c.code == "MONTHS").values(config=later))
    try:
        assert "Jan 2024 and Feb 2024" in evaluation.before_after(server, "MONTHS").reason
    finally:
        with writing().begin() as conn:
            conn.execute(schema.programme.update().where(schema.programme.c.code == "MONTHS").values(config=row.config))


def test_overlap_with_the_live_service_is_counted(server):
    found = evaluation.baseline_overlap(server, "TEST")
    assert found.days == (date(2022, 12, 31) - date(2022, 10, 1)).days + 1


def test_comparison_places_are_ranked_with_our_own(server):
    found = evaluation.comparators_change(server, "TEST")
    assert found.places[0].place == "Test city centre"
    assert {place.ratio for place in found.places[1:]} == {1.0}


def test_only_those_who_may_see_evaluation_get_it(server, administrator, funder):
    for function in (evaluation.evaluation_summary, evaluation.before_after, evaluation.harm_split, evaluation.patrol_days,
                     evaluation.baseline_overlap, evaluation.comparators_change):  # fmt: skip
        with pytest.raises(OutOfScope):
            function(administrator, "TEST")
        with pytest.raises(OutOfScope):
            function(scope_for("f@example.org", Role.FUNDER, frozenset({"OTHER"})), "TEST")
    assert (
        evaluation.evaluation_summary(funder, "TEST").before_after.default
        == evaluation.before_after(server, "TEST").default
    )


@pytest.mark.parametrize(("small", "shown"), [(0, True), (1, False), (4, False), (5, True)])
def test_small_patrol_day_counts_are_withheld_at_the_threshold(server, small, shown):
    found = evaluation.patrol_days(server, "TEST")
    changed = evaluation.days_without_small_counts(replace(found, counts=DayCounts(100, 60.0, 50, float(small))))
    assert (changed.counts is not None) is shown


def test_the_summary_is_remade_when_the_data_change(server):
    first = evaluation.evaluation_summary(server, "TEST")
    assert evaluation.evaluation_summary(server, "TEST") is first
    with writing().begin() as conn:
        conn.execute(schema.load.update().where(schema.load.c.kind == "pings").values(sha256="0" * 64))
    assert evaluation.evaluation_summary(server, "TEST") is not first


def test_every_record_of_the_summary_is_strict_json(server):
    found = evaluation.evaluation_summary(server, "TEST").records().values()
    made = [record for record in found if isinstance(record, ResultRecord)]
    assert len(made) >= 6
    for record in made:
        assert ResultRecord.from_dict(record.as_dict()) == record


def test_service_window_prefers_the_partner(server):
    programme = evaluation.get_programme(server, "TEST")
    assert [t.hour for t in service_window(programme)] == [14, 20]
    assert service_window(replace(programme, providers=programme.providers[1:])) is None


def test_the_panel_has_one_row_a_hot_spot_and_day(server):
    panel = held.evaluation_inputs(server, "TEST").days
    assert not panel.duplicated(["hot_spot", "local_date"]).any()
    assert len(panel) == 3 * DURING.days
    week = crime_table(server, Filters("TEST", Period(date(2023, 3, 1), date(2023, 3, 7))), ("hot_spot",)).set_index(
        "hot_spot"
    )
    row = panel[(panel["hot_spot"] == "HS2") & (panel["local_date"] == date(2023, 3, 8))].iloc[0]
    assert row["previous_7_days"] == week.loc["HS2", "crimes"]
    assert pd.api.types.is_bool_dtype(panel["patrol"])


@pytest.mark.parametrize("code", ["TEST", "MONTHS", "BARE"])
def test_the_summary_holds_the_records_of_the_reviewers_pages(server, code):
    found = evaluation.evaluation_summary(server, code).records()
    pages = {
        "before_after": section(server, code, "before-after").records["default"],
        "exact": section(server, code, "before-after").records["exact-conditional"],
        "against_comparators": section(server, code, "comparators").records["did"],
        "patrol_days": section(server, code, "patrol-days").records["default"],
        **{f"harm_{k}": section(server, code, "harm").records[k] for k in ("total", "count", "severity")},
    }
    for key, record in pages.items():
        assert isinstance(record, Refusal) is isinstance(found[key], Refusal), key
        if isinstance(record, ResultRecord):
            assert record == found[key], key


@pytest.mark.parametrize("code", ["TEST", "MONTHS"])
def test_one_estimate_whichever_page_asks(server, code):
    at = {
        name: section(server, code, name).records
        for name in ("before-after", "comparators", "patrol-days", "robustness")
    }
    assert at["robustness"]["before-after"] == at["before-after"]["default"]
    assert at["robustness"]["comparators"] == at["comparators"]["did"]
    for one, other in ((at["robustness"]["patrol-days"], at["patrol-days"]["default"]),):
        assert isinstance(one, Refusal) or (one.estimate, one.ci_low, one.p) == (other.estimate, other.ci_low, other.p)


def test_a_funder_is_given_nothing_made_of_few_crimes_around_the_hot_spots(server):
    found = replace(evaluation.evaluation_summary(server, "TEST"), ring_crimes=(40.0, 3.0))
    released = without_small_counts(found)
    assert isinstance(released.displacement, Refusal)
    assert "not shown to your role" in released.displacement_claim.sentence
