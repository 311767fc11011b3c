"""Tracks that come and go between hot spots, in the forms a tracker's export may have."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from analysis.dosage.tables import PingBatch

# Three squares of about 140 by 110 m, the last two overlapping.
SQUARES = [
    shapely.box(-1.1310, 52.6300, -1.1290, 52.6310),
    shapely.box(-1.1270, 52.6300, -1.1250, 52.6310),
    shapely.box(-1.1258, 52.6304, -1.1238, 52.6314),
]
START_MS = 1_688_200_000_000  # 2023-07-01 09:26:40 in London
HEADER = "device,time,longitude,latitude,team,provider"


@dataclass(frozen=True)
class Tracks:
    """Pings in any order; names by code."""

    pings: PingBatch
    devices: list[tuple[str, str]]
    teams: list[tuple[str, str]]

    def take(self, rows: np.ndarray) -> Tracks:
        return replace(self, pings=self.pings.take(rows))

    def lines(self) -> list[str]:
        p = self.pings
        times = np.datetime_as_string(p.t_ms.astype("datetime64[ms]"))
        return [
            f"{self.devices[d][1]},{t}Z,{x / 1e7:.7f},{y / 1e7:.7f},{self.teams[m][1]},{self.devices[d][0]}"
            for d, m, t, x, y in zip(
                p.device.tolist(), p.team.tolist(), times, p.lon_e7.tolist(), p.lat_e7.tolist(), strict=True
            )
        ]

    def write(self, path: Path) -> Path:
        """As CSV, packed where the name ends in .gz."""
        text = "\n".join([HEADER, *self.lines()]) + "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode(), 1) if path.suffix == ".gz" else text.encode())
        return path


def wander(seed: int, devices: int = 4, pings: int = 400, teams: int = 2, step_s: float = 20.0) -> Tracks:
    """Walks between the squares with now and then a silence; ordered by device and time."""
    rng = np.random.default_rng(seed)
    found = []
    for device in range(devices):
        step = rng.exponential(step_s, pings) + 1 + (rng.random(pings) < 0.01) * rng.exponential(900, pings)
        t = START_MS + (np.cumsum(step) * 1000).astype(np.int64)
        corner = np.array([-1.1325, 52.6293])
        goal = corner + rng.random((pings // 25 + 1, 2)) * [0.010, 0.0028]
        at = np.stack([np.interp(np.arange(pings), np.arange(len(goal)) * 25, goal[:, k]) for k in (0, 1)])
        at += rng.normal(0, 0.00008, at.shape)
        codes = np.full(pings, device, np.int32), np.full(pings, device % teams, np.int32)
        found.append(PingBatch(*codes, t, *np.rint(at * 1e7).astype(np.int32)))
    provider = ["outreach", "police"]
    return Tracks(
        PingBatch.concatenate(found),
        [(provider[d % teams % 2], f"tracker {d}") for d in range(devices)],
        [(provider[m % 2], f"team {m}") for m in range(teams)],
    )


def write_squares(path: Path) -> Path:
    """The squares as GeoJSON, coded A, B, C."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"Square {code}"},
            "geometry": json.loads(shapely.to_geojson(square)),
        }
        for code, square in zip("ABC", SQUARES, strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def write_store(tracks: Tracks, folder: Path) -> Path:
    """As a canonical Parquet store: a file for each provider and (UTC) day."""
    from data_access.ping_files import SCHEMA, encode

    p = tracks.pings
    frame = pd.DataFrame(
        {
            "device": [tracks.devices[d][1] for d in p.device],
            "team": [tracks.teams[m][1] for m in p.team],
            "t_ms": p.t_ms, "lon_e7": p.lon_e7, "lat_e7": p.lat_e7, "accuracy_m": np.float32(5),
        }
    )  # fmt: skip
    provider = pd.Series([tracks.devices[d][0] for d in p.device])
    day = pd.to_datetime(p.t_ms, unit="ms").strftime("%Y-%m-%d")
    for (one, date), rows in frame.groupby([provider.to_numpy(), day.to_numpy()]):
        target = folder / f"provider={one}" / f"date={date}" / "load-1.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        import pyarrow as pa

        table = pa.Table.from_pandas(rows.sort_values(["device", "t_ms"]), preserve_index=False)
        target.write_bytes(encode(table.cast(SCHEMA)))
    return folder
