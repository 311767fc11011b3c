"""Simulated pings as files, in each form that the end-to-end benches read; written in chunks, so of any size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import shapely
from shapely.geometry import Polygon

from analysis.dosage.simulation import stream, walkers_for
from analysis.dosage.tables import DEGREE, PingBatch
from data_access.ping_files import SCHEMA, encode

SEED = 20_261_122
DAYS = 10
PROVIDER = "police"


def chunks(pings: int, polygons: int) -> Iterator[tuple[PingBatch, tuple[Polygon, ...]]]:
    """About ``pings`` pings of some days, whole devices at a time, and the hot spots they walk in."""
    for one in stream(SEED, walkers_for(pings, days=DAYS), days=DAYS, polygons=polygons):
        yield one.batch, one.polygons


def write_hot_spots(path: Path, polygons: tuple[Polygon, ...]) -> Path:
    features = [
        {"type": "Feature", "properties": {"code": f"H{n}", "name": f"Hot spot {n}"}, "geometry": json.loads(text)}
        for n, text in enumerate(shapely.to_geojson(np.array(polygons, dtype=object)))
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def as_columns(batch: PingBatch) -> pa.Table:
    """As trackers export: names, ISO times with Z, degrees."""
    return pa.table(
        {
            "device": _names("tracker", batch.device),
            "time": pa.array(batch.t_ms.astype("datetime64[ms]")).cast(pa.timestamp("ms", tz="UTC")),
            "longitude": batch.lon_e7 / DEGREE,
            "latitude": batch.lat_e7 / DEGREE,
            "team": _names("team", batch.team),
            "provider": pa.array([PROVIDER] * len(batch)).dictionary_encode(),
        }
    )


def _names(word: str, codes: np.ndarray) -> pa.DictionaryArray:
    used, own = np.unique(codes, return_inverse=True)
    return pa.DictionaryArray.from_arrays(pa.array(own.astype(np.int32)), pa.array([f"{word} {n}" for n in used]))


def write_csv(path: Path, batches: Iterator[PingBatch]) -> Path:
    with path.open("wb") as out:
        for number, batch in enumerate(batches):
            table = as_columns(batch)
            text = pa.compute.strftime(table["time"], "%Y-%m-%dT%H:%M:%SZ")
            plain = table.set_column(1, "time", text)
            for name in ("device", "team", "provider"):
                plain = plain.set_column(plain.column_names.index(name), name, plain[name].cast(pa.string()))
            pa_csv.write_csv(plain, out, pa_csv.WriteOptions(include_header=number == 0, quoting_style="none"))
    return path


def write_parquet(path: Path, batches: Iterator[PingBatch]) -> Path:
    """Coordinates as float64, as anybody would write them."""
    writer = None
    for batch in batches:
        table = as_columns(batch)
        for name in ("device", "team", "provider"):
            table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer:
        writer.close()
    return path


def write_store(folder: Path, batches: Iterator[PingBatch]) -> Path:
    """The canonical store; a file for each chunk and local day, as many loads of different devices would leave it."""
    for number, batch in enumerate(batches):
        day = batch.t_ms // 86_400_000
        for one in np.unique(day):
            some = batch.take(np.flatnonzero(day == one))
            date = np.datetime64(int(one), "D")
            path = folder / f"provider={PROVIDER}" / f"date={date}" / f"load-{number}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            accuracy = pa.nulls(len(some), pa.float32())
            columns = [_names("tracker", some.device), _names("team", some.team), some.t_ms, some.lon_e7, some.lat_e7]
            path.write_bytes(encode(pa.table([*columns, accuracy], schema=SCHEMA)))
    return folder
