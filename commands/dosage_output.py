"""What the command ``dosage`` gives: a file of visits, whole or not there, and a summary."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.dosage.counting import count
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.visits import DayMinutes, Visits, day_minutes, visits
from data_access.dosage_rules import rules_as_json
from data_access.loading.boundary_files import BoundaryList
from data_access.loading.result import LoadRefused
from data_access.partitions import Found
from domain.periods import LONDON

_MOMENT = pa.timestamp("ms", tz=LONDON.key)
SCHEMA = pa.schema(
    [
        ("provider", pa.string()),
        ("team", pa.string()),
        ("hot_spot", pa.string()),
        ("hot_spot_name", pa.string()),
        ("date", pa.date32()),
        ("entered", _MOMENT),
        ("left", _MOMENT),
        ("patrol_minutes", pa.float64()),
        ("person_minutes", pa.float64()),
        ("bridged_minutes", pa.float64()),
        ("silent_minutes", pa.float64()),
        ("counts_as_visit", pa.bool_()),
    ]
)
_ROWS = 1 << 16
_MAY_RUN = tuple("=+-@\t\r")
_MINUTES = ("patrol_minutes", "person_minutes")


@dataclass(frozen=True)
class Counted:
    """Visits under the rules, and the minutes of each day with and without them."""

    found: Found
    hot_spots: BoundaryList
    rules: Rules
    visits: Visits
    by_rules: DayMinutes
    plain: DayMinutes


def counted(found: Found, hot_spots: BoundaryList, rules: Rules) -> Counted:
    pieces, n = found.located.pieces, len(hot_spots)
    stays = count(pieces, n, rules)
    plain = stays if rules == PLAIN else count(pieces, n, PLAIN)
    return Counted(found, hot_spots, rules, visits(stays, rules), day_minutes(stays), day_minutes(plain))


def write_visits(result: Counted, out: Path) -> None:
    """Write beside ``out`` and rename, so that whatever happens there is never half a file under that name."""
    try:
        fd, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.absolute().parent)
        under_way = Path(name)
        try:
            with os.fdopen(fd, "wb") as handle:
                (_write_csv if out.suffix.lower() == ".csv" else _write_parquet)(_tables(result), handle)
                handle.flush()
                os.fsync(handle.fileno())
            # Made for us alone; the result gets the rights that any new file of this user has.
            under_way.chmod(0o666 & ~_umask())
            os.replace(under_way, out)
        finally:
            under_way.unlink(missing_ok=True)
    except OSError as problem:
        raise LoadRefused(f"“{out}” cannot be written: {problem.strerror or problem}.") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _tables(result: Counted) -> Iterator[pa.Table]:
    """The visits by provider, team, hot spot and time, some at a time."""
    v, names = result.visits, result.found.teams
    for start in range(0, len(v), _ROWS):
        at = slice(start, start + _ROWS)
        spots = [result.hot_spots[n] for n in v.polygon[at]]
        # Whole milliseconds, downwards: rounding up could reach the next day.
        t_in, t_out = (np.floor(t[at]).astype("datetime64[ms]") for t in (v.t_in_ms, v.t_out_ms))
        yield pa.table(
            [
                pa.array([names[n][0] for n in v.team[at]]), pa.array([names[n][1] for n in v.team[at]]),
                pa.array([s.code for s in spots]), pa.array([s.name for s in spots]),
                pa.array(v.day[at].astype(np.int32), pa.int32()).cast(pa.date32()),
                pa.array(t_in).cast(_MOMENT), pa.array(t_out).cast(_MOMENT),
                *(getattr(v, f"{what}_minutes")[at] for what in ("patrol", "person", "bridged", "silent")),
                v.counts_as_visit[at],
            ],
            schema=SCHEMA,
        )  # fmt: skip


def _write_parquet(tables: Iterator[pa.Table], handle: Any) -> None:
    with pq.ParquetWriter(handle, SCHEMA, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)


def _write_csv(tables: Iterator[pa.Table], handle: Any) -> None:
    text = io.TextIOWrapper(handle, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SCHEMA.names)
    for table in tables:
        for row in table.to_pylist():
            writer.writerow([_cell(value) for value in row.values()])
    text.detach()


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value[:1] in _MAY_RUN:
        from components.block import safe_cell  # here, because it brings Dash

        return safe_cell(value)
    # Six decimals of a minute are a sixteenth of a millisecond.
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def summary(result: Counted) -> dict[str, Any]:
    """Counts and minutes as one document: plain numbers, unrounded, names as the files gave them."""
    found, v = result.found, result.visits
    located = found.located
    pings = {
        "read": found.read, "used": located.used, "repeats": located.repeats,
        "rejected": sum(found.rejected.values()), "late": found.late,
        "rejected_by_reason": dict(sorted(found.rejected.items(), key=lambda item: (-item[1], item[0]))),
    }  # fmt: skip
    return {
        "pings": pings,
        "devices": len(located.first),
        "teams": len(found.teams),
        "from": _moment(located.first.t_ms.min()) if len(located.first) else None,
        "to": _moment(located.last.t_ms.max()) if len(located.last) else None,
        "rules": rules_as_json(result.rules),
        "visits": int(v.counts_as_visit.sum()),
        "passed_through": int((~v.counts_as_visit).sum()),
        "minutes": _minutes(result, slice(None), slice(None)),
        "by_hot_spot": [_hot_spot(result, number) for number in range(len(result.hot_spots))],
        "hot_spots_rejected": [f"Feature {r['row_number']}: {r['reason']}" for r in result.hot_spots.rejected],
        "notes": [*result.hot_spots.notes, *found.notes],
    }


def _moment(t_ms: int) -> str:
    return datetime.fromtimestamp(int(t_ms) / 1000, UTC).astimezone(LONDON).isoformat(timespec="milliseconds")


def _hot_spot(result: Counted, number: int) -> dict[str, Any]:
    v, spot = result.visits, result.hot_spots[number]
    mine = v.polygon == number
    return {
        "hot_spot": spot.code,
        "name": spot.name,
        "visits": int((mine & v.counts_as_visit).sum()),
        "passed_through": int((mine & ~v.counts_as_visit).sum()),
        **_minutes(result, result.by_rules.polygon == number, result.plain.polygon == number),
    }


def _minutes(result: Counted, by_rules: Any, plain: Any) -> dict[str, float]:
    with_rules = {name: float(getattr(result.by_rules, name)[by_rules].sum()) for name in _MINUTES}
    return with_rules | {f"plain_{name}": float(getattr(result.plain, name)[plain].sum()) for name in _MINUTES}


def summary_text(document: dict[str, Any], out_name: str) -> str:
    p, m = document["pings"], document["minutes"]
    lines = [
        f"{_some(p['read'], 'ping')} read = {p['used']:,} used + {p['repeats']:,} repeated + {p['rejected']:,} rejected",
        *(f"  {count:,} rejected: {reason}" for reason, count in p["rejected_by_reason"].items()),
    ]
    if p["late"]:
        lines.append(f"  {p['late']:,} came after later pings of their device and were sorted in.")
    lines += [f"  {note}" for note in (*document["hot_spots_rejected"], *document["notes"])]
    lines.append(
        f"{_some(document['visits'], 'visit')} of {_some(document['teams'], 'team')}, and "
        f"{_some(document['passed_through'], 'time')} passed through: {m['patrol_minutes']:,.1f} patrol-minutes ({m['plain_patrol_minutes']:,.1f} by exact crossings alone)"
    )
    busy = [s for s in document["by_hot_spot"] if s["patrol_minutes"] or s["plain_patrol_minutes"]]
    for spot in sorted(busy, key=lambda s: -s["patrol_minutes"])[:20]:
        lines.append(
            f"  {spot['hot_spot']} {spot['name']}: {_some(spot['visits'], 'visit')}, {spot['patrol_minutes']:,.1f} "
            f"patrol-minutes ({spot['plain_patrol_minutes']:,.1f} plain)"
        )
    if len(busy) > 20:
        lines.append(f"  and {len(busy) - 20:,} more hot spots; --json lists all.")
    lines.append(f"Visits are in {out_name}.")
    return "\n".join(lines)


def _some(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
