"""The briefing on paper: one tagged page, valid for screen readers and archives, the page's own numbers, no person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from components.columns import written
from data_access import briefing
from data_access.briefing import Briefing, Reason
from data_access.loading.abstraction_reasons import REASONS
from domain.periods import Period
from domain.scope import server_scope
from reports import briefing as words
from reports import briefing_short as shorts
from reports.briefing_pdf import MOST_SHORT, build_pdf, marking, sheet
from tests.briefings import DEVICE, MONDAY, SUNDAY, TEAM, at, gathering, positions, week
from tests.factories import PROGRAMME, Maker, new_database
from tests.pdf_validation.validators import quick, semantics, vera


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Briefing]:
    folder = tmp_path_factory.mktemp("briefing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder))
        patch.setenv("DATABASE_URL", f"sqlite:///{folder / 'portal.sqlite3'}")
        engine = new_database(folder / "portal.sqlite3")
        with engine.begin() as conn:
            maker = Maker(conn, {**PROGRAMME, "service": {"name": "S"}}, name="Test <i>city</i> & co")
            maker.areas((("HS1", "Clock & <b>Tower</b>"), ("HS2", "Station"), ("HS3", "Market")))
            week(maker)
            gathering(maker, "HS1", 40)
            gathering(maker, "HS2", 12)
            load = maker.pings_load(MONDAY, SUNDAY)
        positions(engine, maker.programme_id, load, [(at(d, 15), 20.0) for d in (0, 2, 3, 6)])
        scope = server_scope("test")
        team = briefing.find_team(briefing.teams(scope, "TEST"), TEAM)
        yield briefing.build(scope, "TEST", team, Period(MONDAY, SUNDAY))
        engine.dispose()


@pytest.fixture(scope="module")
def made(found: Briefing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "briefing.pdf"
    path.write_bytes(build_pdf(found))
    return path


def text_of(path: Path) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(path).pages))


@pytest.mark.parametrize("flavour", ["ua1", "3a"])
def test_verapdf_passes_it(made: Path, flavour: str) -> None:
    verdict = vera(made, flavour)
    assert verdict.failures == ()
    assert verdict.passed


def test_the_second_validator_and_the_semantics_pass(made: Path) -> None:
    assert quick(made).failures == ()
    assert semantics(made) == []


def test_it_is_one_page_with_marking_demonstration_source_and_date(made: Path, found: Briefing) -> None:
    assert len(PdfReader(made).pages) == 1
    text = text_of(made)
    for said in ("OFFICIAL-SENSITIVE – Operational", "Demonstration data", "Source: extracts of Test Police", "Page 1 of 1",
                 found.as_at.data_sha256[:16], "GPS-verified", "trackers to", "Clock & <b>Tower</b>"):  # fmt: skip
        assert said in text, said


def test_every_number_of_the_page_stands_on_the_paper(made: Path, found: Briefing) -> None:
    text = text_of(made)
    for row in written(words.line_frame(found), words.LINE_COLUMNS):
        assert " ".join(row) in text, row
    for row in written(shorts.short_frame(found), shorts.SHORT_COLUMNS):
        assert " ".join(row[3:7]) in text, row
    for t in found.times:
        assert re.sub(r"\s+", " ", words.time_sentence(t, found)) in text
    assert words.delivered_sentence(found) in text
    assert shorts.short_sentence(found) in text


def test_no_tracker_and_no_place_of_a_person_is_in_it(made: Path, found: Briefing) -> None:
    assert DEVICE not in text_of(made)
    assert DEVICE.encode() not in made.read_bytes()
    assert DEVICE not in repr(found)


def test_the_same_data_give_the_same_bytes(made: Path, found: Briefing) -> None:
    assert build_pdf(found) == made.read_bytes()


def test_many_short_visits_are_cut_to_the_page_and_counted(found: Briefing) -> None:
    one = found.short[0]
    many = tuple(replace(one, day=MONDAY, patrol_minutes=float(n)) for n in range(30))
    busy = replace(found, short=many)
    left = sheet(busy)
    assert left.short is not None
    assert len(left.short.rows) == MOST_SHORT[0]
    assert "Not listed here: 20 more (tracker silent 20); the page lists all." in left.short_left
    assert [row[5] for row in left.short.rows] == [f"{n}.0" for n in range(10)], "those with most minutes missing"


def test_nearly_whole_visits_are_counted_and_not_listed(found: Briefing) -> None:
    nearly = replace(found.short[0], patrol_minutes=38.0)
    both = replace(found, short=(nearly, found.short[1]))
    listed, said = shorts.listed(both, 10)
    assert listed == [found.short[1]]
    assert "1 that missed less than a tenth of the dose" in said
    sentence = shorts.short_sentence(both)
    assert sentence.startswith("2 of 8 planned visits fell short of the dose.")
    assert sentence.endswith("No reason was found for any that missed a tenth of it or more.")
    assert shorts.short_sentence(replace(found, short=(nearly,))).endswith("None missed more than a tenth of it.")


def test_the_reasons_that_are_counted_are_those_that_are_listed(found: Briefing) -> None:
    """Those without a reason miss most, and would have pushed the others off the sheet."""
    reasons = [Reason.BOUNDARY] * 3 + [Reason.SILENCE] + [Reason.ABSTRACTED] * 2 + [Reason.NONE] * 12
    many = [
        replace(found.short[0], reason=reason, detail="court", patrol_minutes=30.0 - n, day=MONDAY)
        for n, reason in enumerate(reasons)
    ]
    busy = replace(found, short=tuple(many))
    for most in MOST_SHORT[:3]:
        made = sheet(busy, most)
        assert made.short is not None
        said = [row[-1].split(" (")[0] for row in made.short.rows]
        assert [said.count(w) for w in ("Stood just outside the boundary", "Tracker silent", "Called away: court")] == [
            3,
            1,
            2,
        ]
        left = 12 - (most - 6)
        assert f"Not listed here: {left} more (no reason found {left})" in made.short_left
    assert (
        "just outside the boundary 3, called away 2 and tracker silent 1; none found for 12"
        in shorts.short_sentence(busy)
    )
    fewest = sheet(busy, MOST_SHORT[3])
    assert "12 more (no reason found 12)" not in fewest.short_left
    assert "no reason found 12" in fewest.short_left


def test_only_who_was_called_away_is_said_to_have_been(found: Briefing) -> None:
    assert set(shorts.ABSTRACTIONS) == {*REASONS, ""}, "a new reason needs its words"
    away = replace(found.short[0], reason=Reason.ABSTRACTED, patrol_minutes=0.0, explained_minutes=40.0)

    def said(detail: str) -> str:
        return shorts.reason_words(replace(away, detail=detail))

    assert said("emergency call") == "Called away: emergency call (40 of 40 min)"
    assert said("sickness or absence") == "Sickness or absence (40 of 40 min)"
    assert said("severe weather") == "Severe weather (40 of 40 min)"
    assert said("") == "Abstracted, no reason recorded (40 of 40 min)"
    two = (
        replace(away, detail="sickness or absence"),
        replace(away, detail="court"),
        replace(away, detail="emergency call"),
    )
    sentence = shorts.short_sentence(replace(found, short=two))
    assert sentence.endswith("Most likely reasons: called away 2 and sickness or absence 1.")
    partly = replace(away, reason=Reason.NONE, near=Reason.ABSTRACTED, detail="training", explained_minutes=10.0)
    assert shorts.reason_words(partly) == "No reason found; training for 10 of 40 min"


def test_a_fraction_of_a_minute_is_written_as_one(found: Briefing) -> None:
    less = replace(found.short[0], reason=Reason.BOUNDARY, patrol_minutes=39.4, explained_minutes=0.4)
    assert shorts.reason_words(less) == "Stood just outside the boundary (under 1 of 1 min)"


def test_without_planned_visits_nothing_is_called_delivered(found: Briefing) -> None:
    lines = tuple(replace(line, planned_visits=0, planned_minutes=0.0, abstracted_minutes=0.0) for line in found.lines)
    none = replace(found, lines=lines, short=(), shared_planned=0)
    for b, held, short in (
        (
            none,
            "No visit was planned for this team",
            "No visit was planned for this team in the period, so none can be",
        ),
        (
            replace(none, shared_planned=1),
            "No planned visit is certain to have been",
            "none can be called delivered or short",
        ),
        (replace(none, plan_loaded=False), "No plan is loaded for this period", "Without a plan no planned visit"),
    ):
        lead = words.delivered_sentence(b)
        assert lead.startswith("Pair A delivered 161 patrol-minutes in 7 visits, 322 person-minutes, GPS-verified. ")
        assert held in lead
        assert short in shorts.short_sentence(b)
        assert "reached the planned dose" not in shorts.short_sentence(b)
    assert "in the plan" not in words.dose_sentence(replace(none, plan_loaded=False))
    one = replace(lines[0], planned_visits=1, planned_minutes=40.0)
    only = replace(found, lines=(one,), short=())
    assert shorts.short_sentence(only) == "The 1 planned visit reached the planned dose."


@pytest.mark.parametrize(
    ("own", "of_briefings", "said"),
    [
        ("OFFICIAL", "OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE – Operational"),
        ("OFFICIAL-SENSITIVE", "OFFICIAL", "OFFICIAL-SENSITIVE – Operational"),
        ("OFFICIAL", "OFFICIAL", "OFFICIAL"),
    ],
)
def test_the_marking_is_the_settings_and_never_below_the_programmes(
    found: Briefing, own: str, of_briefings: str, said: str
) -> None:
    programme = replace(found.programme, marking=own, briefing_marking=of_briefings)
    assert marking(replace(found, programme=programme)).startswith(said)


def test_a_real_programme_is_not_called_a_demonstration(found: Briefing) -> None:
    real = sheet(replace(found, programme=replace(found.programme, demonstration=False)))
    assert not real.demonstration
    assert "Demonstration" not in real.footer


def test_a_period_of_one_day_and_of_two_months_read_well(found: Briefing) -> None:
    day = replace(found, period=Period(MONDAY, MONDAY))
    assert sheet(day).title == "Pair A, 2 Oct 2023"
    long = replace(found, period=Period(date(2023, 9, 30), date(2023, 10, 2)))
    assert sheet(long).title == "Pair A, 30 Sep 2023 to 2 Oct 2023"


def test_words_promise_nothing(found: Briefing) -> None:
    made = sheet(found)
    text = " ".join(
        [*made.lead, made.short_said, made.times_said, *(s for _, s in made.times), made.heat_said, *made.small_print]
    ).lower()
    for word in ("prevent", "reduce", "success", "thanks to", "because of the patrol", "effective"):
        assert word not in text, word
