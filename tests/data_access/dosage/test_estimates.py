"""Sparse trackers get estimates with a range, dense ones do not; and the order of files does not matter."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.dosage.bridge_calibration import shipped, thin
from analysis.dosage.simulation import walks
from analysis.dosage.tables import PingBatch
from data_access import schema as s
from data_access.dosage import recompute_visits
from data_access.engine import writing

TODAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def sim():
    return walks(5, 60, days=2, interval_s=30.0)


@pytest.fixture
def places(door, sim):
    features = [
        {"type": "Feature", "properties": {"code": f"S{n}", "name": f"S{n}"}, "geometry": shapely.geometry.mapping(p)}
        for n, p in enumerate(sim.polygons)
    ]
    door.load("hot-spots", json.dumps({"type": "FeatureCollection", "features": features}), "sim.geojson")
    return door


def csv(batch: PingBatch, provider: str) -> str:
    return pd.DataFrame({
        "device": [f"{provider}-{d}" for d in batch.device], "time": batch.t_ms, "longitude": batch.lon_e7 / 1e7,
        "latitude": batch.lat_e7 / 1e7, "provider": provider, "team": [f"T{t}" for t in batch.team],
    }).to_csv(index=False)  # fmt: skip


def load(door, batch, provider, name):
    return door.load("pings", csv(batch, provider), name, today=TODAY)


def cells(door):
    names = ["provider", "team", "area_id", "local_date", "plain_patrol_minutes", "rule_patrol_minutes"]
    names += ["estimated_patrol_minutes", "estimated_variance"]
    return door.rows(s.dose_day)[names].sort_values(names[:4], ignore_index=True)


def total(found, provider, column):
    return found.loc[found["provider"] == provider, column].astype(float).sum()


def test_a_sparse_provider_is_estimated_with_the_forces_own_range(places, sim):
    sparse = thin(sim.batch, 300)
    load(places, sim.batch, "outreach", "dense.csv")
    assert cells(places)["estimated_patrol_minutes"].isna().all()
    load(places, sparse, "police-overtime", "sparse.csv")
    found = cells(places)
    dense = found[found["provider"] == "outreach"]
    assert dense["estimated_patrol_minutes"].isna().all()
    counted = dense["rule_patrol_minutes"].astype(float).sum()
    plain, estimated = (total(found, "police-overtime", f"{name}_patrol_minutes") for name in ("plain", "estimated"))
    assert plain / counted < 0.93, "the straight line between sparse pings loses minutes"
    assert abs(estimated / counted - 1) < 0.05
    calibration = places.rows(s.bridge_calibration)
    assert calibration["basis"].str.startswith("this force's own dense trackers of Street outreach,").tolist() == [True]
    assert calibration["interval_s"].tolist() == [300.0]
    # The range holds what the dense trackers of the same people say.
    both = found.pivot_table(index=["team", "area_id", "local_date"], columns="provider", aggfunc="first")
    both = both[both["estimated_patrol_minutes"]["police-overtime"].notna()].astype(float)
    off = both["estimated_patrol_minutes"]["police-overtime"] - both["rule_patrol_minutes"]["outreach"].fillna(0)
    inside = off.abs() <= 1.96 * np.sqrt(both["estimated_variance"]["police-overtime"])
    assert inside.mean() > 0.9


def test_without_dense_trackers_the_shipped_range_is_used_and_said(places, sim):
    load(places, thin(sim.batch, 300), "police-overtime", "sparse.csv")
    assert places.rows(s.bridge_calibration)["basis"].tolist() == [shipped(300).basis]
    assert cells(places)["estimated_variance"].min() >= shipped(300).floor_min2


def test_the_order_of_files_and_counting_again_change_nothing(places, door, sim):
    sparse = thin(sim.batch, 300)
    half = np.median(sparse.t_ms)
    early, late = sparse.take(sparse.t_ms < half), sparse.take(sparse.t_ms >= half)
    load(places, sparse, "outreach", "whole.csv")
    load(places, late, "police-overtime", "late.csv")
    load(places, early, "police-overtime", "early.csv")
    found = cells(places)
    one, other = (
        found[found["provider"] == p].drop(columns="provider").reset_index(drop=True)
        for p in ("outreach", "police-overtime")
    )
    assert other["estimated_patrol_minutes"].notna().any()
    pd.testing.assert_frame_equal(one, other)
    with writing(places.engine).begin() as conn:
        recompute_visits(conn, 1)
    pd.testing.assert_frame_equal(cells(places), found)


def test_estimates_go_when_dense_pings_take_the_place_of_sparse_ones(places, sim):
    load(places, thin(sim.batch, 300), "outreach", "sparse.csv")
    assert (cells(places)["rule_patrol_minutes"] == 0).any(), "some cells are estimated only"
    load(places, sim.batch, "outreach", "dense.csv")
    found = cells(places)
    assert found["estimated_patrol_minutes"].isna().all()
    assert (found[["plain_patrol_minutes", "rule_patrol_minutes"]].sum(axis=1) > 0).mean() > 0.5
    assert len(places.rows(s.visit)) > 100
