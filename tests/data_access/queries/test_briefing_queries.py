"""What a sergeant is told: planned and delivered, short visits and why, when crime gathers, where minutes fell."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from data_access import briefing, delivery, ping_store, schema
from data_access.briefing import NoBriefing, Reason
from domain.filters import Filters
from domain.periods import Period
from domain.scope import OutOfScope
from tests.briefings import MONDAY, OTHER, SUNDAY, TEAM, at, gathering, not_credited, planned, positions, tracked, week
from tests.factories import PROGRAMME

WEEK = Period(MONDAY, SUNDAY)


def built(scope, name: str = TEAM, period: Period = WEEK) -> briefing.Briefing:
    return briefing.build(scope, "TEST", briefing.find_team(briefing.teams(scope, "TEST"), name), period)


def reasons(found: briefing.Briefing) -> dict[tuple[int, str], tuple[Reason, float]]:
    return {((s.day - MONDAY).days, s.hot_spot): (s.reason, round(s.explained_minutes, 1)) for s in found.short}


# --- planned and delivered -------------------------------------------------------------------------------------


def test_a_teams_figures_are_those_of_the_patrols_page(programme, manager) -> None:
    with programme() as m:
        week(m)
    found = built(manager)
    table = delivery.delivery_table(manager, Filters("TEST", WEEK), ("hot_spot",)).set_index("hot_spot")
    assert [line.hot_spot for line in found.lines] == ["HS1", "HS2", "HS3"]
    for line in found.lines:
        row = table.loc[line.hot_spot]
        for name in (
            "planned_minutes",
            "abstracted_minutes",
            "patrol_minutes",
            "person_minutes",
            "passed_through_minutes",
        ):
            assert getattr(line, name) == pytest.approx(row[name]), name
        for name in ("planned_visits", "visits", "visits_with_dose", "visits_at_dose"):
            assert getattr(line, name) == row[name], name
    assert found.total.planned_minutes == 320
    assert found.total.patrol_minutes == pytest.approx(41 + 15 + 30 + 20 + 4 + 10 + 41)
    assert (found.total.visits, found.total.visits_at_dose) == (7, 2)


def test_another_team_of_the_provider_keeps_its_own_visits_and_its_own_plan(programme, manager) -> None:
    with programme() as m:
        week(m)
        m.visit("HS3", at(0, 16), 40.0, team=OTHER)
        m.visit("HS1", at(8, 16), 40.0, team=OTHER)
        m.plan([planned("HS3", 0, 16), planned("HS1", 8, 16)])
        for day in (0, 8):
            tracked(m, day, OTHER)
        tracked(m, 4)
    mine, theirs = built(manager), built(manager, OTHER)
    assert mine.total.planned_minutes == 320
    assert theirs.total.planned_minutes == 40, "the visit it made; Pair A's are not its own"
    assert theirs.total.patrol_minutes == pytest.approx(40)
    assert theirs.short == ()


def test_a_missed_visit_on_a_day_with_two_teams_is_nobodys_and_is_said(programme, manager) -> None:
    with programme() as m:
        week(m)
        tracked(m, 0, OTHER)
        tracked(m, 4)
        m.plan([planned("HS3", 0, 19)])
    found = built(manager)
    assert not any(s.hot_spot == "HS3" for s in found.short)
    assert any("1 planned visit (40 minutes) that nobody made" in note for note in found.notes)
    assert any("and is left out here" in note for note in found.notes)
    assert found.shared_planned == 1


def test_a_lost_shift_belongs_to_the_team_of_its_week(programme, manager) -> None:
    with programme() as m:
        week(m)
        m.visit("HS1", at(-6, 15), 40.0, team=OTHER)
        tracked(m, -6, OTHER)
    assert built(manager).total.planned_visits == 8, "Friday had no tracker at all, and only Pair A worked that week"


def test_without_a_plan_nothing_is_called_planned(programme, manager) -> None:
    with programme() as m:
        m.pings_load(MONDAY, SUNDAY)
        m.visit("HS1", at(0, 15), 20.0, team=TEAM)
    found = built(manager)
    assert found.total.planned_minutes is None
    assert found.short == ()
    assert any("No patrol plan is loaded" in note for note in found.notes)


def test_days_without_a_tracker_file_are_not_called_missed(programme, manager) -> None:
    with programme() as m:
        m.pings_load(MONDAY, MONDAY + timedelta(days=2))
        m.visit("HS1", at(0, 15), 40.0, team=TEAM)
        m.plan([planned("HS1", 0, 15), planned("HS1", 5, 15)], period=(MONDAY, SUNDAY))
    found = built(manager)
    assert found.total.planned_visits == 1
    assert any("No tracker file covers 4 days" in note for note in found.notes)


# --- short visits and why --------------------------------------------------------------------------------------


def test_each_short_visit_has_its_most_likely_reason(programme, manager) -> None:
    with programme() as m:
        week(m)
    assert reasons(built(manager)) == {
        (0, "HS2"): (Reason.SILENCE, 20.0),
        (1, "HS2"): (Reason.PASSED, 0.0),
        (2, "HS1"): (Reason.ABSTRACTED, 20.0),
        (3, "HS1"): (Reason.BOUNDARY, 25.0),
        (4, "HS2"): (Reason.NO_TRACKER, 0.0),
    }
    tuesday = [s for s in built(manager).short if s.day == MONDAY + timedelta(days=1)]
    assert [(s.patrol_minutes, s.reason) for s in tuesday] == [(30.0, Reason.NONE), (0.0, Reason.PASSED)]


def test_minutes_near_the_boundary_are_shared_over_the_days_short_visits(programme, manager) -> None:
    with programme() as m:
        m.pings_load(MONDAY, SUNDAY)
        for hour in (15, 18):
            m.visit("HS1", at(0, hour), 20.0, team=TEAM)
        m.plan([planned("HS1", 0, 15), planned("HS1", 0, 18)], period=(MONDAY, SUNDAY))
        not_credited(m, "HS1", 0, near=19.0)
    found = built(manager)
    assert [(s.reason, s.explained_minutes, s.near) for s in found.short] == [(Reason.NONE, 9.5, Reason.BOUNDARY)] * 2


@pytest.mark.parametrize(("near", "reason"), [(9.9, Reason.NONE), (10.0, Reason.BOUNDARY)])
def test_a_reason_is_named_from_half_of_the_missing_minutes_on(programme, manager, near, reason) -> None:
    with programme() as m:
        m.pings_load(MONDAY, SUNDAY)
        m.visit("HS1", at(0, 15), 20.0, team=TEAM)
        m.plan([planned("HS1", 0, 15)], period=(MONDAY, SUNDAY))
        not_credited(m, "HS1", 0, near=near)
    assert [s.reason for s in built(manager).short] == [reason]


def with_shift(start: str, end: str) -> dict[str, object]:
    outreach = {
        **PROGRAMME["providers"][0],
        "shift_from": start,
        "shift_to": end,
    }
    return {"providers": [outreach, *PROGRAMME["providers"][1:]]}


@pytest.mark.parametrize(
    ("hour", "minute", "left", "reason", "minutes"),
    [
        (19, 40, 20.0, Reason.SHIFT_END, 20.0),
        (19, 30, 20.0, Reason.SHIFT_END, 10.0),  # half of the missing twenty
        (19, 29, 20.0, Reason.NONE, 9.0),
        (15, 0, 20.0, Reason.NONE, 0.0),
    ],
)
def test_a_dose_that_the_shift_had_no_time_for_is_the_shifts_end(
    programme, manager, hour, minute, left, reason, minutes
) -> None:
    with programme(**with_shift("14:00", "20:00")) as m:
        m.pings_load(MONDAY, SUNDAY)
        m.visit("HS1", at(0, hour, minute), left, team=TEAM)
        m.plan([planned("HS1", 0, hour, minute)], period=(MONDAY, SUNDAY))
        not_credited(m, "HS1", 0)
    found = built(manager).short
    assert [(s.reason, s.explained_minutes) for s in found] == [(reason, minutes)]


def test_the_end_of_a_shift_after_midnight(programme, manager) -> None:
    with programme(**with_shift("20:00", "01:00")) as m:
        m.pings_load(MONDAY, SUNDAY)
        for day, hour, minute in ((0, 23, 30), (2, 0, 40), (3, 12, 0)):
            m.visit("HS1", at(day, hour, minute), 20.0, team=TEAM)
            not_credited(m, "HS1", day)
        rows = [planned("HS1", 0, 23, 30), planned("HS1", 2, 0, 40), planned("HS1", 3, 12)]
        m.plan(rows, period=(MONDAY, SUNDAY))
    found = built(manager).short
    assert [(s.day.day, s.reason) for s in found] == [(2, Reason.NONE), (4, Reason.SHIFT_END), (5, Reason.NONE)]


def test_walking_through_is_not_a_short_planned_visit(programme, manager) -> None:
    with programme() as m:
        week(m)
    found = built(manager)
    assert (found.unplanned_short, found.unplanned_short_minutes) == (1, 4.0)
    assert all(s.patrol_minutes != 4.0 for s in found.short)
    short_with_visit = sum(s.came is not None for s in found.short)
    total = found.total
    assert total.visits_with_dose - total.visits_at_dose == short_with_visit + found.unplanned_short


def test_where_near_and_silent_minutes_are_not_held_it_is_said(programme, manager) -> None:
    with programme() as m:
        week(m)
        m.conn.execute(schema.dose_day.delete())
    assert any("those two reasons could not be looked for" in note for note in built(manager).notes)


# --- best times --------------------------------------------------------------------------------------------------


def test_the_window_of_crime_and_the_share_of_patrols_in_it(programme, manager) -> None:
    with programme() as m:
        week(m)
        gathering(m, "HS1", 40, day=2, hour=15)
        gathering(m, "HS2", 4)
    times = {t.hot_spot: t for t in built(manager).times}
    window = times["HS1"].window
    assert window is not None
    assert window.clear
    assert window.mask()[2, 15]
    assert (times["HS1"].crimes, window.crimes) == (40, 40)
    assert times["HS1"].patrol_minutes == pytest.approx(112)
    assert times["HS1"].patrol_minutes_in_window == pytest.approx(20), "Wednesday's 15:00 visit alone"
    assert times["HS2"].window is None, "four crimes name no time"
    assert times["HS3"].crimes == 0


def test_month_only_crime_gives_no_best_times_and_says_so(programme, manager) -> None:
    with programme(resolution="month") as m:
        week(m)
        m.crimes([{"month": "2023-09", "spot": "HS1"}])
    found = built(manager)
    assert found.times == ()
    assert "name only the month" in found.no_times


# --- where minutes fell -------------------------------------------------------------------------------------------


@pytest.fixture
def with_positions(programme, engine):
    """HS1: three visits of 40 minutes with positions; HS2: two."""
    with programme() as m:
        load = m.pings_load(MONDAY, SUNDAY)
        for day in (0, 1, 2):
            m.visit("HS1", at(day, 15), 40.0, team=TEAM, persons=1)
        for day in (0, 1):
            m.visit("HS2", at(day, 17), 40.0, team=TEAM, persons=1)
        made = m
    positions(engine, made.programme_id, load, [(at(day, 15), 40.0) for day in (0, 1, 2)])
    positions(engine, made.programme_id, load, [(at(3, 15), 40.0)], team=OTHER)
    return made


def test_the_map_holds_the_teams_minutes_and_no_one_elses(with_positions, manager) -> None:
    heats = {h.hot_spot: h for h in built(manager).heats}
    heat = heats["HS1"].heat
    assert heat is not None
    assert heat.total_minutes == pytest.approx(120.0)
    assert (heat.minutes > 0).sum() == 1


def test_fewer_than_three_visits_give_no_map(with_positions, manager) -> None:
    heats = {h.hot_spot: h for h in built(manager).heats}
    assert (heats["HS2"].heat, heats["HS2"].why_not) == (None, "fewer than 3 visits")
    assert (heats["HS3"].heat, heats["HS3"].why_not) == (None, "no visits")


def test_expired_positions_are_said_instead_of_a_map(with_positions, manager, engine) -> None:
    with engine.begin() as conn:
        conn.execute(update(schema.ping_part).values(expired_at=at(30, 0)))
    found = built(manager)
    assert {h.why_not for h in found.heats} >= {"positions have expired"}
    assert all(h.heat is None for h in found.heats)
    assert any("have expired under the retention rule" in note for note in found.notes)


def test_a_lost_file_of_positions_is_said_and_does_not_take_the_briefing_down(with_positions, manager, engine) -> None:
    with engine.connect() as conn:
        path = ping_store.root_of(conn) / conn.execute(select(schema.ping_part.c.path)).scalars().first()
    path.unlink()
    found = built(manager)
    assert {h.why_not for h in found.heats} >= {"positions cannot be read"}
    assert any("load that file again" in note for note in found.notes)
    assert found.total.patrol_minutes == pytest.approx(200)


# --- which team, which period -----------------------------------------------------------------------------------


def test_the_default_is_the_last_whole_week_with_data(programme, manager) -> None:
    with programme() as m:
        m.pings_load(MONDAY - timedelta(days=14), MONDAY + timedelta(days=9))
        for day in (-7, 1, 8):
            m.visit("HS1", at(day, 15), 40.0, team=TEAM)
    team = briefing.teams(manager, "TEST")[0]
    assert briefing.default_period(manager, "TEST", team) == WEEK, "the week begun on the 9th is not whole"


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (Period(date(2090, 1, 1), date(2090, 1, 7)), "lies in the future"),
        (Period(date(2022, 1, 1), date(2023, 10, 8)), "at most a year"),
        (Period(date(2023, 7, 3), date(2023, 7, 9)), "No tracker data of Pair A are held for 3 to 9 Jul 2023"),
    ],
)
def test_a_period_that_cannot_be_briefed_on_is_refused_in_plain_words(programme, manager, period, said) -> None:
    with programme() as m:
        week(m)
    with pytest.raises(NoBriefing, match=said):
        built(manager, period=period)


def test_a_week_lost_altogether_says_what_the_plan_says(programme, manager) -> None:
    with programme() as m:
        week(m)
        m.plan([planned("HS1", 8, 15, abstracted_minutes=40.0, abstraction_reason="sickness")])
    later = Period(MONDAY + timedelta(days=7), SUNDAY + timedelta(days=7))
    with pytest.raises(NoBriefing, match="1 visits in that time, with 40 of 40 planned minutes recorded as abstracted"):
        built(manager, period=later)


def test_an_unknown_team_is_told_the_teams_there_are(programme, manager) -> None:
    with programme() as m:
        week(m)
    with pytest.raises(NoBriefing, match=r"No team is called “Nobody”\. Teams with tracker data: “Pair A”"):
        built(manager, "Nobody")


def test_a_name_that_two_providers_use_needs_its_provider(programme, manager) -> None:
    with programme() as m:
        week(m)
        m.visit("HS1", at(0, 20), 15.0, team=TEAM, provider="police-overtime")
    with pytest.raises(NoBriefing, match="“outreach/Pair A” and “police-overtime/Pair A”"):
        built(manager, TEAM)
    assert built(manager, f"police-overtime/{TEAM}").total.visits == 1


def test_without_trackers_there_is_no_team(programme, manager) -> None:
    with programme():
        pass
    with pytest.raises(NoBriefing, match="Load tracker files first"):
        built(manager, TEAM)


def test_funders_and_other_programmes_get_nothing(programme, funder, stranger, manager) -> None:
    with programme() as m:
        week(m)
    team = briefing.teams(manager, "TEST")[0]
    for scope in (funder, stranger):
        for ask in (
            lambda s=scope: briefing.teams(s, "TEST"),
            lambda s=scope: briefing.build(s, "TEST", team, WEEK),
            lambda s=scope: briefing.default_period(s, "TEST", team),
        ):
            with pytest.raises(OutOfScope):
                ask()
