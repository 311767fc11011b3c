"""The programme document: the one load that may create the programme it belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from data_access import schema as s
from data_access.engine import utc_now, writing
from data_access.loading import store
from data_access.loading.readers.programme import read_programme
from data_access.loading.result import ALREADY_LOADED, LOADED, REPLACED, LoadOptions, LoadRefused, LoadResult
from data_access.loading.source_file import SourceFile
from data_access.loading.table import Rows
from domain.programme import Programme


def load_programme(
    engine: Engine, file: SourceFile, code: str | None, actor: str, options: LoadOptions, *, dry_run: bool = False
) -> LoadResult:
    """Create or update a programme from its document; with ``dry_run`` nothing is written."""
    document, programme = read_programme(file)
    if code and code != programme.code:
        raise LoadRefused(
            f"{file.name} describes the programme {programme.code}, not {code}. Leave --programme out or correct the file."
        )
    if dry_run:
        with engine.connect() as conn:
            return _plan(conn, file, document, programme, options).result
    with writing(engine).begin() as conn:
        plan = _plan(conn, file, document, programme, options)
        if plan.result.status == ALREADY_LOADED:
            return plan.result
        load_id = _store(conn, file, document, programme, actor, options, plan)
    return replace(plan.result, load_id=load_id)


@dataclass(frozen=True)
class _Plan:
    """What a load would change, looked up without changing it."""

    held: RowMapping | None
    older: list[int]
    result: LoadResult


def _plan(
    conn: Connection, file: SourceFile, document: dict[str, Any], programme: Programme, options: LoadOptions
) -> _Plan:
    held = conn.execute(select(s.programme).where(s.programme.c.code == programme.code)).mappings().first()
    known = store.same_file(conn, held["id"] if held else None, "programme", file.sha256)
    if known is not None and (known["status"] == store.CURRENT or not options.again):
        note = f"This very file was loaded on {known['loaded_at']:%d %b %Y at %H:%M} UTC."
        if known["status"] != store.CURRENT:
            note += " A newer file has replaced it since, and stays; to go back to this one, load it with --again."
        same = LoadResult(programme.code, "programme", file.name, known["id"], ALREADY_LOADED, 1, 0, 1, 0, notes=[note])
        return _Plan(held, [], same)
    older = [load["id"] for load in store.current_loads(conn, held["id"], "programme")] if held else []
    difference = {"replaced_loads": older, "changed": changed_settings(_config(held), document)} if older else None
    status = REPLACED if older else LOADED
    return _Plan(
        held, older, LoadResult(programme.code, "programme", file.name, None, status, 1, 1, 0, 0, difference=difference)
    )


def _store(
    conn: Connection,
    file: SourceFile,
    document: dict[str, Any],
    programme: Programme,
    actor: str,
    options: LoadOptions,
    plan: _Plan,
) -> int:
    load_id = store.record_load(
        conn,
        programme_id=_save(conn, programme, document, plan.held["id"] if plan.held else None),
        kind="programme",
        source=options.source or "programme",
        file_name=file.name,
        sha256=file.sha256,
        rows=Rows(pd.DataFrame({"code": [programme.code]}), [1], lambda _i: ""),
        period=None,
        actor=actor,
        difference=plan.result.difference,
    )
    store.supersede(conn, plan.older, load_id)
    return load_id


def _save(conn: Connection, programme: Programme, document: dict[str, Any], programme_id: int | None) -> int:
    values = {
        "name": programme.name[:200],
        "demonstration": programme.demonstration,
        "config": document,
        "updated_at": utc_now(),
    }
    if programme_id is not None:
        conn.execute(update(s.programme).where(s.programme.c.id == programme_id).values(**values))
        return programme_id
    created = conn.execute(insert(s.programme).values(code=programme.code, created_at=utc_now(), **values))
    return int(created.inserted_primary_key[0])


def _config(held: Any) -> dict[str, Any]:
    if held is None:
        return {}
    return json.loads(held["config"]) if isinstance(held["config"], str) else held["config"]


def changed_settings(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of the top-level settings that differ."""
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
