"""The files themselves: the same bytes for the same seed, in the formats that the portal reads."""

import gzip
import hashlib
import json
import re
from itertools import combinations

import pandas as pd
import pytest

from demo.crimes import crime_rows
from demo.generate import write_extracts
from demo.places import METRES_PER_DEGREE_LON, polygons
from demo.schedule import make_schedule, patrolled_days
from domain.measures import BY_CODE

ORDER = [
    "programme", "hot-spots", "weights", "crimes", "pings", "plan", "costs", "engagements", "comparators",
    "conditions", "case-studies",
]  # fmt: skip


def digests(extracts):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for _, path, _ in extracts}


def test_same_seed_writes_the_same_bytes(extracts, tmp_path):
    said = []
    assert digests(write_extracts(tmp_path, progress=said.append)) == digests(extracts)
    assert len(said) >= 4  # a reader sees that something is going on


def test_another_seed_writes_other_crimes():
    one, other = (crime_rows(s, patrolled_days(make_schedule(s))) for s in (1, 2))
    assert one != other


def test_files_come_in_load_order_each_of_a_known_kind(extracts):
    kinds = [kind for kind, _, _ in extracts]
    assert list(dict.fromkeys(kinds)) == ORDER
    assert kinds == sorted(kinds, key=ORDER.index)
    assert kinds.count("pings") == 48  # three providers, sixteen months


def test_hot_spots_are_seven_valid_outlines_apart_from_each_other(paths):
    features = json.loads(paths["hot-spots"][0].read_text())["features"]
    assert [f["properties"]["code"] for f in features] == [f"HS{n}" for n in range(1, 8)]
    found = polygons()
    assert all(p.is_valid for p in found)
    assert all(a.distance(b) * METRES_PER_DEGREE_LON > 25 for a, b in combinations(found, 2))
    for p in found:
        west, south, east, north = p.bounds
        assert -1.145 < west < east < -1.120
        assert 52.628 < south < north < 52.642
        assert 100 < (east - west) * METRES_PER_DEGREE_LON < 250


def test_pings_have_gaps_repeats_and_lost_positions(paths):
    found = pd.concat([pd.read_csv(p) for p in paths["pings"]])
    assert 500_000 < len(found) < 1_300_000
    assert 50 < found.duplicated(["device", "time"]).sum() < 500
    assert 5 < found["longitude"].isna().sum() < 100
    one = found[(found["device"] == "OUT-01")].dropna().drop_duplicates("time").sort_values("time")
    step = pd.to_datetime(one["time"], format="ISO8601").diff().dt.total_seconds()
    step = step[step < 3 * 3600]
    assert step.median() == 30
    assert (step > 300).sum() > 50


def test_ping_files_hold_one_provider_and_one_local_month(paths):
    for path in paths["pings"]:
        provider, month = re.match(r"pings_([a-z-]+)_(\d{4}-\d{2})\.csv\.gz", path.name).groups()
        with gzip.open(path, "rt") as handle:
            frame = pd.read_csv(handle)
        when = pd.to_datetime(frame["time"], utc=True, format="ISO8601").dt.tz_convert("Europe/London")
        assert set(frame["provider"]) == {provider}
        assert set(when.dt.strftime("%Y-%m")) == {month}


def test_plan_names_each_visit_once_and_a_reason_for_each_abstraction(plan):
    assert not plan.duplicated(["date", "hot_spot", "provider", "planned_start"]).any()
    assert (plan["abstraction_reason"].notna() == (plan["abstracted_minutes"] > 0)).all()
    assert (plan["abstracted_minutes"] <= plan["planned_minutes"]).all()
    assert {"arrest", "emergency call", "court", "sickness", "public order event"} <= set(plan["abstraction_reason"])
    assert plan["self_reported_minutes"].notna().any()
    assert (plan["extended_minutes"] > 0).any()


def test_self_reported_minutes_stand_only_where_no_tracker_worked(plan, visit_table):
    seen = set(
        visit_table.loc[visit_table["counts"], ["provider", "hot_spot", "day"]].itertuples(index=False, name=None)
    )
    reported = plan[plan["self_reported_minutes"].notna()]
    both = [row for row in reported[["provider", "hot_spot", "day"]].itertuples(index=False, name=None) if row in seen]
    assert not both


def test_engagements_use_every_measure_and_parts_never_exceed_wholes(paths):
    found = pd.read_csv(paths["engagements"][0])
    assert set(found["measure"]) == set(BY_CODE)
    total = found.groupby("measure")["count"].sum()
    met = total["engagement_brief"] + total["engagement_in_depth"]
    assert total["engagement_positive"] <= met
    assert total["people_engaged"] <= met
    assert total["referral_accepted"] <= total["referral_offered"]
    assert total["stop_and_search_positive"] <= total["stop_and_search"]


def test_comparators_cannot_be_taken_for_real_places_and_vary(paths):
    found = pd.read_csv(paths["comparators"][0])
    assert found["place"].str.startswith("Demonstration ").all()
    found = found[found["role"] == "comparator"]
    year = found["month"].str[:4]
    yearly = found[year.isin(["2022", "2023"])].groupby(["place", year])["crimes"].sum().unstack()
    change = yearly["2023"] / yearly["2022"] - 1
    assert len(change) == 8
    assert 0.03 < change.std() < 0.25


def test_thirty_places_could_have_been_chosen_and_the_seven_are_among_the_busier(paths, crimes):
    found = pd.read_csv(paths["comparators"][0]).query("role == 'candidate'")
    chosen = crimes[crimes["is_crime"] & crimes["hot_spot"].notna()]
    chosen = chosen[chosen["occurred_from"] < "2022-10-01"].groupby("hot_spot").size()
    others = found[found["month"] < "2022-10"].groupby("place")["crimes"].sum()
    assert len(others) + len(chosen) == 30
    assert chosen.median() > others.quantile(0.95)
    outside = crimes["is_crime"] & crimes["hot_spot"].isna() & crimes["longitude"].notna()
    assert 0.2 * outside.sum() < found["crimes"].sum() < outside.sum()


def test_weather_and_events_are_those_of_an_english_city(paths):
    found = pd.read_csv(paths["conditions"][0], parse_dates=["date"])
    assert found["date"].is_unique
    assert 0.03 < found["event"].mean() < 0.1
    assert 0.3 < (found["rain_mm"] > 0).mean() < 0.6
    by_season = found.groupby(found["date"].dt.month)["temperature_c"].mean()
    assert by_season[7] - by_season[1] > 8


@pytest.mark.parametrize("number", [0, 1, 2])
def test_case_studies_name_no_person_date_age_or_place(paths, number):
    study = json.loads(paths["case-studies"][0].read_text())["case_studies"][number]
    assert set(study) == {"reference", "theme", "title", "situation", "action", "outcome", "author"}
    parts = [study[k] for k in ("title", "situation", "action", "outcome")]
    text = " ".join(parts)
    assert not re.search(r"\d", text)
    # Capitals only where a sentence begins: no name of a person, place, day, month or nationality.
    for sentence in (s for part in parts for s in re.split(r"(?<=\.)\s", part)):
        assert sentence[1:] == sentence[1:].lower()
    assert not re.search(r"\b(he|she|his|her|man|woman|boy|girl|aged|homeless)\b", text.lower())
