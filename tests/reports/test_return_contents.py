"""What the return says is what the query functions say; what it cannot say it explains."""

from __future__ import annotations

import pytest

from data_access import trends
from data_access.costs import cost_by_provider, finance
from data_access.crimes import crime_table
from data_access.delivery import delivery_total
from data_access.engagements import engagement_table
from data_access.returns import narrative
from data_access.returns.changing import StaleVersion
from domain import formats
from domain.filters import Filters
from domain.periods import Period, month_period
from domain.return_template import STANDARD, templates
from domain.roles import Role
from domain.scope import OutOfScope, Scope, scope_for
from reports.contents import MonthNotHeld, build_contents, months_held, returnable_months
from reports.model import Entry, ReturnContents

CODE, MONTH = "TEST", "2023-10"


def _cells(contents: ReturnContents, section: str, key: str, caption: str) -> dict[str, tuple[str, ...]]:
    entry = contents.entry(section, key)
    tables = [*entry.tables, *(c.table for c in entry.charts)]
    table = next(t for t in tables if t.caption.startswith(caption))
    return {row[0]: row[1:] for row in table.rows}


def test_every_field_of_every_section_is_answered(contents: ReturnContents) -> None:
    answered = {(s.letter, e.field.key) for s in contents.sections for e in s.entries}
    assert answered == {(f.section, f.key) for f in templates()[STANDARD].fields}
    for section in contents.sections:
        for entry in section.entries:
            said = entry.facts or entry.tables or entry.charts or entry.sentences or entry.texts or entry.stories
            assert said, f"{section.letter} {entry.field.key} says nothing"


@pytest.mark.parametrize(
    ("code", "month"), [("EARLY", "2021-06"), (CODE, "2023-06"), (CODE, "2023-10"), (CODE, "2023-12")]
)
def test_every_unavailable_or_inapplicable_value_says_why(scope: Scope, code: str, month: str) -> None:
    found = build_contents(scope, code, month)
    symbols = [f for s in found.sections for e in s.entries for f in e.facts if f.value in ("[x]", "[z]")]
    assert symbols
    for fact in symbols:
        assert fact.note.endswith("."), fact.label
        assert any(word in fact.note for word in ("No", "no ", "next due", "needs", "None", "not ", "only")), fact
    for headline in found.headlines:
        assert headline.value != "[x]" or any(w in headline.detail for w in ("No ", "needs", "not ")), headline


def test_there_are_five_sentences_and_five_numbers(contents: ReturnContents) -> None:
    assert len(contents.summary) == 5
    assert len(contents.headlines) == 5
    assert all(sentence.endswith(".") for sentence in contents.summary)


def test_crimes_are_those_of_the_query_function(contents: ReturnContents, scope: Scope) -> None:
    month = Filters(CODE, month_period(MONTH))
    total = crime_table(scope, month, ()).iloc[0]
    rows = _cells(contents, "F", "crime_in_hot_spots", "Recorded crime and incidents")
    assert rows["All recorded crime"][0] == formats.number(total["crimes"])
    assert rows["Anti-social behaviour incidents (not crimes)"][0] == formats.number(total["asb_incidents"])
    to_date = crime_table(scope, Filters(CODE, Period(month_period("2023-04").start, month_period(MONTH).end)), ())
    assert rows["All recorded crime"][2] == formats.number(to_date.iloc[0]["crimes"])
    for group in crime_table(scope, month, ("offence_group",)).to_dict("records"):
        if group["crimes"]:
            assert rows[group["offence_group"]][0] == formats.number(group["crimes"])
    spots = _cells(contents, "F", "crime_in_hot_spots", "Recorded crimes by hot spot")
    by_spot = crime_table(scope, month, ("hot_spot",)).to_dict("records")
    assert {k: v[0] for k, v in spots.items()} == {r["hot_spot_name"]: formats.number(r["crimes"]) for r in by_spot}
    assert next(h for h in contents.headlines if h.label == "Recorded crimes").value == formats.number(total["crimes"])


def test_a_period_that_is_not_loaded_is_unavailable_and_not_zero(scope: Scope) -> None:
    first_year = build_contents(scope, "EARLY", "2021-06")
    rows = _cells(first_year, "F", "crime_in_hot_spots", "Recorded crime and incidents")
    assert rows["All recorded crime"][1] == "[x]"
    assert rows["All recorded crime"][0] not in ("[x]", "0")


def test_harm_is_that_of_the_query_function(contents: ReturnContents, scope: Scope) -> None:
    found = trends.totals(scope, Filters(CODE, month_period(MONTH)))
    rows = _cells(contents, "F", "cchi_harm", "Harm in the hot spots")
    assert rows["Harm (days)"][0] == formats.number(found["harm_days"])
    assert rows["Harm per scored crime (days)"][0] == formats.number(found["harm_per_crime"], 1)
    assert contents.fact("F", "cchi_harm", "Index edition").value == "Test edition"


def test_delivery_money_and_counts_are_those_of_the_query_functions(contents: ReturnContents, scope: Scope) -> None:
    month = Filters(CODE, month_period(MONTH))
    done = delivery_total(scope, month)
    assert contents.fact("C", "patrols_total", "Visits").value == formats.number(done.visits) == "20"
    minutes = contents.fact("C", "patrol_hours_total", "Patrol-minutes (one or more people present)").value
    assert minutes == formats.number(done.patrol_minutes) == "615"
    assert contents.fact("C", "abstractions", "Abstracted (hours)").value == formats.number(
        done.abstracted_minutes / 60, 1
    )
    money = finance(scope, CODE, MONTH)
    assert contents.fact("H", "award", "Spend, Oct 2023").value == formats.pounds(money.spend_month_gbp) == "£1,600"
    assert contents.fact("H", "award", "Spend, year to date").value == formats.pounds(money.spend_to_date_gbp)
    rates = cost_by_provider(scope, month).set_index("provider_name")["cost_per_patrol_minute_gbp"]
    shown = _cells(contents, "H", "cost_per_patrol_minute", "Cost of presence")
    assert {k: v[2] for k, v in shown.items()} == {k: formats.pounds(v, 2) for k, v in rates.items()}
    arrests = engagement_table(scope, month, ("measure",)).set_index("measure")["count"]["arrests"]
    assert contents.fact("D", "arrests", "Arrests made in patrol").value == formats.number(arrests) == "3"


def test_charts_stand_beside_a_table_of_the_same_numbers(contents: ReturnContents) -> None:
    assert len(contents.charts()) >= 4
    chart = next(c for c in contents.charts() if c.key == "crimes-by-month")
    drawn = [formats.number(v) for v in next(t for t in chart.figure.data if t.mode == "lines+markers").y]
    assert drawn == [row[1] for row in chart.table.rows]
    dots = next(c for c in contents.charts() if c.key == "crimes-by-hot-spot")
    now = next(t for t in dots.figure.data if t.name == "Oct 2023")
    assert [formats.number(v) for v in now.x] == [row[1] for row in dots.table.rows]


def test_quarterly_fields_wait_for_the_quarter_month(scope: Scope) -> None:
    october = build_contents(scope, CODE, MONTH).entry("F", "public_perception_survey").facts[0]
    assert (october.value, october.note) == ("[z]", "Quarterly field; next due for Dec 2023.")
    december = build_contents(scope, CODE, "2023-12").entry("F", "public_perception_survey").facts[0]
    assert (december.value, december.note) == ("[x]", "No survey is loaded.")


def test_a_month_without_trackers_claims_no_patrol_figure(scope: Scope) -> None:
    june = build_contents(scope, CODE, "2023-06")
    for key in ("patrols_total", "by_provider", "visits_median_minutes"):
        fact = june.entry("C", key).facts[0]
        assert (fact.value, fact.note) == ("[x]", "No tracker files are loaded for Jun 2023."), key
    assert "cannot be given: no tracker files" in june.summary[0]


def test_a_month_outside_the_data_says_which_months_there_are(scope: Scope) -> None:
    with pytest.raises(MonthNotHeld) as problem:
        build_contents(scope, CODE, "2031-01")
    assert "from Oct 2022 to Dec 2023" in str(problem.value)
    assert "load its files first" in str(problem.value)
    with pytest.raises(ValueError, match="is not a month"):
        build_contents(scope, CODE, "October")
    assert months_held(scope, CODE)[-1] == "2023-12"


def test_only_approved_case_studies_are_in_it(contents: ReturnContents) -> None:
    stories = contents.entry("I", "anonymised_case_studies").stories
    assert [s.reference for s in stories] == ["CS1"]


def test_the_due_date_is_the_funds_day_of_the_next_month(contents: ReturnContents) -> None:
    assert contents.fact("A", "reporting_month", "Due date").value == "15 Nov 2023"


def test_roles_and_programmes_without_leave_get_nothing(scope: Scope) -> None:
    with pytest.raises(OutOfScope):
        build_contents(scope_for("f", Role.FUNDER, frozenset({CODE})), CODE, MONTH)
    with pytest.raises(OutOfScope):
        build_contents(scope_for("m", Role.MANAGER, frozenset({"OTHER"})), CODE, MONTH)


def test_an_approver_sees_the_same_figures_as_a_manager(scope: Scope) -> None:
    built = [
        build_contents(scope_for("x", role, frozenset({CODE})), CODE, MONTH) for role in (Role.MANAGER, Role.APPROVER)
    ]
    assert built[0] == built[1]


def test_a_stale_edit_is_refused_and_a_saved_one_is_in_the_return(scope: Scope) -> None:
    first = narrative.save(scope, CODE, "2023-11", {"highlights": "First words."}, 0)
    with pytest.raises(StaleVersion):
        narrative.save(scope, CODE, "2023-11", {"highlights": "Other words."}, 0)
    contents = build_contents(scope, CODE, "2023-11")
    assert contents.status == f"Draft, revision {first.revision}"
    assert ("Highlights", "First words.") in contents.entry("I", "highlights").texts


def test_there_is_no_return_of_a_month_before_the_service(scope: Scope) -> None:
    assert "2022-09" in months_held(scope, CODE), "the data are there; the service was not"
    with pytest.raises(MonthNotHeld, match="went live on 1 Oct 2022, and returns begin with that month"):
        build_contents(scope, CODE, "2022-09")
    assert build_contents(scope, CODE, "2022-10").month == "2022-10"
    assert returnable_months(scope, CODE)[0] == "2022-10"


def test_a_programme_that_owes_no_return_says_what_it_lacks(scope: Scope) -> None:
    assert months_held(scope, "NONE")
    assert returnable_months(scope, "NONE") == []
    with pytest.raises(MonthNotHeld) as problem:
        build_contents(scope, "NONE", "2021-06")
    assert "a fund ([fund] name) and the date its service went live" in str(problem.value)
    assert "Add this to the programme file" in str(problem.value)


def test_a_signal_is_said_beside_what_is_usual_and_not_as_success(scope: Scope) -> None:
    found = build_contents(scope, "STEP", "2023-02").entry("F", "spc_signal_per_measure")
    fact = found.facts[0]
    assert fact.value == "below usual"
    assert "“improvement”; it says nothing about why" in fact.note
    words = {row[2] for row in found.charts[0].table.rows}
    assert words <= {"below usual", "above usual", "within usual variation"}
    assert "improvement" not in str(found.charts[0].table) + found.charts[0].reading


def test_limits_from_unsteady_months_are_called_a_weak_guide(scope: Scope) -> None:
    step, steady = build_contents(scope, "STEP", "2023-02"), build_contents(scope, CODE, MONTH)
    for said in (_signal(step).facts[0].note, _signal(step).charts[0].reading, step.summary[1]):
        assert "weak guide" in said
    for said in (_signal(steady).facts[0].note, _signal(steady).charts[0].reading, steady.summary[1]):
        assert "weak guide" not in said


def _signal(contents: ReturnContents) -> Entry:
    return contents.entry("F", "spc_signal_per_measure")


def test_claims_above_spend_are_warned_of_in_the_section_and_on_the_first_page(scope: Scope) -> None:
    step = build_contents(scope, "STEP", "2023-02")
    note = step.fact("H", "amount_claimed_this_period", "Claimed, year to date").note
    assert "claims of £1,200 exceed the spend of £900" in note
    assert note in step.notes
    assert not any("exceed" in n for n in build_contents(scope, CODE, MONTH).notes)


def test_the_narrative_revision_stands_beside_the_data_hash(scope: Scope) -> None:
    before = build_contents(scope, CODE, "2023-08")
    narrative.save(scope, CODE, "2023-08", {"highlights": "Words."}, 0)
    after = build_contents(scope, CODE, "2023-08")
    assert before.data_sha256 == after.data_sha256
    assert (before.narrative, after.narrative) == ("no narrative saved", "narrative revision 1")


def test_a_fund_that_asks_for_less_gets_its_own_return(scope: Scope) -> None:
    short = build_contents(scope, "SHORT", "2021-10")
    template = templates()["short"]
    assert short.title == "Short monthly return: Short city, October 2021"
    assert [(s.letter, s.title) for s in short.sections] == list(template.sections)
    answered = [(s.letter, e.field.key) for s in short.sections for e in s.entries]
    assert answered == [(f.section, f.key) for f in template.fields]
    assert "H Claim of this month" in dict(short.definitions)
    assert len(short.definitions) == len(template.fields)
    assert [row[0] for row in short.entry("K", "prepared").tables[0].rows] == [words for _, words in template.sign_off]
    assert short.fact("A", "return_id", "Template").value == "short, version 1"
    # A field that the standard return asks for each quarter only is due every month here.
    assert not any("Quarterly field" in fact.note for fact in short.entry("H", "amount_claimed_this_period").facts)


def test_the_first_page_can_be_read_aloud_in_under_three_minutes(contents: ReturnContents) -> None:
    """At 120 words a minute, slower than speech, because figures take longer to say than words."""
    said = [*contents.summary, *contents.notes, *(f"{h.label} {h.value} {h.detail}" for h in contents.headlines)]
    assert len(contents.summary) == len(contents.headlines) == 5
    assert sum(len(text.split()) for text in said) < 3 * 120
