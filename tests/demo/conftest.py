"""The demonstration's files written once, and what they say worked out straight from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from analysis.dosage.local_days import date_of
from analysis.dosage.rules import Rules
from analysis.dosage.tables import PingBatch
from analysis.dosage.visits import visits
from demo.generate import write_extracts
from demo.places import PLACES, polygons


@pytest.fixture(scope="session")
def extracts(tmp_path_factory):
    """(kind, path, options) in load order."""
    return write_extracts(tmp_path_factory.mktemp("extracts"))


@pytest.fixture(scope="session")
def paths(extracts) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for kind, path, _options in extracts:
        found.setdefault(kind, []).append(path)
    return found


def placed_crimes(crimes: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Crimes and incidents with hot spot (or none), day and harm days, by nothing but the files."""
    found = crimes.merge(weights[["offence_code", "harm_days"]], how="left", on="offence_code")
    found["hot_spot"] = None
    for place, polygon in zip(PLACES, polygons(), strict=True):
        found.loc[shapely.contains_xy(polygon, found["longitude"], found["latitude"]), "hot_spot"] = place.code
    found["day"] = pd.to_datetime(found["occurred_from"]).dt.date
    found["is_crime"] = found["offence_group"] != "Anti-social behaviour"
    return found


@pytest.fixture(scope="session")
def crimes(paths) -> pd.DataFrame:
    return placed_crimes(pd.read_csv(paths["crimes"][0]), pd.read_csv(paths["weights"][0]))


@pytest.fixture(scope="session")
def pings(paths) -> pd.DataFrame:
    """Every ping with a position, of all files."""
    found = pd.concat([pd.read_csv(p) for p in paths["pings"]], ignore_index=True)
    return found.dropna(subset="longitude")


@pytest.fixture(scope="session")
def visit_table(pings) -> pd.DataFrame:
    """Visits of all pings at once by the default rules: provider, hot_spot, day, entry and exit, minutes."""
    devices, _ = pd.factorize(pings["provider"] + "|" + pings["device"])
    teams, names = pd.factorize(pings["provider"] + "|" + pings["team"])
    t_ms = pd.to_datetime(pings["time"], utc=True, format="ISO8601").dt.as_unit("ms").astype("int64").to_numpy()
    lon, lat = (np.rint(pings[name].to_numpy() * 1e7).astype(np.int32) for name in ("longitude", "latitude"))
    batch = PingBatch(devices.astype(np.int32), teams.astype(np.int32), t_ms, lon, lat)
    batch = batch.take(np.lexsort((t_ms, devices)))
    pieces = locate(batch, Boundaries(with_bands(polygons(), Rules().band_m))).pieces
    found = visits(count(pieces, len(PLACES), Rules()), Rules())
    return pd.DataFrame({
        "provider": [names[i].split("|")[0] for i in found.team],
        "hot_spot": [PLACES[i].code for i in found.polygon], "day": [date_of(d) for d in found.day],
        "t_in": found.t_in_ms, "t_out": found.t_out_ms, "patrol_minutes": found.patrol_minutes,
        "person_minutes": found.person_minutes, "counts": found.counts_as_visit,
    })  # fmt: skip


@pytest.fixture(scope="session")
def plan(paths) -> pd.DataFrame:
    found = pd.read_csv(paths["plan"][0])
    found["day"] = pd.to_datetime(found["date"]).dt.date
    return found
