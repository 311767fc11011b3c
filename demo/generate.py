"""Writes the demonstration programme as extract files, the same bytes for the same seed.

The files then go through the same door as a user's own. The generator knows the published numbers it is
calibrated to; the portal does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from demo import crimes, offences
from demo.files import csv_text, write_text
from demo.places import hot_spots_geojson
from demo.programme import programme_toml
from demo.schedule import make_schedule, patrolled_days

SEED = 20230213
Extract = tuple[str, Path, dict[str, Any]]  # kind, file, options of the load
Progress = Callable[[str], None]


def write_extracts(folder: Path, seed: int = SEED, progress: Progress | None = None) -> list[Extract]:
    """Write every extract file into ``folder`` and list them in the order they load.

    ``progress`` is called with one short sentence before each stage.
    """
    say = progress or (lambda _sentence: None)
    folder.mkdir(parents=True, exist_ok=True)
    say("Planning shifts and visits")
    schedule = make_schedule(seed)
    say("Writing hot spots, harm weights and crimes")
    return _small_files(folder) + _crimes(folder, seed, schedule)


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


def _crimes(folder: Path, seed: int, schedule: list[Any]) -> list[Extract]:
    rows = crimes.crime_rows(seed, patrolled_days(schedule))
    return [("crimes", write_text(folder / "crimes_2019-10_2024-01.csv", csv_text(crimes.HEADER, rows)), {})]
