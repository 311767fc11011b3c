"""A door to a small programme in a real database: write a file, load it, look at what it left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, Table, func, select

from data_access import ping_store, schema
from data_access.loading import LoadOptions, LoadResult, load_file
from tests.factories import new_database

TODAY = date(2024, 3, 1)
PROGRAMME = """
code = "TEST"
name = "Test city"
force = "Test Police"
area_name = "Test city centre"

[service]
live_from = 2022-10-01

[[providers]]
code = "outreach"
name = "Street outreach"
kind = "partner"
staff_per_patrol = 2
shift_from = "14:00"
shift_to = 20:00:00
planned_dose = [ { from = 2022-10-01, minutes = 15 }, { from = 2023-02-13, minutes = 40 } ]

[[providers]]
code = "police-overtime"
name = "Police overtime"
kind = "police overtime"
staff_per_patrol = 2
"""


def square(lon: float, lat: float, half: float = 0.002) -> dict[str, Any]:
    ring = [[lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def collection(**spots: dict[str, Any]) -> str:
    features = [
        {"type": "Feature", "properties": {"code": code, "name": f"Place {code}"}, "geometry": shape}
        for code, shape in spots.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


HOT_SPOTS = collection(HS1=square(-1.130, 52.630), HS2=square(-1.120, 52.635), HS3=square(-1.110, 52.640))


@dataclass
class Door:
    engine: Engine
    folder: Path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(
        self, kind: str, content: str | bytes, name: str = "extract.csv", today: date = TODAY, **options: Any
    ) -> LoadResult:
        return load_file(self.engine, kind, self.write(name, content), actor="test", today=today,
                         options=LoadOptions(**options))  # fmt: skip

    def rows(self, table: Table) -> pd.DataFrame:
        with self.engine.connect() as conn:
            result = conn.execute(select(table).order_by(*table.primary_key.columns))
            return pd.DataFrame(result.fetchall(), columns=list(result.keys()), dtype=object)

    def pings(self, providers: tuple[str, ...] = ("outreach", "police-overtime")) -> pd.DataFrame:
        """Every ping held: provider, team, device, t_utc_ms, lon, lat (degrees)."""
        found = []
        with self.engine.connect() as conn:
            for provider in providers:
                held = ping_store.read(conn, 1, provider)
                b = held.batch
                found.append(pd.DataFrame({
                    "provider": provider, "team": [held.teams[i] for i in b.team],
                    "device": [held.devices[i] for i in b.device], "t_utc_ms": b.t_ms, "lon": b.lon_e7 / 1e7,
                    "lat": b.lat_e7 / 1e7,
                }))  # fmt: skip
        return pd.concat(found, ignore_index=True)

    def everything(self) -> dict[str, int]:
        """Rows in every table."""
        with self.engine.connect() as conn:
            return {
                name: int(conn.execute(select(func.count()).select_from(table)).scalar_one())
                for name, table in schema.metadata.tables.items()
            }


@pytest.fixture
def bare(tmp_path) -> Iterator[Door]:
    """An empty database."""
    engine = new_database(tmp_path / "portal.sqlite3")
    yield Door(engine, tmp_path)
    engine.dispose()


@pytest.fixture
def door(bare: Door) -> Door:
    """A programme with two providers and three hot spots."""
    bare.load("programme", PROGRAMME, "programme.toml")
    bare.load("hot-spots", HOT_SPOTS, "spots.geojson")
    return bare
