"""The canonical pings: Parquet files beside the database, one for each load, provider and local day.

The database says what is held: a file counts when ``ping_part`` has a row for it. Files are written and on the disk
before the rows are committed, and removed after the rows are gone, so at any moment every row has its file. What an
interruption leaves over is named in a list written before anything else, and goes at the start of the next write.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine, Row, delete, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from analysis.dosage.tables import DEGREE, PingBatch
from data_access.engine import writing
from data_access.ping_files import (
    SCHEMA,
    UNDER_WAY,
    Coded,
    PartDamaged,
    begin,
    decode,
    encode,
    make_folders,
    settle,
    write_whole,
)
from data_access.schema import load, ping_part, programme
from domain import formats
from domain.periods import Period
from settings import load_settings, ping_store_setting

Progress = Callable[[str, int, int], None]
_LISTS = "data_access.ping_store"  # key of a connection's lists in its info
_BATCH = ["device", "team", "t_ms", "lon_e7", "lat_e7"]


class StoreError(RuntimeError):
    """Pings that the database names cannot be read; the message names the load to load again."""


def root_of(conn: Connection) -> Path:
    """The store's folder: PING_STORE, else ``pings`` beside the SQLite file or in DATA_DIR."""
    given = ping_store_setting()
    if given:
        return given
    url = conn.engine.url
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return Path(str(url.database)).resolve().parent / "pings"
    return load_settings().data_dir / "pings"


def folder_of(conn: Connection, programme_id: int) -> str:
    """A programme's folder. Its time of creation tells it from one of the same code in another database."""
    row = conn.execute(select(programme.c.code, programme.c.created_at).where(programme.c.id == programme_id)).one()
    return f"{row.code}-{sha256(row.created_at.isoformat().encode()).hexdigest()[:8]}"


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """``writing(engine).begin()`` for who adds or removes pings: the files follow its outcome."""
    lists: list[Path] = []
    try:
        with writing(engine).begin() as conn:
            conn.info[_LISTS] = lists
            try:
                yield conn
            finally:
                conn.info.pop(_LISTS, None)
    except SQLAlchemyError:
        # A server that has gone may still commit: who writes next, behind the same lock, knows what came of it.
        raise
    except BaseException:
        _follow_outcome(engine, lists)
        raise
    _follow_outcome(engine, lists)


def _follow_outcome(engine: Engine, lists: list[Path]) -> None:
    if not lists:
        return
    # Whatever fails here is done at the start of the next write.
    with suppress(SQLAlchemyError, OSError), engine.connect() as conn:
        if engine.dialect.name == "sqlite":
            # Without this a power cut could take back the commit, and with it rows whose files are about to go.
            conn.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
        for path in lists:
            _work_off(conn, path)


def finish_interrupted(conn: Connection, programme_id: int) -> None:
    """Remove what interrupted writes left over. The caller holds the writing lock and has changed nothing yet."""
    folder = root_of(conn) / folder_of(conn, programme_id)
    for path in sorted(folder.glob("unfinished-*.json*")):
        if path.name.endswith(UNDER_WAY):
            path.unlink(missing_ok=True)  # a list that was never finished: nothing had been written yet
        else:
            _work_off(conn, path)


def _work_off(conn: Connection, list_path: Path) -> None:
    """Remove the files on a list that no row names, then the list."""
    root = list_path.parent.parent
    try:
        paths = json.loads(list_path.read_text())
    except FileNotFoundError:  # its own process was just done with it
        return
    named: set[str] = set()
    held = inspect(conn).has_table("ping_part")  # not when the upgrade that makes it has failed
    for first in range(0, len(paths) if held else 0, 500):
        some = ping_part.c.path.in_(paths[first : first + 500])
        named |= set(conn.execute(select(ping_part.c.path).where(some, ping_part.c.expired_at.is_(None))).scalars())
    for path in (root / p for p in paths if p not in named):
        path.unlink(missing_ok=True)
        path.with_name(path.name + UNDER_WAY).unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            with suppress(OSError):  # not empty, or gone already
                folder.rmdir()
    list_path.unlink(missing_ok=True)


def _announce(conn: Connection, programme_id: int, paths: list[str]) -> None:
    """Put on the disk which files may have to go, whatever becomes of this transaction."""
    lists = conn.info.get(_LISTS)
    if lists is None:
        raise RuntimeError("Pings are added and removed inside ping_store.transaction(engine) only.")
    root = root_of(conn)
    folder = root / folder_of(conn, programme_id)
    make_folders([folder])
    path = folder / f"unfinished-{secrets.token_hex(8)}.json"
    write_whole(path, json.dumps(paths).encode())
    lists.append(path)


def write(
    conn: Connection, programme_id: int, load_id: int, frame: pd.DataFrame, progress: Progress | None = None
) -> int:
    """Store one load's pings [provider, team, device, t_utc_ms, lon, lat, local_date, maybe accuracy_m]; how many."""
    rows = write_files(conn, programme_id, load_id, frame, progress)
    if rows:
        conn.execute(insert(ping_part), rows)
    return sum(row["pings"] for row in rows)


def write_files(
    conn: Connection, programme_id: int, load_id: int, frame: pd.DataFrame, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """The files of ``write``, and the rows of ``ping_part`` that make them count."""
    plan = list(_split(frame))
    folder, key = folder_of(conn, programme_id), f"load-{load_id}-{secrets.token_hex(4)}.parquet"
    paths = [f"{folder}/provider={provider}/date={day.isoformat()}/{key}" for provider, day, _ in plan]
    _announce(conn, programme_id, paths)
    root, table, rows = root_of(conn), _Canonical(frame), []
    make_folders([(root / path).parent for path in paths])
    for number, ((provider, day, where), path) in enumerate(zip(plan, paths, strict=True), 1):
        rows.append({
            "programme_id": programme_id, "load_id": load_id, "provider": provider, "local_date": day, "path": path,
            **_begin_part(root / path, table.part(where)),
        })  # fmt: skip
        if progress:
            progress("storing days of pings", number, len(plan))
    settle([root / path for path in paths])
    return rows


def _begin_part(path: Path, part: pa.Table) -> dict[str, Any]:
    data = encode(part)
    try:
        digest = begin(path, data)
    except FileNotFoundError:  # another process that tidies up has removed the folder while it was still empty
        make_folders([path.parent])
        digest = begin(path, data)
    times = part["t_ms"].to_numpy()
    return {"pings": len(part), "t_from_ms": int(times.min()), "t_to_ms": int(times.max()), "sha256": digest}


def _split(frame: pd.DataFrame) -> Iterator[tuple[str, date, np.ndarray]]:
    """(provider, local day, row positions), in order."""
    positions = pd.Series(np.arange(len(frame)), index=frame.index)
    for (provider, day), rows in positions.groupby([frame["provider"], frame["local_date"]], sort=True):
        yield str(provider), pd.Timestamp(day).date(), rows.to_numpy()


class _Canonical:
    """A frame's columns in canonical form; ``part`` takes some rows, ordered by device and time."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._device, self._team = _coded(frame["device"]), _coded(frame["team"])
        self._t_ms = frame["t_utc_ms"].to_numpy(np.int64)
        self._lon = np.rint(frame["lon"].to_numpy(float) * DEGREE).astype(np.int32)
        self._lat = np.rint(frame["lat"].to_numpy(float) * DEGREE).astype(np.int32)
        given = frame.get("accuracy_m")
        self._accuracy = np.full(len(frame), np.nan) if given is None else given.to_numpy(float)

    def part(self, rows: np.ndarray) -> pa.Table:
        rows = rows[np.lexsort((self._t_ms[rows], self._device.codes[rows]))]
        accuracy = pa.array(self._accuracy[rows].astype(np.float32), pa.float32(), from_pandas=True)
        columns = [self._device.take(rows), self._team.take(rows), self._t_ms[rows], self._lon[rows], self._lat[rows]]
        return pa.table([*columns, accuracy], schema=SCHEMA)


def _coded(column: pd.Series) -> Coded:
    codes, names = pd.factorize(column, sort=True)
    return Coded(codes.astype(np.int32), [str(name) for name in names])


def remove(conn: Connection, programme_id: int, load_ids: Sequence[int]) -> None:
    """Forget the pings of loads; their files go when the transaction has been committed."""
    chosen = ping_part.c.load_id.in_(list(load_ids)) & ping_part.c.expired_at.is_(None)
    paths = list(conn.execute(select(ping_part.c.path).where(chosen)).scalars())
    if paths:
        _announce(conn, programme_id, paths)
        conn.execute(delete(ping_part).where(chosen))


def expire(conn: Connection, programme_id: int, gone: Sequence[Row[Any]], at: datetime) -> None:
    """Keep the rows of parts, to tell that there were pings, and let their files go after the commit."""
    _announce(conn, programme_id, [part.path for part in gone])
    conn.execute(update(ping_part).where(ping_part.c.id.in_([part.id for part in gone])).values(expired_at=at))


def strangers(conn: Connection, programme_id: int) -> list[str]:
    """Paths of files in the programme's folder that no row names: of another database, or of none."""
    root = root_of(conn)
    held = {part.path for part in parts(conn, programme_id)}
    files = (p for p in (root / folder_of(conn, programme_id)).rglob("*") if p.is_file())
    paths = sorted(str(p.relative_to(root)) for p in files if not p.name.startswith("unfinished-"))
    return [path for path in paths if path not in held]


def forget(conn: Connection, programme_id: int, paths: list[str]) -> None:
    """Remove files that no row names, after the commit."""
    if paths:
        _announce(conn, programme_id, paths)


@dataclass
class Names:
    """Texts in the order in which they were met; ``codes`` of further arrays go on counting."""

    names: list[str] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)

    def codes(self, column: pa.ChunkedArray) -> np.ndarray:
        found = [np.empty(0, np.int32)]
        for chunk in column.chunks:
            own = np.array([self._code(name) for name in chunk.dictionary.to_pylist()], np.int32)
            found.append(own[chunk.indices.to_numpy()])
        return np.concatenate(found)

    def _code(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = len(self.names)
            self.names.append(name)
        return self._known[name]


class Reader:
    """Pings of one provider; device and team codes are positions in ``devices.names`` and ``teams.names``."""

    def __init__(self, conn: Connection, programme_id: int, provider: str) -> None:
        self._conn, self._programme_id, self._provider = conn, programme_id, provider
        self.devices, self.teams = Names(), Names()

    def days(self, period: Period | None = None) -> Iterator[tuple[date, PingBatch]]:
        """Each local day that has pings, in order; a day's pings ordered by (device, t)."""
        found = parts(self._conn, self._programme_id, provider=self._provider, period=period)
        for day in sorted({part.local_date for part in found}):
            tables = [read_part(self._conn, part) for part in found if part.local_date == day]
            yield day, in_order(PingBatch.concatenate([self._batch(table) for table in tables]))

    def _batch(self, table: pa.Table) -> PingBatch:
        device, team = self.devices.codes(table["device"]), self.teams.codes(table["team"])
        return PingBatch(device, team, *(table[name].to_numpy() for name in ("t_ms", "lon_e7", "lat_e7")))


@dataclass(frozen=True)
class Held:
    """Pings and what their codes stand for."""

    batch: PingBatch
    devices: list[str]
    teams: list[str]


def read(conn: Connection, programme_id: int, provider: str, days: Period | None = None) -> Held:
    """The pings of a provider on the local days given (all by default), ordered by (device, t).

    StoreError when a file is missing or damaged: never fewer pings than were loaded.
    """
    reader = Reader(conn, programme_id, provider)
    batch = in_order(PingBatch.concatenate([batch for _, batch in reader.days(days)]))
    return Held(batch, reader.devices.names, reader.teams.names)


def in_order(batch: PingBatch) -> PingBatch:
    """The batch ordered by (device, t)."""
    step, gap = np.diff(batch.device), np.diff(batch.t_ms)
    if ((step > 0) | ((step == 0) & (gap >= 0))).all():
        return batch
    return batch.take(np.lexsort((batch.t_ms, batch.device)))


def read_part(conn: Connection, part: Row[Any], columns: list[str] | None = None) -> pa.Table:
    """One file of the store; StoreError names the load that brought it."""
    try:
        return decode(root_of(conn) / part.path, part.sha256, columns or _BATCH)
    except PartDamaged as problem:
        if _gone_since(conn, part):
            raise StoreError("The pings changed while they were being read. Try again.") from None
        name = conn.execute(select(load.c.file_name).where(load.c.id == part.load_id)).scalar_one()
        raise StoreError(
            f"The pings of {part.provider} on {formats.day(part.local_date)} cannot be read: their file in the ping "
            f"store {problem}. They came from {name} (load {part.load_id}); load that file again with --again."
        ) from None


def _gone_since(conn: Connection, part: Row[Any]) -> bool:
    """Whether the part has been replaced or has expired after the reader's view of the data began."""
    if conn.get_execution_options().get("writing"):
        return False  # who holds the lock sees the data as they are
    c = ping_part.c
    with conn.engine.connect() as now:
        return now.execute(select(c.id).where(c.path == part.path, c.expired_at.is_(None))).first() is None


def parts(
    conn: Connection, programme_id: int, *, provider: str | None = None, period: Period | None = None,
    load_ids: Sequence[int] | None = None, expired: bool = False,
) -> list[Row[Any]]:  # fmt: skip
    """Rows of ``ping_part``, by provider, day and load; those whose file is held, or with ``expired`` the others."""
    c = ping_part.c
    query = select(ping_part).where(c.programme_id == programme_id)
    query = query.where(c.expired_at.is_not(None) if expired else c.expired_at.is_(None))
    if provider is not None:
        query = query.where(c.provider == provider)
    if period is not None:
        query = query.where(c.local_date.between(period.start, period.end))
    if load_ids is not None:
        query = query.where(c.load_id.in_(list(load_ids)))
    return list(conn.execute(query.order_by(c.provider, c.local_date, c.load_id)))


def expired_days(conn: Connection, programme_id: int) -> set[tuple[str, date]]:
    """(provider, local day) whose pings are gone by the retention rule: their visits can never be worked out again."""
    return {(part.provider, part.local_date) for part in parts(conn, programme_id, expired=True)}


def damaged(conn: Connection, programme_id: int, load_ids: Sequence[int] | None = None) -> list[str]:
    """What is wrong with the store's files, a sentence each; all of them are read."""
    found = []
    for part in parts(conn, programme_id, load_ids=load_ids):
        try:
            read_part(conn, part, ["t_ms"])
        except StoreError as problem:
            found.append(str(problem))
    return found
