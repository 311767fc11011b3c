"""The return covers every field the Home Office's monitoring and good practice ask for."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from domain.return_template import STANDARD, templates

CSV = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "reference" / "monthly_return_fields.csv"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def test_sections_run_from_a_to_k() -> None:
    assert "".join(letter for letter, _ in templates()[STANDARD].sections) == "ABCDEFGHIJK"
    for letter, _ in templates()[STANDARD].sections:
        assert templates()[STANDARD].of(letter), f"section {letter} has no field"


def test_every_field_has_a_definition_a_reader_can_use() -> None:
    for field in templates()[STANDARD].fields:
        assert field.definition.endswith("."), field.key
        assert len(field.definition.split()) >= 6, field.key


def test_every_row_of_the_reference_list_is_covered() -> None:
    if not CSV.exists():
        pytest.skip("The reference list monthly_return_fields.csv is not here.")
    with CSV.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    matched = []
    for row in rows:
        found = [
            f
            for f in templates()[STANDARD].fields
            if f.section == row["section"][0] and _slug(row["field"]).startswith(f.key)
        ]
        assert len(found) == 1, f"{row['section']} “{row['field']}” is covered by {len(found)} fields"
        assert found[0].frequency == row["frequency"], row["field"]
        matched.append(found[0].key)
    assert len(rows) == 41
    assert len(set(matched)) == len(templates()[STANDARD].fields)
