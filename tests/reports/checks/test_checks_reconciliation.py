"""Every number in the return is worked out again, and one wrong digit anywhere stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from data_access import schema
from data_access.engine import make_engine
from domain import formats
from domain.scope import Scope
from reports.checks.looked import Looked
from reports.checks.model import Severity
from reports.checks.printed import Place, Printed, figures_in, parsed, printed
from reports.checks.reconciliation import Outcome, compare, reconciled, reconciliation, recount
from reports.checks.recount import Known
from reports.checks.sums import sums
from reports.contents import build_contents
from reports.corrections import with_corrections
from reports.model import ReturnContents
from reports.restated import measures
from tests.copying import copy_folder
from tests.reports.checks.changed_contents import with_cell, with_entry, with_fact

BLOCKS = Severity.BLOCKING
NAMES = ("Test edition",)


def _outcome(scope: Scope, contents: ReturnContents) -> Outcome:
    look = Looked(scope, contents, {})
    return compare(printed(contents, look.names), recount(look))


@pytest.mark.parametrize(
    ("code", "month", "least"),
    [
        ("STEP", "2023-03", 60),
        ("SHORT", "2021-10", 40),
    ],
)
def test_every_number_is_worked_out_again_or_named_with_its_reason(
    scope: Scope, code: str, month: str, least: int
) -> None:
    _check_that_all_is_known(_outcome(scope, build_contents(scope, code, month)), least)


def test_every_number_of_a_full_month_is_worked_out_again(
    known: Mapping[Place, Known], contents: ReturnContents
) -> None:
    _check_that_all_is_known(compare(printed(contents, NAMES), known), 200)


def _check_that_all_is_known(found: Outcome, least: int) -> None:
    assert found.unknown == ()
    assert [(p.place.words, p.text, k) for p, k in found.different] == []
    assert found.missing == ()
    assert found.verified >= least
    assert found.numbers == found.verified + sum(len(p.figures) for p, _ in found.left_out)
    # Nothing of the summary, the five numbers, delivery, outcomes and money is left out, but what never changes.
    apart = {(p.place.section, why) for p, why in found.left_out} & {
        (s, w) for s in ("", "C", "F", "H") for _, w in found.left_out
    }
    assert apart <= {
        ("C", "in fixed words"),
        ("F", "in fixed words"),
        ("", "in warnings that repeat figures of the sections"),
    }


def test_one_wrong_digit_is_found_wherever_it_is_printed(
    known: Mapping[Place, Known], contents: ReturnContents
) -> None:
    found = printed(contents, NAMES)
    with_numbers = [p for p, _ in compare(found, known).agreed if p.figures]
    assert len(with_numbers) > 150
    for p in with_numbers:
        figure = p.figures[-1]
        other = figure.translate(str.maketrans("0123456789", "1234567890"))
        wrong = Printed(p.place, p.text.replace(figure, other), (*p.figures[:-1], other))
        assert [d.place for d, _ in compare((wrong,), known).different] == [p.place], p


def test_a_difference_says_where_both_values_and_what_to_do(
    known: Mapping[Place, Known], contents: ReturnContents
) -> None:
    wrong = with_fact(contents, "C", "patrols_total", "Visits", value="21")
    (found,) = [
        f for f in reconciled(wrong, NAMES, known).findings if "Visits" in f.sentence and "prints" in f.sentence
    ]
    assert found.severity is BLOCKS
    assert "“21”" in found.sentence
    assert "“20”" in found.sentence
    assert "delivery_table" in found.sentence
    assert found.where == "C"
    assert "Build the return again" in found.what_to_do


def test_a_missing_row_is_found(known: Mapping[Place, Known], contents: ReturnContents) -> None:
    entry = contents.entry("F", "crime_in_hot_spots")
    table = replace(entry.tables[0], rows=entry.tables[0].rows[:-1])
    short = with_entry(contents, "F", "crime_in_hot_spots", replace(entry, tables=(table,)))
    found = reconciled(short, NAMES, known).findings
    assert {f.severity for f in found} == {BLOCKS}
    assert all("does not print it" in f.sentence and "Anti-social" in f.sentence for f in found)


def test_a_number_that_nothing_was_compared_with_is_said_and_not_passed_over(
    known: Mapping[Place, Known], contents: ReturnContents
) -> None:
    entry = contents.entry("G", "pop_plans_open")
    more = replace(entry.facts[0], label="Plans thought of", value="7", note="")
    result = reconciled(with_entry(contents, "G", "pop_plans_open", replace(entry, facts=(more,))), NAMES, known)
    (found,) = result.findings
    assert found.severity is Severity.REASON
    assert "with 1 printed number: G: Plans thought of" in found.sentence


def test_data_that_changed_after_the_return_was_built_stop_it(
    scope: Scope, contents: ReturnContents, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_folder(database, tmp_path / "copy")
    address = f"sqlite:///{tmp_path / 'copy' / 'portal.sqlite3'}"
    engine = make_engine(address)
    with engine.begin() as conn:
        conn.execute(delete(schema.cost).where(schema.cost.c.amount_gbp == 700.0))
    engine.dispose()
    monkeypatch.setenv("DATABASE_URL", address)
    found = reconciliation(Looked(scope, contents, {}))
    assert found.severity is BLOCKS
    assert any(
        "Spend, Oct 2023: the return prints “£1,600”, the dashboards now give “£900”" in f.sentence
        for f in found.findings
    )
    assert {f.where for f in found.findings} == {"H", "summary"}


def test_the_check_says_how_many_numbers_there_are_and_where(
    known: Mapping[Place, Known], contents: ReturnContents
) -> None:
    result, found = reconciled(contents, NAMES, known), compare(printed(contents, NAMES), known)
    assert result.severity is Severity.PASSED
    assert f"prints {found.numbers} numbers" in result.about
    assert f"{found.verified} agree to the last printed digit" in result.about
    assert all(f"{letter} " in result.about for letter in ("summary", "C", "F", "H"))
    assert "in identifiers, versions, dates and settings" in result.about


def test_a_correction_is_compared_without_its_marks(known: Mapping[Place, Known], contents: ReturnContents) -> None:
    before = with_fact(contents, "C", "patrols_total", "Visits", value="19")
    before = with_cell(before, "F", "cchi_harm", "Harm in", (0, 1), "55")
    before = with_cell(before, "H", "cost_per_patrol_minute", "Cost of presence", (0, 3), "£9.99")
    first = before.headlines[0]
    before = replace(before, headlines=(replace(first, value="12%"), *before.headlines[1:]))
    marked = with_corrections(contents, before, "Late trackers of 3 days arrived.")
    assert marked.fact("C", "patrols_total", "Visits").note.startswith("Corrected; ")
    found = compare(printed(marked, NAMES), known)
    assert (found.different, found.missing, found.unknown) == ((), (), ())
    assert found.verified == compare(printed(contents, NAMES), known).verified
    earlier = " ".join(p.text for p, why in found.left_out if "version before" in why)
    assert all(text in earlier for text in ("said 12%.", "said 19.", "was 55", "was £9.99", "of 3 days"))


def test_months_submitted_earlier_are_known(
    scope: Scope, contents: ReturnContents, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = measures(scope, "TEST", ["2023-08", "2023-09"])
    for moved in (False, True):
        folder = tmp_path / str(moved)
        copy_folder(database, folder)
        address = f"sqlite:///{folder / 'portal.sqlite3'}"
        _submit(address, {**held, "2023-09": {**held["2023-09"], "crimes": 99.0}} if moved else held)
        monkeypatch.setenv("DATABASE_URL", address)
        found = _outcome(scope, build_contents(scope, "TEST", "2023-10"))
        assert (found.different, found.missing, found.unknown) == ((), (), ())
        said = [(p.text, k.by) for p, k in found.agreed if k.by == "reports.restated.restatements"]
        assert any("99" in text for text, _ in said) if moved else [text for text, _ in said if "(2)" in text]


def _submit(address: str, kept: Mapping[str, Mapping[str, float]]) -> None:
    engine = make_engine(address)
    with engine.begin() as conn:
        # Other tests save drafts in the database that this is a copy of.
        conn.execute(delete(schema.return_step))
        conn.execute(delete(schema.return_version))
        programme_id = conn.execute(select(schema.programme.c.id).where(schema.programme.c.code == "TEST")).scalar_one()
        for month, values in kept.items():
            conn.execute(insert(schema.return_version).values(
                programme_id=programme_id, month=month, number=1, state="submitted", revision=5, narrative={}, reasons={},
                authors=[], correction_reason="", updated_at=datetime(2023, 11, 1), updated_by="ann", measures=dict(values),
            ))  # fmt: skip
    engine.dispose()


def test_sums_come_out_and_a_wrong_one_is_named(contents: ReturnContents) -> None:
    made, wrong = sums(contents)
    assert made >= 15
    assert wrong == ()
    one_more = with_cell(contents, "F", "crime_in_hot_spots", "Recorded crimes by hot spot", (0, 1), "99")
    made_too, wrong = sums(one_more)
    assert made_too == made
    assert [f.sentence for f in wrong] == ["F: crimes of all hot spots, Oct 2023 come to 103, and the total is 9."] or (
        len(wrong) == 1 and "crimes of all hot spots, Oct 2023 come to" in wrong[0].sentence
    )
    assert wrong[0].severity is BLOCKS


@pytest.mark.parametrize(
    ("section", "key", "caption", "cell", "text", "said"),
    [
        ("C", "by_provider", "Delivery by provider", (0, 1), "77", "visits of all providers"),
        (
            "C",
            "visits_median_minutes",
            "Planned and delivered by hot spot",
            (0, 2),
            "9,999",
            "patrol-minutes of all hot spots",
        ),
        (
            "F",
            "crime_in_hot_spots",
            "Recorded crime and incidents",
            (1, 3),
            "500",
            "crimes of all offence groups, 2023-24 to date",
        ),
        ("F", "cchi_harm", "Harm in", (0, 1), "9,999", "scored crimes times harm for each, Oct 2023"),
        ("H", "by_category", "Spend by category", (0, 1), "£5", "spend of all categories, Oct 2023"),
    ],
)
def test_each_sum_of_the_return_is_added_up(
    contents: ReturnContents, section: str, key: str, caption: str, cell: tuple[int, int], text: str, said: str
) -> None:
    _, wrong = sums(with_cell(contents, section, key, caption, cell, text))
    assert any(said in f.sentence for f in wrong)


def test_a_symbol_among_the_parts_leaves_no_sum_to_make(contents: ReturnContents) -> None:
    made, _ = sums(contents)
    hidden = with_cell(contents, "H", "by_category", "Spend by category", (0, 1), "[c]")
    assert sums(hidden) == (made - 1, ())


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Dec 2022: 389; 2023-24 to date: 2,832.", ("389", "2,832")),
        ("0.84 (0.57 to 1.25)", ("0.84", "0.57", "1.25")),
        ("−53% and +1, £2.82.", ("−53%", "+1", "£2.82")),
        ("[x]", ()),
        ("Over 13 Feb 2023 to 7 Jan 2024, 95% interval; 115 crimes.", ("115",)),
        ("7 of 7", ("7", "7")),
        ("s34/s35 and HS1", ()),
        ("28 Nov 2026, 07:05 UTC on 2023-12-01", ()),
    ],
)
def test_figures_are_numbers_and_no_dates(text: str, figures: tuple[str, ...]) -> None:
    assert figures_in(text) == figures


def test_digits_in_names_are_no_figures() -> None:
    assert figures_in("Ward 7 had 3", ["Ward 7"]) == ("3",)


@settings(max_examples=80, deadline=None)
@given(st.floats(-1e7, 1e7, allow_nan=False), st.integers(0, 2))
def test_a_printed_number_reads_back_as_what_was_printed(value: float, decimals: int) -> None:
    text = formats.number(value, decimals)
    if text == formats.LOW:
        assert parsed(text) is None
    else:
        assert parsed(text) == Decimal(f"{value:.{decimals}f}")
        assert figures_in(f"about {text};") == (text,)
        assert parsed(formats.pounds(value, decimals)) == parsed(text)
