"""Pings in many files, located part by part on any executor: one core, a pool of processes, a Dask cluster.

A part is one file, or several days of a provider in a Parquet store. ``locate_part`` is a pure function of a part and
the boundaries, so it can run anywhere that sees the files. Parts whose pings of one device overlap in time cannot be
joined end to end; they are done again as one, sorted. So the answer never depends on how the pings were cut up.
"""

from __future__ import annotations

import pickle
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.kernel import Boundaries, Locator, join
from analysis.dosage.tables import Located, PingBatch
from data_access.loading.result import LoadRefused
from data_access.ping_sorting import ExternalSort
from data_access.ping_sources import Part, Reading, each_batch

Key = tuple[str, str]  # provider and name
Progress = Callable[[int, int], None]  # bytes of the files and pings that were done since the last call


@dataclass(frozen=True)
class Found:
    """What the pings of some parts gave; codes in ``located`` are positions in ``devices`` and ``teams``.

    ``read == located.used + located.repeats + rejected``. ``late`` counts pings that arrived after later ones of their device and were sorted in; they are in ``located``.
    """

    located: Located
    devices: list[Key]
    teams: list[Key]
    read: int = 0
    late: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def run(
    parts: Sequence[Part],
    boundaries: Boundaries,
    executor: Executor | None = None,
    *,
    reading: Reading | None = None,
    progress: Progress | None = None,
) -> Found:
    """Locate the pings of all parts; the same to the millisecond whatever the executor (None: here, one by one).

    LoadRefused when a file cannot be used, or a folder for sorting has no room.
    """
    reading, progress = reading or Reading(), progress or (lambda _bytes, _pings: None)
    found: dict[Part, Found] = {}
    todo = list(parts)
    while todo:
        found |= _each(todo, boundaries, executor, reading, progress)
        todo = []
        for group in _overlapping(found):
            for part in group:
                del found[part]
            todo.append(Part(tuple(path for part in group for path in part.paths), sort=True))
    return _joined(found, boundaries)


def locate_part(
    part: Part, reading: Reading, boundaries: bytes | Boundaries, progress: Progress | None = None
) -> Found:
    """Locate the pings of one part. In one pass where they come in order of time for each device; otherwise they are
    sorted in a temporary folder first. Memory does not grow with the number of pings."""
    if isinstance(boundaries, bytes):
        boundaries = _unpacked(boundaries)
    if not part.sort:
        in_passing = _in_passing(part, reading, boundaries, progress)
        if in_passing:
            return in_passing
    try:
        with tempfile.TemporaryDirectory(prefix="pings-") as folder:
            return _sorted_first(part, reading, boundaries, progress, Path(folder))
    except OSError as problem:
        raise LoadRefused(
            f"Pings that are not in order of time are sorted in {tempfile.gettempdir()}, which needs about 24 bytes a "
            f"ping: {problem.strerror or problem}. Make room there, or set TMPDIR to a folder with more."
        ) from None


def packed(boundaries: Boundaries) -> bytes:
    """Boundaries as they travel to workers."""
    return zlib.compress(pickle.dumps(boundaries, pickle.HIGHEST_PROTOCOL), 1)


@lru_cache(maxsize=2)
def _unpacked(data: bytes) -> Boundaries:
    # A worker does many parts: what it has built of the grid stays.
    found: Boundaries = pickle.loads(zlib.decompress(data))  # noqa: S301 (from the process that gave us this task)
    return found


@dataclass
class _Tally:
    """Counts of one reading of a part; ``batches`` passes the pings on."""

    part: Part
    reading: Reading
    progress: Progress | None
    devices: dict[Key, int] = field(default_factory=dict)
    teams: dict[Key, int] = field(default_factory=dict)
    read: int = 0
    repeats: int = 0  # that the reader itself left out
    rejected: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[PingBatch]:
        for path in self.part.paths:
            for one in each_batch(path, self.reading, self.devices, self.teams):
                self.read += one.read
                self.repeats += one.repeats
                self.rejected.update(one.rejected)
                self.notes += [note for note in one.notes if note not in self.notes]
                yield one.pings
                if self.progress:
                    self.progress(one.bytes, one.read)

    def found(self, located: Located, late: int = 0) -> Found:
        located = replace(located, repeats=located.repeats + self.repeats)
        return Found(located, list(self.devices), list(self.teams), self.read, late, self.rejected, self.notes)


def _in_passing(part: Part, reading: Reading, boundaries: Boundaries, progress: Progress | None) -> Found | None:
    """None when a ping came late: the pass is given up as soon as one does."""
    tally, locator = _Tally(part, reading, progress), Locator(boundaries)
    for batch in tally.batches():
        locator.feed(batch)
        if locator.late_count:
            return None
    return tally.found(locator.finish())


def _sorted_first(
    part: Part, reading: Reading, boundaries: Boundaries, progress: Progress | None, folder: Path
) -> Found:
    tally, sort, locator = _Tally(part, reading, progress), ExternalSort(folder), Locator(boundaries)
    for batch in tally.batches():
        sort.add(batch)
    for batch in sort.sorted_batches():
        locator.feed(batch)
    return tally.found(locator.finish(), sort.late)


def _each(
    parts: Sequence[Part], boundaries: Boundaries, executor: Executor | None, reading: Reading, progress: Progress
) -> dict[Part, Found]:
    if executor is None:
        return {part: locate_part(part, reading, boundaries, progress) for part in parts}
    data = packed(boundaries)
    futures = {executor.submit(locate_part, part, reading, data): part for part in parts}
    try:
        return {futures[f]: f.result() for f in _as_they_end(futures, progress)}
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _as_they_end(futures: dict[Future[Found], Part], progress: Progress) -> Iterator[Future[Found]]:
    for future in as_completed(futures):
        progress(futures[future].bytes, future.result().read)
        yield future


def _overlapping(found: dict[Part, Found]) -> list[list[Part]]:
    """Groups of parts that cannot follow each other in time for every device."""
    parts = sorted(found, key=lambda part: (_first_ms(found[part]), part.paths))
    rows = _spans([found[part] for part in parts])
    if not len(rows):
        return []
    group = list(range(len(parts)))

    def root(n: int) -> int:
        while group[n] != n:
            n = group[n]
        return n

    device, first, last, part = rows[np.lexsort((rows[:, 3], rows[:, 1], rows[:, 0]))].T
    # The latest end so far of the same device, and the part furthest on: both must be behind us.
    shift = device * (int(last.max()) - int(first.min()) + 1)
    ended = np.maximum.accumulate(last + shift) - shift
    same = device[1:] == device[:-1]
    clash = same & ((first[1:] <= ended[:-1]) | (part[1:] < part[:-1]))
    for a, b in {(int(a), int(b)) for a, b in zip(part[:-1][clash], part[1:][clash], strict=True)}:
        group[root(a)] = root(b)
    grouped: dict[int, list[Part]] = {}
    for n, one in enumerate(parts):
        grouped.setdefault(root(n), []).append(one)
    return [some for some in grouped.values() if len(some) > 1]


def _first_ms(found: Found) -> int:
    return int(found.located.first.t_ms.min()) if len(found.located.first) else 0


def _spans(found: Sequence[Found]) -> NDArray[np.int64]:
    """Rows (device, first, last, part): from when to when a device has pings in each part."""
    codes: dict[Key, int] = {}
    rows = [np.empty((0, 4), np.int64)]
    for number, one in enumerate(found):
        mine = np.array([codes.setdefault(key, len(codes)) for key in one.devices], np.int64)
        first, last = one.located.first, one.located.last
        rows.append(np.column_stack((mine[first.device], first.t_ms, last.t_ms, np.full(len(first), number, np.int64))))
    return np.vstack(rows)


def _joined(found: dict[Part, Found], boundaries: Boundaries) -> Found:
    """One answer, with codes in the order of the names, so that it does not tell which part was done first."""
    parts = sorted(found, key=lambda part: (_first_ms(found[part]), part.paths))
    each = [found[part] for part in parts]
    devices = sorted({key for one in each for key in one.devices})
    teams = sorted({key for one in each for key in one.teams})
    located = join([_recoded(one, devices, teams) for one in each], boundaries)
    rejected: Counter[str] = Counter()
    for one in each:
        rejected.update(one.rejected)
    notes = list(dict.fromkeys(note for one in each for note in one.notes))
    return Found(located, devices, teams, sum(o.read for o in each), sum(o.late for o in each), rejected, notes)


def _recoded(one: Found, devices: Sequence[Key], teams: Sequence[Key]) -> Located:
    device, team = _codes(one.devices, devices), _codes(one.teams, teams)
    found = one.located
    pieces = replace(found.pieces, device=device[found.pieces.device], team=team[found.pieces.team])
    pieces = pieces.take(np.lexsort((pieces.t_in_ms, pieces.polygon, pieces.device)))
    first, last = (replace(b, device=device[b.device], team=team[b.team]) for b in (found.first, found.last))
    return replace(
        found, pieces=pieces, first=first.take(np.argsort(first.device)), last=last.take(np.argsort(last.device))
    )


def _codes(names: Iterable[Key], wanted: Sequence[Key]) -> NDArray[np.int32]:
    position = {key: n for n, key in enumerate(wanted)}
    return np.array([position[key] for key in names], np.int32)
