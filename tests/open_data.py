"""The real open data: two programmes, their wards and 48 files of data.police.uk, through the portal's own door."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from data_access.loading import LoadResult, load_file

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
CITIES = {
    "OPEN-LEICESTER": ("open-leicester.toml", "wards_leicester_E06000016.json", "leicestershire"),
    "OPEN-NOTTINGHAM": ("open-nottingham.toml", "wards_nottingham_E06000018.json", "nottinghamshire"),
}


def require_open_data() -> None:
    if not (SHARED / "police_uk").is_dir():
        pytest.skip("the real data.police.uk files are not on this machine (../shared/data/police_uk)")


def load_areas(engine: Engine, code: str) -> None:
    """The programme and its ward boundaries."""
    document, wards, _ = CITIES[code]
    load_file(engine, "programme", ROOT / "programmes" / document, actor="test")
    load_file(engine, "hot-spots", SHARED / "boundaries" / wards, programme_code=code, actor="test")


def load_crime_files(engine: Engine, code: str) -> list[LoadResult]:
    """The 24 monthly files of the programme's force."""
    paths = sorted((SHARED / "police_uk").glob(f"*-{CITIES[code][2]}-street.csv.gz"))
    return [load_file(engine, "police-uk", path, programme_code=code, actor="test") for path in paths]


def load_everything(engine: Engine) -> list[LoadResult]:
    """Both cities; about 20 seconds."""
    results: list[LoadResult] = []
    for code in CITIES:
        load_areas(engine, code)
        results += load_crime_files(engine, code)
    return results
