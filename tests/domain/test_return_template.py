"""Return templates: those that ship can be used, and one that cannot says everything that is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.programme import ProgrammeError, parse_programme
from domain.return_template import (
    ALWAYS,
    FOLDER,
    LIBRARY,
    STANDARD,
    ReturnTemplateError,
    parse_library,
    parse_template,
    templates,
)
from tests.factories import PROGRAMME

FIELDS = parse_library(tomllib.loads((FOLDER / LIBRARY).read_text()))
GOOD = {
    "name": "mine", "version": 2, "title": "My return", "about": "Cover and signature.",
    "sign_off": {"prepared": "By", "checked": "Seen by", "approved": "Approved by", "submitted": "Sent"},
    "sections": {"K": "Signed", "A": "Cover"},
}  # fmt: skip


def test_those_that_ship_can_be_used_and_one_asks_for_everything() -> None:
    assert set(templates()) == {"standard", "short"}
    assert templates()[STANDARD].fields == FIELDS
    short = templates()["short"]
    assert len(short.fields) < len(FIELDS) / 2 + 5
    assert short.get("H", "amount_claimed_this_period").label == "Claim of this month"
    assert short.get("D", "arrests").label == templates()[STANDARD].get("D", "arrests").label, "answered, not asked for"
    assert not short.asks(short.get("D", "arrests"))


def test_sections_stand_in_the_templates_order_and_hold_all_their_fields_unless_it_chooses() -> None:
    made = parse_template({**GOOD, "fields": {"A": ["reporting_month", "return_id"]}}, FIELDS)
    assert [letter for letter, _ in made.sections] == ["K", "A"]
    assert [f.key for f in made.fields] == ["prepared", "reporting_month", "return_id"]
    assert [f.key for f in parse_template(GOOD, FIELDS).of("A")] == [f.key for f in FIELDS if f.section == "A"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "name: a text is needed"),
        ({"version": 0}, "version: a whole number of 1 or more"),
        ({"version": True}, "version: a whole number"),
        ({"sign_off": []}, "sign_off: the words for each step"),
        ({"sign_off": {"prepared": "By", "checked": "By", "approved": "By"}}, "sign_off.submitted: a return needs"),
        ({"sign_off": {**GOOD["sign_off"], "sung": "By"}}, "sign_off.sung: there is no such step"),
        ({"sign_off": {**GOOD["sign_off"], "certified": ""}}, "sign_off.certified: a text is needed"),
        ({"defaults": {"marking": "SECRET"}}, "defaults.marking: one of OFFICIAL"),
        ({"defaults": {"due_day": 31}}, "defaults.due_day: a day from 1 to 28"),
        ({"defaults": {"colour": 1}}, "defaults.colour: not known"),
        ({"defaults": {"targets": [1]}}, "defaults.targets: a list of tables"),
        ({"sections": {}}, "sections: a letter and a title"),
        ({"sections": {"A": "Cover", "K": "Signed", "Z": "Last"}}, "sections.Z: there is no such section"),
        ({"sections": {"A": "Cover"}}, "The field K prepared cannot be left out"),
        ({"fields": {"A": ["return_id"]}}, "The field A reporting_month cannot be left out"),
        ({"fields": {"A": ["return_id", "reporting_month", "colour"]}}, "“colour” is not a field; there are return_id"),
        ({"fields": {"A": ["return_id", "reporting_month", "return_id"]}}, "fields.A: a key is there twice"),
        ({"fields": {"C": ["patrols_total"]}}, "fields.C: the section is not among"),
        ({"fields": {"A": "all"}}, "fields.A: a list of keys is needed"),
        ({"changes": [{"section": "A", "key": "colour", "label": "x"}]}, "A colour is not among the template's fields"),
        (
            {"changes": [{"section": "A", "key": "return_id", "type": "x"}]},
            "only texts for label, frequency, definition",
        ),
        ({"changes": [{"section": "A", "key": "return_id", "frequency": "W"}]}, "the frequency is M, Q or M/Q"),
        ({"colour": "blue"}, "“colour” is not known in a template"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], said: str) -> None:
    with pytest.raises(ReturnTemplateError) as refused:
        parse_template({**GOOD, **change}, FIELDS)
    assert said in str(refused.value)


def test_the_certificate_is_the_only_step_a_fund_may_do_without() -> None:
    assert templates()[STANDARD].certified
    assert not templates()["short"].certified
    mixed = dict(reversed(GOOD["sign_off"].items()))
    made = parse_template({**GOOD, "sign_off": mixed}, FIELDS)
    assert [step for step, _ in made.sign_off] == ["prepared", "checked", "approved", "submitted"], "in their own order"


def test_the_example_in_the_documentation_can_be_used() -> None:
    text = (FOLDER.parents[1] / "docs" / "return-templates.md").read_text()
    made = parse_template(tomllib.loads(text.split("```toml")[1].split("```")[0]), FIELDS)
    assert made.get("C", "patrols_total").label == "Patrol visits"
    assert made.certified
    fund = {**PROGRAMME["fund"], "return_template": "short"}
    assert parse_programme({**PROGRAMME, "fund": fund, "targets": made.defaults["targets"]}).targets[0].value == 9000


def test_a_programme_that_does_not_say_reports_as_its_template_does() -> None:
    fund = {**PROGRAMME["fund"], "return_template": "short"}
    fund.pop("return_due_day", None)
    assert parse_programme({**PROGRAMME, "fund": fund}).return_due_day == 10
    assert parse_programme({**PROGRAMME, "fund": {**fund, "return_due_day": 21}}).return_due_day == 21


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ReturnTemplateError) as refused:
        parse_template({**GOOD, "name": "", "version": "1", "sign_off": "me"}, FIELDS)
    assert len(refused.value.problems) == 3


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["A", "K", "section", "key", "label", "x"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*GOOD, "fields", "changes", "defaults", "other"]), ANYTHING, max_size=4))
def test_any_document_makes_a_template_or_is_refused_in_words(change: dict[str, object]) -> None:
    problems: list[str] = []
    held = set(ALWAYS)
    try:
        held = {(f.section, f.key) for f in parse_template({**GOOD, **change}, FIELDS).fields}
    except ReturnTemplateError as refused:
        problems = refused.problems or ["said nothing"]
    assert held >= set(ALWAYS)
    assert all(problem.endswith(".") for problem in problems)


def test_a_file_is_named_in_what_is_said_of_it(tmp_path: Path) -> None:
    (tmp_path / LIBRARY).write_bytes((FOLDER / LIBRARY).read_bytes())
    (tmp_path / "mine.toml").write_text('name = "other"\n')
    with pytest.raises(ReturnTemplateError, match=r"mine\.toml: version: a whole number"):
        templates(tmp_path)
    (tmp_path / "mine.toml").write_text("name = \n")
    with pytest.raises(ReturnTemplateError, match=r"mine\.toml: "):
        templates(tmp_path)


def test_a_programme_names_a_template_that_is_there() -> None:
    fund = PROGRAMME["fund"]
    assert parse_programme(PROGRAMME).return_template == STANDARD
    assert parse_programme({**PROGRAMME, "fund": {**fund, "return_template": "short"}}).return_template == "short"
    with pytest.raises(ProgrammeError, match=r"fund\.return_template: .*short.*standard"):
        parse_programme({**PROGRAMME, "fund": {**fund, "return_template": "long"}})
