"""Monthly ping files of each provider, and the minutes that the dosage engine finds in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from analysis.dosage.local_days import date_of, day_numbers
from analysis.dosage.rules import Rules
from analysis.dosage.tables import DEGREE, PingBatch
from analysis.dosage.visits import Visits, visits
from demo.calendar import DATA_TO, DURING, stream
from demo.files import write_gzip
from demo.places import polygons
from demo.tracks import Track
from domain.periods import month_of

HEADER = "device,time,longitude,latitude,team,provider"


def write_ping_files(
    folder: Path, seed: int, tracks: list[Track], progress: Callable[[str], None] | None = None
) -> list[Path]:
    """One file a provider and local month. A few rows repeat and a few have lost their position, as files do."""
    say = progress or (lambda _sentence: None)
    rng = stream(seed, "ping files")
    lines: dict[tuple[str, str], list[str]] = {}
    for track in tracks:
        for month, rows in _lines(track):
            lines.setdefault((track.provider, month), []).extend(rows)
    paths = []
    for (provider, month), rows in sorted(lines.items()):
        say(f"Writing pings of {provider}, {month}")
        text = "\n".join([HEADER, *rows, *_flaws(rows, rng)]) + "\n"
        paths.append(write_gzip(folder / f"pings_{provider}_{month}.csv.gz", text))
    return paths


def _lines(track: Track) -> list[tuple[str, list[str]]]:
    """Rows of the file by local month; the days after the last month of data are left out."""
    times = np.datetime_as_string(track.t_utc_s.astype("datetime64[s]"))
    end = f",{track.team},{track.provider}"
    days = day_numbers(track.t_utc_s * 1000)
    found = []
    for number in np.unique(days):
        day = date_of(int(number))
        if day <= DATA_TO:
            rows = [
                f"{track.device},{t}Z,{x:.6f},{y:.6f}{end}"
                for t, x, y in zip(
                    times[days == number], track.lon[days == number], track.lat[days == number], strict=True
                )
            ]
            found.append((month_of(day), rows))
    return found


def _flaws(rows: list[str], rng: np.random.Generator) -> list[str]:
    repeated = [rows[i] for i in rng.integers(len(rows), size=int(rng.poisson(3)))]
    lost = []
    for i in rng.integers(len(rows), size=int(rng.poisson(0.6))):
        cells = rows[i].split(",")
        # A time of its own, so that the row is rejected for its position and not taken for a repeat.
        lost.append(",".join([cells[0], cells[1].replace("Z", ".5Z"), "", "", *cells[4:]]))
    return repeated + lost


def window_minutes(tracks: list[Track]) -> dict[str, float]:
    """Patrol-minutes of visits (the minimum dwell or longer) by provider in the DURING window.

    By the default rules, as a portal that nobody has set otherwise counts them.
    """
    teams = sorted({(t.provider, t.team) for t in tracks})
    found = _visits(_batch(tracks, teams))
    first, last = ((day - date_of(0)).days for day in (DURING.start, DURING.end))
    inside = found.counts_as_visit & (found.day >= first) & (found.day <= last)
    providers = np.array([provider for provider, _ in teams])[found.team]
    return {str(p): float(found.patrol_minutes[inside & (providers == p)].sum()) for p in np.unique(providers)}


def _batch(tracks: list[Track], teams: list[tuple[str, str]]) -> PingBatch:
    devices = sorted({(t.provider, t.device) for t in tracks})
    counts = [len(t.t_utc_s) for t in tracks]
    device = np.repeat([devices.index((t.provider, t.device)) for t in tracks], counts).astype(np.int32)
    team = np.repeat([teams.index((t.provider, t.team)) for t in tracks], counts).astype(np.int32)
    t_ms = np.concatenate([t.t_utc_s for t in tracks]) * 1000
    lon, lat = (
        np.rint(np.concatenate([getattr(t, axis) for t in tracks]) * DEGREE).astype(np.int32) for axis in ("lon", "lat")
    )
    batch = PingBatch(device, team, t_ms, lon, lat)
    return batch.take(np.lexsort((t_ms, device)))


def _visits(batch: PingBatch) -> Visits:
    rules, areas = Rules(), polygons()
    pieces = locate(batch, Boundaries(with_bands(areas, rules.band_m))).pieces
    return visits(count(pieces, len(areas), rules), rules)
