"""Small counts of visits outside the operational roles: hidden, and not to be had by subtracting downloads."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from data_access import delivery, patrols, released_patrols
from data_access.costs import cost_by_provider
from domain.scope import Scope

MONTHS, SPOTS, PROVIDERS = ("2023-06", "2023-07", "2023-08"), ("HS1", "HS2", "HS3"), ("outreach", "police-overtime")
SUMMER = ("2023-06-01", "2023-08-31")


def fill(programme, counts: dict[tuple[str, str, str], int], upto: date = date(2023, 8, 31), costs=()) -> None:
    with programme() as m:
        if costs:
            m.costs(costs)
        m.pings_load(date(2023, 6, 1), upto)
        for (month, spot, provider), visits in counts.items():
            for n in range(visits):
                at = datetime.fromisoformat(f"{month}-01T10:00:00") + timedelta(days=n % 28, hours=n // 28)
                m.visit(spot, at, 20.4 + n, provider=provider)


def many(visits: int = 12) -> dict[tuple[str, str, str], int]:
    return dict.fromkeys(product(MONTHS, SPOTS, PROVIDERS), visits)


@pytest.mark.parametrize(("visits", "hidden"), [(0, False), (4, True), (5, False)])
def test_the_threshold_takes_visits_minutes_and_shares(programme, funder, manager, asked, visits, hidden):
    counts = many() | {("2023-06", "HS3", p): n for p, n in zip(PROVIDERS, (visits, 0), strict=True)}
    fill(programme, counts)
    june = asked("2023-06-01", "2023-06-30")
    table = delivery.delivery_table(funder, june, ("hot_spot",)).set_index("hot_spot")
    for column in ("visits", "patrol_minutes", "person_hours"):
        assert bool(pd.isna(table.loc["HS3", column])) is hidden
        assert bool(table.loc["HS3", f"suppressed_{column}"]) is hidden
    assert table["suppressed_visits"].sum() == (2 if hidden else 0), "one more goes, or the total would give it away"
    exact = delivery.delivery_table(manager, june, ("hot_spot",)).set_index("hot_spot")
    assert exact.loc["HS3", "visits"] == visits
    shown = ~table["suppressed_visits"]
    assert list(table.loc[shown, "visits"]) == list(exact.loc[shown, "visits"])


def test_minutes_are_whole_and_medians_not_shown(programme, funder, asked):
    fill(programme, many())
    found = patrols.patrol_table(funder, asked(*SUMMER), ("month",))
    assert (found["patrol_minutes"] % 1 == 0).all()
    assert found["median_visit_minutes"].isna().all()


def test_providers_of_one_hot_spot_are_one_row(programme, funder, asked):
    fill(programme, many() | {("2023-06", "HS3", "police-overtime"): 2})
    june = asked("2023-06-01", "2023-06-30", "HS3")
    found = delivery.delivery_table(funder, june, ("provider",))
    assert found[["provider_name", "visits"]].to_numpy().tolist() == [["All providers", 14]]
    assert patrols.patrol_table(funder, june, provider="police-overtime")["visits"].isna().all()
    crossed = patrols.patrol_table(funder, asked("2023-06-01", "2023-06-30"), ("hot_spot", "provider"))
    assert set(crossed["provider"]) == {released_patrols.ALL_PROVIDERS}


def test_a_hidden_total_is_neither_zero_nor_in_the_other_tables(programme, funder, asked):
    fill(programme, many() | {("2023-06", "HS1", p): 0 for p in PROVIDERS} | {("2023-06", "HS1", PROVIDERS[0]): 3})
    one = asked("2023-06-01", "2023-06-30", "HS1")
    total = delivery.delivery_total(funder, one)
    assert total.suppressed
    assert total.visits != total.visits
    assert delivery.overlap_table(funder, one)["suppressed"].tolist() == [True]
    assert patrols.coverage(funder, one).share is None


def test_a_rate_of_few_visits_is_not_shown(programme, funder, manager, asked):
    counts = {("2023-06", s, "outreach"): 12 for s in SPOTS} | {("2023-06", "HS1", "police-overtime"): 3}
    fill(programme, counts, date(2023, 6, 30), [("2023-06", p, "staff", "spend", 1000.0) for p in PROVIDERS])
    june = asked("2023-06-01", "2023-06-30")
    exact = cost_by_provider(manager, june).set_index("provider")
    shown = cost_by_provider(funder, june).set_index("provider")
    assert exact.loc["police-overtime", "patrol_minutes"] > 0
    assert pd.isna(shown.loc["police-overtime", "patrol_minutes"])
    assert pd.isna(shown.loc["police-overtime", "cost_per_patrol_minute_gbp"])


def test_months_are_released_once_they_are_over(programme, funder, manager, asked, monkeypatch):
    monkeypatch.setattr(released_patrols, "utc_now", lambda: datetime(2023, 8, 20))
    fill(programme, many() | {("2023-08", s, p): 6 for s in SPOTS for p in PROVIDERS}, date(2023, 8, 19))
    by_month = patrols.patrol_table(funder, asked(*SUMMER), ("month",))
    assert list(by_month["month"]) == ["2023-06", "2023-07"]
    assert any("Aug 2023 is not" in note for note in by_month.attrs["notes"])
    august = asked("2023-08-01", "2023-08-31")
    for by in ((), ("provider",), ("hot_spot",)):
        assert patrols.patrol_table(funder, august, by)["patrol_minutes"].isna().all()
    assert patrols.coverage(funder, august).share is None
    assert delivery.delivery_total(funder, asked(*SUMMER)).visits == 2 * 12 * 6
    assert patrols.patrol_table(manager, august).loc[0, "visits"] == 36
    monkeypatch.setattr(released_patrols, "utc_now", lambda: datetime(2023, 9, 1))
    assert patrols.patrol_table(funder, august).loc[0, "visits"] == 36


# --- an attacker who takes every download together ---------------------------------------------------------


def downloads(scope: Scope, asked) -> list[tuple[set[tuple[str, str, str]], float]]:
    """(which cells a figure sums, the figure or NaN) of everything the role can ask for."""
    found = []
    ends = {m: (f"{m}-01", f"{pd.Period(m).end_time.date()}") for m in MONTHS}
    spans = [(m,) for m in MONTHS] + [MONTHS]
    for span in spans:
        for spots in ((), *((s,) for s in SPOTS)):
            filters = asked(ends[span[0]][0], ends[span[-1]][1], *spots)
            for by in ((), ("hot_spot",), ("provider",)):
                for row in patrols.patrol_table(scope, filters, by).to_dict("records"):
                    months = (row["month"],) if "month" in by else span
                    places = (row["hot_spot"],) if "hot_spot" in by else spots or SPOTS
                    who = (row["provider"],) if row.get("provider") in PROVIDERS else PROVIDERS
                    found.append((set(product(months, places, who)), row["visits"]))
    return found


@pytest.mark.parametrize("seed", range(2))
def test_an_attacker_with_every_download_gets_no_small_count(programme, funder, asked, seed):
    rng = random.Random(seed)
    counts = {cell: rng.choice([0, 0, 1, 2, 3, 4, 6, 9, 15]) for cell in product(MONTHS, SPOTS, PROVIDERS)}
    fill(programme, counts)
    cells, seen = list(counts), downloads(funder, asked)
    known = [(group, value) for group, value in seen if value == value]
    lines = np.array([[float(c in group) for c in cells] for group, _ in known])
    values = [value for _, value in known]
    assert all(sum(counts[c] for c in group) == value for group, value in known), "what is shown is true"
    hidden = {frozenset(group) for group, value in seen if value != value}
    small = [group for group in hidden if 0 < sum(counts[c] for c in group) < 5]
    assert small, "there is something to hide"
    for group in small:
        cost = np.array([float(c in group) for c in cells])
        low = linprog(cost, A_eq=lines, b_eq=values, method="highs").fun
        high = -linprog(-cost, A_eq=lines, b_eq=values, method="highs").fun
        assert high - low >= 1, f"{sorted(group)} is pinned at {low}"
