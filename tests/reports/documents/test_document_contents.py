"""What each document says: the numbers of the functions its pages are written from, bad news included, gaps with their reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evaluation.record import Refusal
from components.columns import written
from data_access import costs, overview
from data_access.delivery import delivery_total
from data_access.evaluation import tables
from data_access.evaluation.sections import section
from data_access.evaluation.summary import evaluation_summary
from data_access.finance import finance_sentence
from data_access.headline import headline
from domain import formats
from domain.filters import Filters
from domain.periods import Period, add_months, month_end
from domain.roles import Permission, Role
from domain.scope import OutOfScope
from pages.evaluation import _records as reviewer_page
from pages.evaluation import _summary_blocks as funder_page
from reports.documents import quarterly, reviewer
from reports.documents.choices import quarter_key, quarter_period, year_period
from reports.documents.model import NoSuchChoice, laid_out
from reports.documents.registry import DOCUMENTS
from reports.documents.writing import Reader
from reports.model import DataTable
from tests.reports.documents.conftest import CODE, ISSUES, SPEND, Made, viewer

QUARTER = Period(quarter_period("2023-24-q3").start, quarter_period("2023-24-q3").end)


def all_text(m: Made) -> str:
    c = m.contents
    cells = [
        cell for p in c.parts for t in (*p.tables, *(ch.table for ch in p.charts)) for row in t.rows for cell in row
    ]
    facts = [w for p in c.parts for f in p.facts for w in (f.label, f.value, f.note)]
    texts = [s for p in c.parts for s in (*p.sentences, *p.warnings, *p.notes)]
    return " ".join([*c.lead, *c.warnings, *cells, *facts, *texts]).replace("\u00a0", " ")


# --- choices ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.dates(
        min_value=Period(QUARTER.start, QUARTER.end).start.replace(year=1950), max_value=QUARTER.end.replace(year=2090)
    )
)
def test_every_day_lies_in_the_quarter_it_names(day: object) -> None:
    found = quarter_period(quarter_key(day))  # type: ignore[arg-type]
    assert found.start <= day <= found.end  # type: ignore[operator]
    assert found.end == month_end(add_months(found.start, 2))
    assert len(found.months()) == 3


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=12))
def test_anything_else_is_no_quarter_and_no_year(text: str) -> None:
    for read in (quarter_period, year_period):
        if not re.fullmatch(r"\d{4}-\d{2}(-q[1-4])?", text, re.ASCII):
            with pytest.raises(ValueError, match="write it as"):
                read(text)


def test_only_whole_quarters_and_years_with_spend_are_offered(here: Path) -> None:
    manager = viewer(Role.MANAGER)
    assert [c.key for c in DOCUMENTS["quarterly"].choices(manager, CODE)] == [
        "2023-24-q3", "2023-24-q2", "2023-24-q1", "2022-23-q4", "2022-23-q3",
    ]  # fmt: skip
    years = DOCUMENTS["year-end-statement"].choices(manager, CODE)
    assert [(c.key, c.label) for c in years] == [
        ("2023-24", "2023-24, spend loaded to Oct 2023"),
        ("2022-23", "2022-23"),
    ]


@pytest.mark.parametrize("key", list(DOCUMENTS))
def test_a_programme_without_data_has_none_and_says_what_to_load(here: Path, key: str) -> None:
    document = DOCUMENTS[key]
    assert document.choices(viewer(Role.MANAGER), "EMPTY") == ()
    with pytest.raises(NoSuchChoice, match=r"[Ll]oad"):
        document.contents(viewer(Role.MANAGER), "EMPTY", "2023-10")


def test_what_is_not_offered_is_refused_with_what_is(here: Path) -> None:
    with pytest.raises(NoSuchChoice, match="2023-24-q3, 2023-24-q2"):
        DOCUMENTS["quarterly"].contents(viewer(Role.FUNDER), CODE, "2030-31-q1")


@pytest.mark.parametrize("key", list(DOCUMENTS))
@pytest.mark.parametrize("role", list(Role))
def test_each_is_for_those_who_hold_its_permission_in_its_programme(here: Path, key: str, role: Role) -> None:
    document, scope = DOCUMENTS[key], viewer(role)
    if scope.may(document.permission):
        assert document.choices(scope, CODE)
        with pytest.raises(OutOfScope):
            document.contents(replace(scope, programme_codes=frozenset({"FEW"})), CODE, "2023-10")
    else:
        with pytest.raises(OutOfScope):
            document.contents(scope, CODE, "2023-10")


def test_who_may_have_what() -> None:
    holders = {key: {r for r in Role if viewer(r).may(d.permission)} for key, d in DOCUMENTS.items()}
    dashboards = {r for r in Role if viewer(r).may(Permission.VIEW_TRENDS)}
    assert holders["board-page"] == holders["quarterly"] == dashboards
    assert holders["reviewer-pack"] == {Role.MANAGER, Role.APPROVER, Role.REVIEWER}
    assert holders["year-end-statement"] == {Role.MANAGER, Role.APPROVER, Role.FINANCE}


# --- quarterly summary ------------------------------------------------------------------------------------------------


def test_the_summary_says_what_the_funders_page_says(made: Mapping[str, Made], here: Path) -> None:
    found, text = evaluation_summary(viewer(Role.FUNDER), CODE), all_text(made["quarterly"])
    for claim in (found.claim, found.harm_claim, found.comparators_claim, found.patrol_claim, found.displacement_claim):
        assert claim is not None
        assert claim.sentence in text
    frame = tables.estimates_table(found)
    table = made["quarterly"].contents.part("Recorded crime, said three ways").charts[0].table
    assert [row[0] for row in table.rows] == list(frame["estimate_name"])
    for row, held in zip(table.rows, frame.itertuples(), strict=True):
        if held.ratio == held.ratio:
            assert row[1:4] == (f"{held.ratio:.2f}", f"{held.low:.2f} to {held.high:.2f}", held.per_cent)
            assert row[6] == held.false_alarms
        else:
            assert row[1] == "[x]"
            assert held.how in table.note
    view = SimpleNamespace(scope=viewer(Role.FUNDER), programme=SimpleNamespace(code=CODE))
    page = written(funder_page.HARM.frame(view), funder_page.HARM.columns(view))  # type: ignore[arg-type]
    printed = made["quarterly"].contents.part("Harm: how many crimes, and how serious each was").tables[0].rows
    assert [list(row) for row in printed] == page


def test_the_headline_stands_three_ways_with_its_error_rate(made: Mapping[str, Made], here: Path) -> None:
    compared = evaluation_summary(viewer(Role.FUNDER), CODE).before_after
    assert not isinstance(compared, Refusal)
    record = compared.default
    assert not isinstance(record, Refusal)
    facts = {f.label: f.value for f in made["quarterly"].contents.part("Recorded crime, said three ways").facts}
    assert facts["As a ratio"] == f"{record.estimate:.2f} ({record.ci_low:.2f} to {record.ci_high:.2f})"
    assert facts["As per cent"].endswith("%)")
    assert " to " in facts["In crimes"]
    assert {"p", "False alarm rate", "Smallest detectable ratio"} <= set(facts)


def test_bad_news_has_a_heading_of_its_own_and_comes_before_delivery(made: Mapping[str, Made], here: Path) -> None:
    c = made["quarterly"].contents
    titles = [p.title for p in c.parts]
    assert titles.index("What speaks against a good reading") < titles.index("The quarter")
    said = " ".join(c.part("What speaks against a good reading").sentences)
    cover = headline(viewer(Role.FUNDER), CODE).figure("coverage_percent")
    assert f"Nobody patrolled on {formats.number(100 - cover.value)}% of hot spot-days." in said  # type: ignore[operator]
    failed = tables.checks_table(evaluation_summary(viewer(Role.FUNDER), CODE))
    failed = failed[failed["outcome"] == "not passed"]
    assert [row[1] for row in c.part("What speaks against a good reading").tables[0].rows] == list(failed["check"])


def test_harm_that_rose_is_named_among_the_bad_news(made: Mapping[str, Made], here: Path) -> None:
    found = evaluation_summary(viewer(Role.FUNDER), CODE)
    assert not isinstance(found.harm, Refusal)
    worse = replace(found, harm=replace(found.harm, severity=replace(found.harm.severity, estimate=1.2, ci_high=1.4)))
    assert any("harm per crime (+20%)" in s for s in quarterly._rose(worse))


def test_what_rose_in_the_quarter_is_named_among_the_bad_news(here: Path) -> None:
    """Each quarter is set beside the year before; what rose by more than rounding is said."""
    reader = Reader(viewer(Role.FUNDER), CODE)
    for key in ("2022-23-q3", "2022-23-q4", "2023-24-q1", "2023-24-q2"):
        frame = overview.overview_table(reader.scope, Filters(CODE, quarter_period(key))).set_index("key")
        rose = frame.loc["harm_per_crime", "change_year"] >= 0.005
        found = " ".join(quarterly._rose_in_quarter(reader, quarter_period(key)))
        assert ("harm per scored crime" in found) == rose
    worse = frame.reset_index().assign(change_year=0.35, key="crimes", measure="Recorded crimes").head(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overview, "overview_table", lambda *_: worse)
        (sentence,) = quarterly._rose_in_quarter(reader, quarter_period("2023-24-q3"))
    assert sentence == "Higher in Oct 2023 to Dec 2023 than in Oct 2022 to Dec 2022: recorded crimes (+35%)."


def test_the_quarter_is_the_home_page_of_those_months(made: Mapping[str, Made], here: Path) -> None:
    part = made["quarterly"].contents.part("The quarter")
    frame = overview.overview_table(viewer(Role.FUNDER), Filters(CODE, QUARTER))
    assert [list(row) for row in part.tables[0].rows] == written(frame, quarterly.QUARTER_COLUMNS)
    done = delivery_total(viewer(Role.FUNDER), Filters(CODE, QUARTER))
    delivered = next(row for row in part.tables[0].rows if row[0] == "Patrol delivered")
    assert delivered[2] == formats.number(done.patrol_minutes)


def test_small_counts_stay_hidden_from_funders_and_are_shown_to_managers(here: Path) -> None:
    document = DOCUMENTS["quarterly"]
    funder = document.contents(viewer(Role.FUNDER), "FEW", "2023-24-q3")
    manager = document.contents(viewer(Role.MANAGER), "FEW", "2023-24-q3")
    crimes = [
        next(row[2:] for row in c.part("The quarter").tables[0].rows if row[0] == "Recorded crimes")
        for c in (funder, manager)
    ]
    assert crimes[0] == ("[c]", "[c]", "[c]")
    assert crimes[1][:2] == ("3", "3")
    page = DOCUMENTS["board-page"].contents(viewer(Role.FUNDER), "FEW", "2023-10")
    assert next(m for m in page.measures if m.key == "crimes").value == "[c]"
    assert next(m for m in page.measures if m.key == "crimes").chart is None
    assert "Counts of 1 to 4 are not shown to your role." in " ".join(page.lead)
    assert "1 crime was recorded" not in " ".join(page.lead)


def test_no_sentence_of_ours_claims_an_effect(made: Mapping[str, Made]) -> None:
    for key in ("quarterly", "board-page"):
        text = all_text(made[key]).lower()
        for word in ("prevented", "reduced", "success", "thanks to", "because of the patrol", "effective"):
            assert word not in text, (key, word)


# --- board page --------------------------------------------------------------------------------------------------------


def test_five_sentences_and_five_numbers_are_those_of_the_pages(made: Mapping[str, Made], here: Path) -> None:
    c, funder = made["board-page"].contents, viewer(Role.FUNDER)
    assert len(c.lead) == len(c.measures) == 5
    month = Period(QUARTER.start, month_end(QUARTER.start))
    rows = {r["key"]: r for r in overview.overview_table(funder, Filters(CODE, month)).to_dict("records")}
    shown = {m.key: m.value for m in c.measures}
    assert shown["delivered"] == overview.written_value(rows["delivered_share"])
    assert shown["crimes"] == overview.written_value(rows["crimes"])
    assert shown["harm"] == overview.written_value(rows["harm_per_crime"])
    rates = sorted((r["now"], overview.written_value(r)) for k, r in rows.items() if k.startswith("rate:"))
    assert shown["cost"] == f"{rates[0][1]}–{rates[-1][1]}"
    assert shown["spent"] == formats.pounds(costs.finance(funder, CODE, "2023-10").spend_to_date_gbp)
    assert c.lead[4] == finance_sentence(funder, CODE, "2023-10")


def test_each_number_has_its_line_or_says_why_not(made: Mapping[str, Made]) -> None:
    for m in made["board-page"].contents.measures:
        assert (m.chart is None) == bool(m.why_no_chart), m.key
    line = next(m for m in made["board-page"].contents.measures if m.key == "crimes").chart
    assert line is not None
    drawn = [formats.number(v) for v in line.figure.data[0].y]
    assert drawn == [row[1] for row in line.table.rows]
    assert f"last {drawn[-1]} in Oct 2023" in line.reading


# --- year-end statement --------------------------------------------------------------------------------------------------


def test_the_money_is_that_of_the_costs_page(made: Mapping[str, Made], here: Path) -> None:
    c, f = made["year-end-statement"].contents, costs.finance(viewer(Role.FINANCE), CODE, "2023-03")
    facts = {fact.label: fact for part in c.parts for fact in part.facts}
    assert (
        facts["Outturn"].value == formats.pounds(f.spend_to_date_gbp, 2) == formats.pounds(sum(v for _, v in SPEND), 2)
    )
    assert facts["Variance (award less outturn)"].value == formats.pounds(f.variance_gbp, 2)
    assert facts["Variance (award less outturn)"].note.startswith("Overspend")
    assert facts["Claimed"].value == "£4,000.00"
    assert "is not claimed yet" in facts["Claimed"].note
    table = c.part("Spend by category and month").tables[0]
    assert [row[0] for row in table.rows] == [formats.month(m) for m in year_period("2022-23").months()] + ["Year"]
    assert table.rows[0][-1] == "[x]", "a month nobody loaded is not £0"
    assert table.rows[-1][-1] == formats.pounds(f.spend_to_date_gbp)


def test_a_forecast_stands_beside_the_outturn(made: Mapping[str, Made], here: Path) -> None:
    rows = {row[0]: row for row in made["year-end-statement"].contents.part("Forecast against outturn").tables[0].rows}
    february = costs.finance(viewer(Role.FINANCE), CODE, "2023-02")
    assert rows["Feb 2023"][3] == formats.pounds(february.forecast_year_end_gbp, 2)
    assert rows["Mar 2023"][3] == rows["Mar 2023"][2]


def test_the_reason_comes_from_the_return_and_its_seal_is_listed(made: Mapping[str, Made]) -> None:
    c = made["year-end-statement"].contents
    reason = next(f for f in c.part("Award, outturn and variance").facts if f.label == "Reason for the variance")
    assert reason.value == ISSUES
    assert "Mar 2023, version 2" in reason.note
    part = c.part("Returns submitted for the year")
    (row,) = part.tables[0].rows
    assert row[:4] == ("Mar 2023", "2, correcting 1", "14 Apr 2023, 09:30", "Zofia Wąż, manager")
    assert len(row[4]) == 64
    assert "Not submitted: Apr 2022" in part.sentences[0]


def test_an_unfinished_year_is_interim_and_has_no_reason_to_give(here: Path) -> None:
    c = DOCUMENTS["year-end-statement"].contents(viewer(Role.FINANCE), CODE, "2023-24")
    assert c.warnings[0].startswith("Interim: no spend is loaded after Oct 2023")
    facts = {f.label: f for f in c.part("Award, outturn and variance").facts}
    assert "Spent to Oct 2023" in facts
    assert facts["Reason for the variance"].value == "[x]"
    assert facts["Reason for the variance"].note.startswith("Costs carry no reason of their own")
    assert c.part("Returns submitted for the year").sentences[0].startswith("[x]")


def test_the_signature_is_left_to_the_chief_finance_officer(made: Mapping[str, Made]) -> None:
    part = made["year-end-statement"].contents.part("Signature")
    assert part.tables[0].to_fill_in
    assert [row[1] for row in part.tables[0].rows] == [""] * 4
    assert "does not certify" in part.sentences[0]


# --- reviewer pack -------------------------------------------------------------------------------------------------------


def test_every_record_of_every_section_is_in_the_pack_as_on_its_page(made: Mapping[str, Made], here: Path) -> None:
    c, who = made["reviewer-pack"].contents, viewer(Role.REVIEWER)
    for name in ("before-after", "harm", "displacement"):
        found = section(who, CODE, name)
        part = c.part(f"Estimates: {name.replace('-', ' ')}")
        rows = {row[0]: row for row in part.tables[0].rows}
        assert list(rows) == list(found.records)
        for scale, places in (("ratio", 2), ("difference", 1)):
            for held in reviewer_page.records_frame(found.records, None, scale).itertuples():
                row = rows[held.key]
                if held.estimate != held.estimate:
                    assert any(held.how in said for _, said in part.tables[1].rows)
                    continue
                assert row[2].split(" ")[0] == formats.number(held.estimate, places)
                assert row[3] == f"{formats.number(held.low, places)} to {formats.number(held.high, places)}"
                assert (row[10], row[11]) == (held.false_alarms, held.coverage)
                if held.p == held.p:
                    assert row[5].replace("\u00a0", " ") == reviewer_page.p_words(held.p)


def test_every_check_that_failed_is_in_the_pack(made: Mapping[str, Made], here: Path) -> None:
    part = made["reviewer-pack"].contents.part("Checks")
    shown = {
        (row[0], key)
        for t in part.tables
        for row in t.rows
        if len(row) == 5 and row[4] == "not passed"
        for key in row[1].split(", ")
    }
    found = section(viewer(Role.REVIEWER), CODE, "before-after")
    failed = {(c.name, key) for key, record in found.records.items() for c in record.checks if c.passed is False}
    assert failed
    assert failed <= shown


def test_a_specification_curve_holds_every_analysis_from_the_lowest_ratio(made: Mapping[str, Made], here: Path) -> None:
    curve = section(viewer(Role.REVIEWER), CODE, "robustness").tables["curve-before-after"]
    printed = made["reviewer-pack"].contents.part("Before and after, analysed every way").tables[0]
    assert len(printed.rows) == len(curve) > 1
    spread = curve.assign(ratio=[1.5 - n / 10 for n in range(len(curve))])
    table = reviewer._curve("Any", spread)
    ratios = [row[table.head.index("Ratio")] for row in table.rows]
    assert ratios == [f"{v:.2f}" for v in sorted(spread["ratio"])]


def test_the_pack_names_code_data_and_the_way_to_compute_it_again(made: Mapping[str, Made], here: Path) -> None:
    from data_access.evaluation.inputs import data_version
    from reports.evaluation_bundle import source_sha256

    part = made["reviewer-pack"].contents.part("How to reproduce")
    values = dict(part.tables[0].rows)
    assert source_sha256() in values.values()
    assert data_version(viewer(Role.REVIEWER), CODE) in values.values()
    assert f"evaluate --programme {CODE}" in " ".join(part.sentences)
    plan = made["reviewer-pack"].contents.part("Analysis plan")
    assert "No analysis plan is registered" in plan.sentences[0]


def test_an_address_of_older_data_is_refused_and_never_gives_newer_data(here: Path) -> None:
    with pytest.raises(NoSuchChoice, match="no reviewer pack for “0123456789abcdef”"):
        DOCUMENTS["reviewer-pack"].contents(viewer(Role.REVIEWER), CODE, "0123456789abcdef")


def test_a_table_laid_out_for_another_number_of_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="has 2 columns, not 3"):
        laid_out(DataTable("T", ("a", "b"), ()), 1, 2, 3)
