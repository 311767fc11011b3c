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

from analysis.dosage.rules import Rules
from analysis.dosage.visits import Visits
from data_access.dosage_rules import rules_as_json
from data_access.loading.boundary_files import BoundaryList
from data_access.loading.result import LoadRefused
from data_access.partitions import Found
from data_access.sorting import Workspace
from data_access.streamed_counting import Totals, count_visits
from domain.formats import safe_cell
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
_MAY_RUN = tuple("=+-@\t\r")


@dataclass(frozen=True)
class Counted:
    """What was found, where, by which rules; ``totals`` is complete once the visits have been written."""

    found: Found
    hot_spots: BoundaryList
    rules: Rules
    totals: Totals


def write_visits(found: Found, hot_spots: BoundaryList, rules: Rules, space: Workspace, out: Path) -> Counted:
    """Count and write the visits, beside ``out`` and then renamed: whatever happens, never half a file has that name."""
    result = Counted(found, hot_spots, rules, Totals(len(hot_spots)))
    each = count_visits(found, len(hot_spots), rules, space, result.totals)
    under_way: Path | None = None
    try:
        fd, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.absolute().parent)
        under_way = Path(name)
        with os.fdopen(fd, "wb") as handle:
            write = _write_csv if out.suffix.lower() == ".csv" else _write_parquet
            write((_table(result, some) for some in each), handle)
            handle.flush()
            os.fsync(handle.fileno())
        # Made for us alone; the result gets the rights that any new file of this user has.
        under_way.chmod(0o666 & ~_umask())
        os.replace(under_way, out)
    except OSError as problem:
        raise LoadRefused(f"“{out}” cannot be written: {problem.strerror or problem}.") from None
    finally:
        if under_way:
            under_way.unlink(missing_ok=True)
    return result


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _table(result: Counted, v: Visits) -> pa.Table:
    names, spots = result.found.teams, [result.hot_spots[n] for n in v.polygon]
    # Whole milliseconds, downwards: rounding up could reach the next day.
    t_in, t_out = (np.floor(t).astype("datetime64[ms]") for t in (v.t_in_ms, v.t_out_ms))
    return pa.table(
        [
            pa.array([names[n][0] for n in v.team], pa.string()), pa.array([names[n][1] for n in v.team], pa.string()),
            pa.array([s.code for s in spots], pa.string()), pa.array([s.name for s in spots], pa.string()),
            pa.array(v.day.astype(np.int32), pa.int32()).cast(pa.date32()),
            pa.array(t_in).cast(_MOMENT), pa.array(t_out).cast(_MOMENT),
            *(getattr(v, f"{what}_minutes") for what in ("patrol", "person", "bridged", "silent")), v.counts_as_visit,
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
        return safe_cell(value)
    # Six decimals of a minute are a sixteenth of a millisecond.
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def summary(result: Counted) -> dict[str, Any]:
    """Counts and minutes as one document: plain numbers, unrounded, names as the files gave them."""
    found, totals, located = result.found, result.totals, result.found.located
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
        "visits": int(totals.visits.sum()),
        "passed_through": int(totals.passed_through.sum()),
        "minutes": totals.minutes(),
        "by_hot_spot": [
            {"hot_spot": spot.code, "name": spot.name, "visits": int(totals.visits[n]),
             "passed_through": int(totals.passed_through[n]), **totals.minutes(n)}
            for n, spot in enumerate(result.hot_spots)
        ],
        "hot_spots_rejected": [f"Feature {r['row_number']}: {r['reason']}" for r in result.hot_spots.rejected],
        "notes": [*result.hot_spots.notes, *found.notes],
    }  # fmt: skip


def _moment(t_ms: int) -> str:
    return datetime.fromtimestamp(int(t_ms) / 1000, UTC).astimezone(LONDON).isoformat(timespec="milliseconds")


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
        f"{_some(document['visits'], 'visit')} of {_some(document['teams'], 'team')}: {m['visit_patrol_minutes']:,.1f} "
        f"patrol-minutes; passed through {_some(document['passed_through'], 'time')}: "
        f"{m['passed_through_patrol_minutes']:,.1f} minutes; together {m['patrol_minutes']:,.1f} "
        f"({m['plain_patrol_minutes']:,.1f} by exact crossings alone)"
    )
    busy = [s for s in document["by_hot_spot"] if s["patrol_minutes"] or s["plain_patrol_minutes"]]
    for spot in sorted(busy, key=lambda s: -s["patrol_minutes"])[:20]:
        lines.append(
            f"  {spot['hot_spot']} {spot['name']}: {_some(spot['visits'], 'visit')}, {spot['visit_patrol_minutes']:,.1f} "
            f"patrol-minutes; passing through {spot['passed_through_patrol_minutes']:,.1f} "
            f"({spot['plain_patrol_minutes']:,.1f} in all by exact crossings alone)"
        )
    if len(busy) > 20:
        lines.append(f"  and {len(busy) - 20:,} more hot spots; --json lists all.")
    lines.append(f"Visits are in {out_name}.")
    return "\n".join(lines)


def _some(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
