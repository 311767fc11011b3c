"""Data for the bench of returns, in a folder of its own: the demonstration, a shorter return, and many programmes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Engine, Table, insert, literal, select, update

from data_access import schema
from data_access.returns import narrative, versions
from demo.programme import CODE
from domain.scope import server_scope
from reports.sections.words import NARRATIVE

MONTH = "2023-12"
SHORT = f"{CODE}-SHORT"
# Apart from every id of the demonstration, which has some 14,000 rows in its largest table.
_APART = 1_000_000
_DONE_BY_PEOPLE = (schema.return_version, schema.return_notice, schema.job)
_WORDS = (
    "Patrols went out on every planned day but two. Shops near the market asked for later evenings, and the plan of the "
    "next month moves two visits a week from the afternoon to after six. "
)


def copy_programme(engine: Engine, number: int, code: str, **fund: str) -> None:
    """The demonstration once more under ``code``, row for row; ``fund`` changes what its return is asked for."""
    apart = number * _APART
    copied = _tables()
    with engine.begin() as conn:
        for table in copied:
            moved = [_moved(column, copied, apart) for column in table.columns]
            if table is schema.programme:
                moved = [_named(column, value, code) for column, value in zip(table.columns, moved, strict=True)]
            rows = select(*moved).where(table.c.id < _APART)
            conn.execute(insert(table).from_select([c.name for c in table.columns], rows))
        mine = schema.programme.c.code == code
        config = dict(conn.execute(select(schema.programme.c.config).where(mine)).scalar_one())
        config |= {"code": code, "fund": {**config["fund"], **fund}}
        conn.execute(update(schema.programme).where(mine).values(config=config))


def _tables() -> list[Table]:
    """What belongs to a programme, each table after those it points to."""
    found = [schema.programme]
    for table in schema.metadata.sorted_tables:
        targets = {key.column.table for key in table.foreign_keys}
        if "id" in table.c and table not in _DONE_BY_PEOPLE and targets.intersection(found):
            found.append(table)
    return found


def _moved(column: Column[Any], copied: list[Table], apart: int) -> Any:
    points = any(key.column.table in copied for key in column.foreign_keys)
    return column + apart if column.name in ("id", "weight_set_id") or points else column


def _named(column: Column[Any], value: Any, code: str) -> Any:
    return literal(code) if column.name == "code" else value


def short_return(engine: Engine, number: int = 1, code: str = SHORT) -> None:
    """A programme that is asked for the short return, with a narrative of two paragraphs under every heading."""
    copy_programme(engine, number, code, return_template="short")
    scope = server_scope("bench")
    words = dict.fromkeys(NARRATIVE, f"{_WORDS * 3}\n{_WORDS * 2}")
    narrative.save(scope, code, MONTH, words, versions.latest(scope, code, MONTH).revision)
