"""The one door: a file in, everything or nothing, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, RowMapping, select
from sqlalchemy.exc import DataError, IntegrityError

from data_access import ping_store
from data_access import schema as s
from data_access.loading import store
from data_access.loading.catalogue import KINDS
from data_access.loading.documents import load_programme
from data_access.loading.reading import Area, Context, Parsed, refuse_all_rejected
from data_access.loading.result import ALREADY_LOADED, LOADED, REPLACED, LoadOptions, LoadRefused, LoadResult
from data_access.loading.source_file import SourceFile, open_source, refuse_pictures
from data_access.loading.store import Progress
from data_access.loading.table import DUPLICATE, GOOD, REJECTED
from data_access.loading.writing import Outcome, Writer
from domain.periods import LONDON
from domain.programme import parse_programme


def load_file(
    engine: Engine,
    kind: str,
    path: str | Path,
    *,
    programme_code: str | None = None,
    actor: str,
    options: LoadOptions | None = None,
    today: date | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> LoadResult:
    """Load one extract file; raise LoadRefused (and change nothing) when it cannot be used as a whole.

    ``today`` is the last day that is not "in the future" (default: today in London). With ``dry_run`` nothing is
    written and nobody's writing is held up: the result (without ``load_id``) has the counts that a load now would
    have, but no notes on what only storing finds out (where crimes lie, which minutes change).
    """
    if kind not in KINDS:
        raise LoadRefused(f"There is no kind “{kind}”. Kinds: {', '.join(KINDS)}.")
    options = options or LoadOptions()
    file = open_source(path)
    refuse_pictures(file)
    if kind == "programme":
        with _said_plainly(file.name):
            return load_programme(engine, file, programme_code, actor, options, dry_run=dry_run)
    code = _programme_code(engine, programme_code)
    today = today or datetime.now(LONDON).date()
    with engine.connect() as conn:
        programme_id, context = _context(conn, code, file, options, today)
        known = _known(conn, programme_id, kind, context)
    if known is not None:
        return already_loaded(known, code)
    parsed = KINDS[kind].read(context)
    parsed.source = parsed.source[: s.load.c.source.type.length]  # compared with what is stored
    refuse_all_rejected(file.name, parsed.rows)
    if dry_run:
        return _would_be(engine, kind, programme_id, code, context, parsed)
    with _said_plainly(file.name), ping_store.transaction(engine) as conn:
        ping_store.finish_interrupted(conn, programme_id)
        # Looked at again under the lock: another process may have loaded the same file meanwhile.
        known = _known(conn, programme_id, kind, context)
        if known is not None:
            return already_loaded(known, code)
        return _store(conn, kind, KINDS[kind].write, programme_id, code, context, parsed, actor, progress)


def _would_be(engine: Engine, kind: str, programme_id: int, code: str, context: Context, parsed: Parsed) -> LoadResult:
    """What ``_store`` would answer, from its first half: a writer only compares before its outcome stores."""
    with _said_plainly(context.file.name), engine.connect() as conn:
        known = _known(conn, programme_id, kind, context)
        if known is not None:
            return already_loaded(known, code)
        outcome = KINDS[kind].write(conn, programme_id, context, parsed)
    parsed.rows.finish_notes()
    return _result(kind, code, context, parsed, outcome, None)


@contextmanager
def _said_plainly(file_name: str) -> Iterator[None]:
    """A row that the database will not take refuses the file; PostgreSQL checks lengths and ranges, SQLite does not."""
    try:
        yield
    except ping_store.StoreError as problem:
        raise LoadRefused(f"{file_name} was not loaded. {problem}") from None
    except (IntegrityError, DataError) as problem:
        said = str(problem.orig).splitlines()[0]  # PostgreSQL's second line would quote the row
        raise LoadRefused(
            f"{file_name} was not loaded: the database refused a row ({said}). If someone was replacing the "
            "programme's hot spots meanwhile, load it again."
        ) from None


def _programme_code(engine: Engine, given: str | None) -> str:
    with engine.connect() as conn:
        codes = list(conn.execute(select(s.programme.c.code).order_by(s.programme.c.code)).scalars())
    if given in codes:
        return str(given)
    listed = ", ".join(codes) or "none yet; load one first: flask --app app load programme FILE"
    if given:
        raise LoadRefused(f"There is no programme “{given}”. Programmes: {listed}.")
    if len(codes) == 1:
        return str(codes[0])
    raise LoadRefused(f"Say which programme the file belongs to with --programme CODE. Programmes: {listed}.")


def _context(conn: Connection, code: str, file: SourceFile, options: LoadOptions, today: date) -> tuple[int, Context]:
    row = conn.execute(select(s.programme.c.id, s.programme.c.config).where(s.programme.c.code == code)).one()
    config = json.loads(row.config) if isinstance(row.config, str) else row.config
    areas = conn.execute(
        select(s.area.c.id, s.area.c.code, s.area.c.name)
        .where(s.area.c.programme_id == row.id)
        .order_by(s.area.c.position)
    )
    return row.id, Context(file, options, today, parse_programme(config), tuple(Area(*a) for a in areas))


def _known(conn: Connection, programme_id: int, kind: str, context: Context) -> RowMapping | None:
    known = store.same_file(conn, programme_id, kind, context.file.sha256)
    if known is None or not context.options.again:
        return known
    if known["status"] != store.CURRENT:
        return None
    # Pings whose files are damaged come back with the file they came from.
    return None if kind == "pings" and ping_store.damaged(conn, programme_id, [known["id"]]) else known


def already_loaded(known: RowMapping, code: str) -> LoadResult:
    """The same content again: every row that was not rejected then is a duplicate now; nothing changes."""
    note = f"This very file was loaded on {known['loaded_at']:%d %b %Y at %H:%M} UTC as {known['file_name']}."
    if known["status"] != store.CURRENT:
        note += " A newer file has replaced it since, and stays; to go back to this one, load it with --again."
    period = (known["period_from"].isoformat(), known["period_to"].isoformat()) if known["period_from"] else None
    return LoadResult(
        programme=code,
        kind=known["kind"],
        file_name=known["file_name"],
        load_id=known["id"],
        status=ALREADY_LOADED,
        read=known["rows_read"],
        loaded=0,
        duplicate=known["rows_read"] - known["rows_rejected"],
        rejected=known["rows_rejected"],
        period=period,
        notes=[note],
    )


def _store(
    conn: Connection,
    kind: str,
    write: Writer,
    programme_id: int,
    code: str,
    context: Context,
    parsed: Parsed,
    actor: str,
    progress: Progress | None,
) -> LoadResult:
    outcome = write(conn, programme_id, context, parsed)
    rows = parsed.rows
    load_id = store.record_load(
        conn,
        programme_id=programme_id,
        kind=kind,
        source=parsed.source,
        file_name=context.file.name,
        sha256=context.file.sha256,
        rows=rows,
        period=parsed.period,
        actor=actor,
        difference=outcome.difference,
    )
    outcome.store(conn, load_id, progress)
    store.supersede(conn, outcome.replaced, load_id)
    outcome.settle(conn, load_id)
    rows.finish_notes()
    store.update_notes(conn, load_id, rows.notes)
    return _result(kind, code, context, parsed, outcome, load_id)


def _result(
    kind: str, code: str, context: Context, parsed: Parsed, outcome: Outcome, load_id: int | None
) -> LoadResult:
    rows = parsed.rows
    period = (parsed.period[0].isoformat(), parsed.period[1].isoformat()) if parsed.period else None
    return LoadResult(
        programme=code,
        kind=kind,
        file_name=context.file.name,
        load_id=load_id,
        status=REPLACED if outcome.difference else LOADED,
        read=rows.read,
        loaded=rows.count(GOOD),
        duplicate=rows.count(DUPLICATE),
        rejected=rows.count(REJECTED),
        period=period,
        difference=outcome.difference,
        notes=list(rows.notes),
        examples=rows.rejects(10),
    )
