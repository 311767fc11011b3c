"""Any number of pings, in any order, sorted by device and time with bounded memory.

Sorted runs go to a temporary folder; then one range of (device, time) after the other is read from all of them.
Ranges part between two different (device, time), so a ping and its repeats come out together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.tables import PingBatch

RUN_ROWS = 1 << 20
RANGE_ROWS = 1 << 19
SAMPLE_EVERY = 1 << 11

_COLUMNS = [f.name for f in fields(PingBatch)]
_RECORD = np.dtype([(name, np.int64 if name == "t_ms" else np.int32) for name in _COLUMNS])
_KEY = np.dtype([("device", np.int32), ("t_ms", np.int64)])


class ExternalSort:
    """``add`` batches, then take ``sorted_batches`` once. ``late`` counts pings that came after a later batch of
    the same device had gone past them."""

    def __init__(self, folder: Path, run_rows: int = RUN_ROWS, range_rows: int = RANGE_ROWS) -> None:
        self._folder, self._run_rows, self._range_rows = folder, run_rows, range_rows
        self._every = max(1, min(SAMPLE_EVERY, range_rows // 64))
        self._waiting: list[PingBatch] = []
        self._runs: list[Path] = []
        self._samples: list[NDArray[np.void]] = []
        self._newest = np.empty(0, np.int64)
        self.late = 0

    def add(self, batch: PingBatch) -> None:
        self._count_late(batch)
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= self._run_rows:
            self._write_run()

    def sorted_batches(self) -> Iterator[PingBatch]:
        """Batches of about ``range_rows``, ordered by (device, t_ms) over all of them."""
        self._write_run()
        splits = self._splits()
        places = [self._places(run, splits) for run in self._runs]
        for n in range(len(splits) + 1):
            slices = [_records(run, at[n], at[n + 1]) for run, at in zip(self._runs, places, strict=True)]
            found = _batch(np.concatenate(slices)) if slices else PingBatch.empty()
            if len(found):
                yield found.take(np.lexsort((found.t_ms, found.device)))

    def _count_late(self, batch: PingBatch) -> None:
        if not len(batch):
            return
        missing = int(batch.device.max()) + 1 - len(self._newest)
        if missing > 0:
            self._newest = np.concatenate((self._newest, np.full(missing, np.iinfo(np.int64).min)))
        self.late += int((batch.t_ms < self._newest[batch.device]).sum())
        np.maximum.at(self._newest, batch.device, batch.t_ms)

    def _write_run(self) -> None:
        found, self._waiting = PingBatch.concatenate(self._waiting), []
        if not len(found):
            return
        records = _packed(found, np.lexsort((found.t_ms, found.device)))
        path = self._folder / f"run-{len(self._runs)}"
        with path.open("wb") as out:
            # Not tofile: it says "0 written" of a full disk, not why.
            out.write(records.view(np.uint8).data)
        self._runs.append(path)
        self._samples.append(_keys(records[:: self._every]))

    def _splits(self) -> NDArray[np.void]:
        """Keys at which the ranges part."""
        if not self._samples:
            return np.empty(0, _KEY)
        keys = np.concatenate(self._samples)
        keys = keys[np.lexsort((keys["t_ms"], keys["device"]))]
        return np.unique(keys[self._range_rows // self._every :: self._range_rows // self._every])

    def _places(self, run: Path, splits: NDArray[np.void]) -> list[int]:
        """Where each range of a run begins, and its end: rows before a split have a smaller key."""
        records = np.fromfile(run, _RECORD)
        device, t_ms = np.ascontiguousarray(records["device"]), np.ascontiguousarray(records["t_ms"])
        first = np.searchsorted(device, splits["device"], side="left")
        past = np.searchsorted(device, splits["device"], side="right")
        inner = [
            int(a + np.searchsorted(t_ms[a:b], split["t_ms"], side="left"))
            for a, b, split in zip(first, past, splits, strict=True)
        ]
        return [0, *inner, len(records)]


def _packed(batch: PingBatch, order: NDArray[np.int64]) -> NDArray[np.void]:
    records = np.empty(len(batch), _RECORD)
    for name in _COLUMNS:
        records[name] = getattr(batch, name)[order]
    return records


def _keys(records: NDArray[np.void]) -> NDArray[np.void]:
    keys = np.empty(len(records), _KEY)
    keys["device"], keys["t_ms"] = records["device"], records["t_ms"]
    return keys


def _records(run: Path, start: int, end: int) -> NDArray[np.void]:
    return np.fromfile(run, _RECORD, count=end - start, offset=start * _RECORD.itemsize)


def _batch(records: NDArray[np.void]) -> PingBatch:
    return PingBatch(*(np.ascontiguousarray(records[name]) for name in _COLUMNS))
