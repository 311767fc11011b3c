"""Sentences of the loader name options of the command line; the page names its own fields instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pages._upload_words import for_the_page

LOADING = Path(__file__).resolve().parents[2] / "data_access" / "loading"


def options() -> set[str]:
    """Every option that some sentence of the loader names."""
    text = "\n".join(path.read_text() for path in LOADING.rglob("*.py"))
    return set(re.findall(r"[ (\"']--([a-z][a-z-]+)", text))


def test_every_option_is_a_field_here() -> None:
    assert {"crs", "sheet", "replace", "mapping"} <= options()
    # Sentences with --mapping are told anew as a whole; "flask --app" is for who has no programme yet.
    for name in options() - {"mapping", "app"}:
        said = for_the_page(f"Say which with --{name} NAME.")
        assert "--" not in said, name
        assert "NAME" not in said, name


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        (
            'x.csv has no column device. Rename them, or name them in a mapping file (--mapping): [columns] and under it, for example, device = "Unit".',
            "x.csv has no column “Tracker” (device). Choose the columns under “Read it another way”.",
        ),
        (
            "x.csv has no column for occurred_from; nor for longitude + latitude or x + y. Needed: crime_ref.",
            "x.csv has no column for “Occurred from” (occurred_from); nor for longitude"
            " + latitude or “x (degrees or metres)” (x) + “y (degrees or metres)” (y). Needed: crime_ref.",
        ),
        (
            "Columns taken: device from “time”, crime_ref from “Unit”.",
            "Columns taken: “Tracker” (device) from “time”, “Reference” (crime_ref) from “Unit”.",
        ),
        (
            "Add them, or say it with --provider and --team.",
            "Add them, or say it in the field “Provider of every row” and “Team of every row”.",
        ),
        ("Add one, or say it with --provider.", "Add one, or say it in the field “Provider of every row”."),
        (
            "If this file is meant to replace it, load with --replace.",
            "If this file is meant to replace it, tick “Replace older files whose months this one covers, whatever its days” and look again.",
        ),
        (
            "Give their coordinate system with --crs, such as --crs EPSG:2154.",
            "Give their coordinate system in the field “Coordinate system”, such as EPSG:2154.",
        ),
        (
            "degrees. Say --crs EPSG:4326, or leave it out.",
            "degrees. Write EPSG:4326 in the field “Coordinate system”, or leave it empty.",
        ),
        ("Say which with --sheet NAME. Sheets: A, B", "Say which in the field “Sheet” or “Layer”. Sheets: A, B"),
    ],
)
def test_sentences(sentence: str, said: str) -> None:
    assert for_the_page(sentence) == said
