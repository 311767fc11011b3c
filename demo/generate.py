"""Writes the demonstration programme as extract files, the same bytes for the same seed.

The files then go through the same door as a user's own. The generator knows the published numbers it is
calibrated to; the portal does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo import activity, crimes, money, offences, surroundings
from demo.files import csv_text, write_text
from demo.pings import window_minutes, write_ping_files
from demo.places import hot_spots_geojson
from demo.programme import SEED, programme_toml
from demo.schedule import Shift, make_schedule, patrolled_days
from demo.tracks import tracks

Extract = tuple[str, Path, dict[str, Any]]  # kind, file, options of the load
Progress = Callable[[str], None]


def write_extracts(folder: Path, seed: int = SEED, progress: Progress | None = None) -> list[Extract]:
    """Write every extract file into ``folder`` and list them in the order they load.

    ``progress`` is called with one short sentence before each stage.
    """
    say = progress or (lambda _sentence: None)
    folder.mkdir(parents=True, exist_ok=True)
    say("Planning shifts and visits")
    shifts = make_schedule(seed)
    say("Writing hot spots, harm weights and crimes")
    recorded = crimes.crime_rows(seed, patrolled_days(shifts))
    first = _small_files(folder) + _crimes(folder, recorded)
    say("Walking the patrols")
    walked = list(tracks(seed, shifts))
    pings = [("pings", path, {}) for path in write_ping_files(folder, seed, walked, say)]
    say("Writing plan, costs, engagements, comparators, conditions and case studies")
    around = _around(folder, seed, recorded)
    return [*first, *pings, *_tables(folder, seed, shifts, window_minutes(walked)), *around, _cases(folder)]


def _small_files(folder: Path) -> list[Extract]:
    weights = csv_text(("offence_code", "offence_title", "harm_days", "edition"), offences.weight_rows())
    return [
        ("programme", write_text(folder / "programme.toml", programme_toml()), {}),
        ("hot-spots", write_text(folder / "hot_spots.geojson", json.dumps(hot_spots_geojson(), indent=1)), {}),
        (
            "weights",
            write_text(folder / "weights.csv", weights),
            {"index": offences.INDEX_NAME, "edition": offences.EDITION, "basis": offences.BASIS},
        ),
    ]


def _crimes(folder: Path, rows: list[list[str]]) -> list[Extract]:
    return [("crimes", write_text(folder / "crimes_2019-10_2024-01.csv", csv_text(crimes.HEADER, rows)), {})]


def _tables(folder: Path, seed: int, shifts: list[Shift], minutes: dict[str, float]) -> list[Extract]:
    tables = (
        ("plan", activity.PLAN_HEADER, activity.plan_rows(shifts)),
        ("costs", money.HEADER, money.cost_rows(seed, shifts, minutes)),
        ("engagements", activity.ENGAGEMENT_HEADER, activity.engagement_rows(seed, shifts)),
    )
    return [_csv(folder, kind, header, rows) for kind, header, rows in tables]


def _around(folder: Path, seed: int, recorded: list[list[str]]) -> list[Extract]:
    rows = surroundings.comparator_rows(seed, recorded)
    return [
        _csv(folder, "comparators", surroundings.COMPARATOR_HEADER, rows),
        _csv(folder, "conditions", surroundings.CONDITION_HEADER, surroundings.condition_rows(seed)),
    ]


def _csv(folder: Path, kind: str, header: tuple[str, ...], rows: list[list[str]]) -> Extract:
    return kind, write_text(folder / f"{kind}.csv", csv_text(header, rows)), {}


def _cases(folder: Path) -> Extract:
    cases = json.dumps({"case_studies": list(activity.CASE_STUDIES)}, indent=1)
    return "case-studies", write_text(folder / "case_studies.json", cases), {}
