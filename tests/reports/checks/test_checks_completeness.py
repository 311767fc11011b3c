"""A return is complete, or says field by field what it lacks."""

from __future__ import annotations

from dataclasses import replace

from domain.return_template import STANDARD, templates
from reports.checks.completeness import completeness
from reports.checks.model import Severity
from reports.model import Fact, ReturnContents
from reports.sections.words import NARRATIVE
from tests.reports.checks.changed_contents import with_cell, with_entry, with_fact, with_facts

TEMPLATE = templates()[STANDARD]
WRITTEN = dict.fromkeys(NARRATIVE, "None this month.")


def _keys(contents: ReturnContents, narrative: dict[str, str] = WRITTEN) -> dict[str, Severity]:
    return {f.key.split(":")[1]: f.severity for f in completeness(contents, TEMPLATE, narrative).findings}


def test_empty_highlights_stop_the_return_and_other_empty_fields_need_a_reason(contents: ReturnContents) -> None:
    found = _keys(contents, {"highlights": "  "})
    assert found["highlights"] is Severity.BLOCKING
    assert found["narrative"] is Severity.REASON
    assert "highlights" not in _keys(contents, {"highlights": "A month."})
    assert {"highlights", "narrative"} & set(_keys(contents)) == set()


def _missing(contents: ReturnContents) -> str:
    """The sentence about values that are missing; "" where none is."""
    found = [f for f in completeness(contents, TEMPLATE, WRITTEN).findings if f.key.startswith("completeness:values:")]
    assert all(f.severity is Severity.REASON for f in found)
    return found[0].sentence if found else ""


def test_values_that_are_missing_need_one_reason_and_are_named_with_their_own_words(contents: ReturnContents) -> None:
    result = completeness(contents, TEMPLATE, WRITTEN)
    (found,) = result.findings
    assert "Knives counted apart" in found.sentence
    assert "not of what kind they were." in found.sentence
    assert "D" in found.where
    count = int(found.sentence.split()[0])
    assert result.about.startswith(f"{40 - count} of 40 fields")


def test_a_quarterly_field_between_quarters_is_complete(contents: ReturnContents) -> None:
    assert contents.fact("F", "public_perception_survey", "Public perception").value == "[z]"
    assert "Public perception" not in _missing(contents)
    gap = with_facts(
        contents, "F", "public_perception_survey", Fact("Public perception", "[x]", "No survey is loaded.")
    )
    assert "F, Public perception: No survey is loaded." in _missing(gap)


def test_an_empty_cell_of_a_table_is_named(contents: ReturnContents) -> None:
    hidden = with_cell(contents, "F", "cchi_harm", "Harm in", (0, 1), "[x]")
    assert "1 cell of its tables (Harm (days), Oct 2023)" in _missing(hidden)


def test_a_field_that_the_return_leaves_out_stops_it(contents: ReturnContents) -> None:
    assert _keys(with_entry(contents, "D", "arrests", None))["D arrests"] is Severity.BLOCKING
    entry = replace(contents.entry("D", "arrests"), facts=())
    assert "D, Arrests: no value." in _missing(with_entry(contents, "D", "arrests", entry))


def test_signatures_are_not_asked_for_before_anybody_can_sign(contents: ReturnContents) -> None:
    assert not [key for key in _keys(contents) if key.startswith("K")]


def test_a_reason_serves_while_the_same_fields_are_missing_and_falls_away_when_another_is(
    contents: ReturnContents,
) -> None:
    def keys(of: ReturnContents) -> set[str]:
        return {f.key for f in completeness(of, TEMPLATE, WRITTEN).findings}

    def without_arrests(why: str) -> ReturnContents:
        return with_fact(contents, "D", "arrests", "Arrests made in patrol", value="[x]", note=why)

    assert keys(without_arrests("None in Oct 2023.")) == keys(without_arrests("None in Nov 2023.")) != keys(contents)
