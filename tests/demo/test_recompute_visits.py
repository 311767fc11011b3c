"""Visits in the database after loads in any order equal those of all pings at once."""

import json

import pandas as pd
import pytest
from sqlalchemy import func, insert, select

from analysis.dosage.rules import Rules
from data_access.dosage import recompute_visits, rules_as_json
from data_access.engine import make_engine, writing
from data_access.loading import load_file
from data_access.schema import dosage_rules, dose_day, metadata, programme, tracker_day, visit
from demo.programme import CODE
from tests.factories import NOW


@pytest.fixture
def engine(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'portal.sqlite3'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def load(engine, kind, path, code=CODE):
    return load_file(engine, kind, path, programme_code=code, actor="test")


@pytest.fixture
def ready(engine, paths):
    load(engine, "programme", paths["programme"][0], None)
    load(engine, "hot-spots", paths["hot-spots"][0])
    return engine


def overtime(paths, month):
    return next(p for p in paths["pings"] if p.name == f"pings_police-overtime_{month}.csv.gz")


def stored(engine):
    with engine.connect() as conn:
        rows = conn.execute(select(visit).order_by(visit.c.entered_at, visit.c.area_id)).mappings().all()
    return pd.DataFrame(rows)


def expected(visit_table, first, last):
    months = visit_table["day"].map(lambda d: f"{d:%Y-%m}")
    return visit_table[(visit_table["provider"] == "police-overtime") & months.between(first, last)]


@pytest.mark.parametrize("order", [("2022-12", "2023-01"), ("2023-01", "2022-12")])
def test_months_loaded_one_by_one_equal_the_whole(ready, paths, visit_table, order):
    # The overtime shift of New Year's Eve runs from one file into the next.
    for month in order:
        load(ready, "pings", overtime(paths, month))
    found, whole = stored(ready), expected(visit_table, "2022-12", "2023-01")
    assert len(found) == len(whole) > 50
    assert found["patrol_minutes"].sum() == pytest.approx(whole["patrol_minutes"].sum(), abs=1e-9)
    assert found["person_minutes"].sum() == pytest.approx(whole["person_minutes"].sum(), abs=1e-9)
    assert found["counts_as_visit"].sum() == whole["counts"].sum()
    by_day = found.groupby("local_date")["patrol_minutes"].sum()
    assert by_day.to_dict() == pytest.approx(whole.groupby("day")["patrol_minutes"].sum().to_dict())


def test_entry_is_local_and_never_before_its_day(ready, paths):
    load(ready, "pings", overtime(paths, "2023-06"))
    found = stored(ready)
    local = pd.to_datetime(found["entered_at"]).dt.tz_localize("UTC").dt.tz_convert("Europe/London")
    assert (local.dt.date == found["local_date"]).all()
    assert (local.dt.hour * 60 + local.dt.minute == found["local_minute"]).all()


def test_tracker_days_say_what_each_device_did(ready, paths):
    load(ready, "pings", overtime(paths, "2023-06"))
    with ready.connect() as conn:
        days = pd.DataFrame(conn.execute(select(tracker_day)).mappings().all())
        seen = conn.execute(select(func.sum(dose_day.c.plain_person_minutes))).scalar()
    assert set(days["device"]) == {"PO-01", "PO-02"}
    assert days["inside_minutes"].sum() == pytest.approx(seen)
    assert (days["tracked_minutes"] + days["gap_minutes"]).max() < 5 * 60 + 1
    assert days["median_interval_s"].median() == 60


def test_hot_spots_loaded_after_the_pings_give_the_same_visits(engine, paths, visit_table):
    load(engine, "programme", paths["programme"][0], None)
    load(engine, "pings", overtime(paths, "2023-06"))
    assert stored(engine).empty
    load(engine, "hot-spots", paths["hot-spots"][0])
    whole = expected(visit_table, "2023-06", "2023-06")
    assert stored(engine)["patrol_minutes"].sum() == pytest.approx(whole["patrol_minutes"].sum())


def test_time_before_a_hot_spot_was_active_is_not_counted(engine, paths, visit_table, tmp_path):
    document = json.loads(paths["hot-spots"][0].read_text())
    document["features"][0]["properties"]["active_from"] = "2023-06-15"
    later = tmp_path / "later.geojson"
    later.write_text(json.dumps(document))
    load(engine, "programme", paths["programme"][0], None)
    load(engine, "hot-spots", later)
    load(engine, "pings", overtime(paths, "2023-06"))
    whole = expected(visit_table, "2023-06", "2023-06")
    early = (whole["hot_spot"] == "HS1") & (whole["day"].map(lambda d: d.day) < 15)
    assert early.any()
    assert stored(engine)["patrol_minutes"].sum() == pytest.approx(whole.loc[~early, "patrol_minutes"].sum())


def test_the_same_sums_twice_and_other_rules_without_touching_pings(ready, paths):
    load(ready, "pings", overtime(paths, "2023-06"))
    before = stored(ready).drop(columns="id")
    with writing(ready).begin() as conn:
        programme_id = conn.execute(select(programme.c.id)).scalar_one()
        recompute_visits(conn, programme_id)
    pd.testing.assert_frame_equal(stored(ready).drop(columns="id"), before)
    other = Rules(reentry_s=0, min_dwell_s=0, band_m=0, gap_credit_s=0)
    with writing(ready).begin() as conn:
        conn.execute(insert(dosage_rules).values(
            programme_id=programme_id, provider="police-overtime", rules=rules_as_json(other), reason="a test", moved={},
            changed_at=NOW, changed_by="test",
        ))  # fmt: skip
        recompute_visits(conn, programme_id)
    after = stored(ready)
    assert len(after) > len(before)
    assert after["counts_as_visit"].all()
    assert set(after["rules_id"]) == {1}
    assert after["bridged_minutes"].sum() == after["silent_minutes"].sum() == 0 < before["bridged_minutes"].sum()
    with ready.connect() as conn:
        plain = conn.execute(select(func.sum(dose_day.c.plain_patrol_minutes))).scalar()
    assert after["patrol_minutes"].sum() == pytest.approx(plain)
    assert plain < before["patrol_minutes"].sum()
