"""Every document on paper: valid for screen readers and archives, whole on every page, the same bytes wherever it is made."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from domain.programme import parse_programme
from reports.documents import board
from reports.documents.registry import DOCUMENTS
from reports.documents.writing import symbol_notes
from reports.pdf import PdfError, fill_template
from tests.conftest import ROOT
from tests.pdf_validation.validators import FLAVOURS, quick, semantics, vera_all
from tests.reports.conftest import DOCUMENT
from tests.reports.documents.conftest import AREA, Made

KEYS = tuple(DOCUMENTS)


@cache
def pages_of(path: Path) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(path).pages]


def test_verapdf_passes_all_on_both_profiles(made: Mapping[str, Made]) -> None:
    verdicts = vera_all([m.path for m in made.values()])
    assert len(verdicts) == len(KEYS) * len(FLAVOURS)
    assert {(p.name, f): v.failures for (p, f), v in verdicts.items() if not v.passed} == {}


@pytest.mark.parametrize("key", KEYS)
def test_the_second_validator_and_the_semantics_pass(made: Mapping[str, Made], key: str) -> None:
    for flavour in FLAVOURS:
        assert quick(made[key].path, flavour).failures == ()
    assert semantics(made[key].path) == []


@pytest.mark.parametrize("key", KEYS)
def test_every_page_says_what_it_is_how_it_is_marked_and_that_it_is_made_up(made: Mapping[str, Made], key: str) -> None:
    pages, c = pages_of(made[key].path), made[key].contents
    for number, text in enumerate(pages, 1):
        for said in (
            "OFFICIAL-SENSITIVE – I’w drin gan y rhaglen", "Demonstration data", c.kind, f"Page {number} of {len(pages)}",
            f"Data {c.data_sha256[:16]}", "recorded crime to 31 Dec 2023", AREA,
        ):  # fmt: skip
            assert said in text, (number, said)
    whole = " ".join(pages)
    assert c.data_sha256 in whole.replace(" ", "")
    assert "Source: Heddlu Gŵyr a Łódzka Policja and provider extracts" in whole
    assert all(note.split(" ")[0] in whole for note in symbol_notes(c))


@pytest.mark.parametrize("key", KEYS)
def test_title_language_and_pictures_are_in_the_file(made: Mapping[str, Made], key: str) -> None:
    with pikepdf.open(made[key].path) as pdf:
        assert str(pdf.Root.Lang) == "en-GB"
        assert str(pdf.docinfo.Title) == made[key].contents.title
        figures = sum(o.get("/S") == "/Figure" for o in pdf.objects if isinstance(o, pikepdf.Dictionary))
    assert figures == len(made[key].contents.charts())


def test_lengths(made: Mapping[str, Made]) -> None:
    assert len(pages_of(made["board-page"].path)) == 1
    assert 2 <= len(pages_of(made["quarterly"].path)) <= 4


def test_a_long_table_repeats_its_head_on_every_page(made: Mapping[str, Made]) -> None:
    pages = [p for p in pages_of(made["reviewer-pack"].path) if "Against the limits" in p]
    assert len(pages) >= 3
    with pikepdf.open(made["reviewer-pack"].path) as pdf:
        tables = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Table"]
    assert tables


def test_the_same_bytes_in_another_process(made: Mapping[str, Made], here: Path) -> None:
    """Another seed for hashes: an order taken from a set would show."""
    script = (
        "import hashlib\n"
        "from tests.reports.documents.conftest import CODE, ROLES, newest, viewer\n"
        "from tests.reports.documents.test_document_files import html_of\n"
        "from reports.documents.registry import DOCUMENTS\n"
        "for key, d in DOCUMENTS.items():\n"
        "    c = d.contents(viewer(ROLES[key]), CODE, newest(key))\n"
        "    body = d.pdf(c) if key == 'board-page' else html_of(c).encode()\n"
        "    print(key, hashlib.sha256(body).hexdigest())\n"
    )
    env = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = dict(line.split() for line in done.stdout.splitlines())
    ours = {
        key: m.path.read_bytes() if key == "board-page" else html_of(m.contents).encode() for key, m in made.items()
    }
    assert theirs == {key: hashlib.sha256(body).hexdigest() for key, body in ours.items()}


def html_of(c: object) -> str:
    return fill_template("document_parts.html", d=c, symbols=symbol_notes(c))  # type: ignore[arg-type]


def test_what_people_wrote_is_text_and_never_markup(made: Mapping[str, Made]) -> None:
    assert "<b>Żółć</b>" in pages_of(made["quarterly"].path)[0]


def test_the_board_page_is_set_tighter_for_long_names_and_refused_when_nothing_helps(made: Mapping[str, Made]) -> None:
    c = made["board-page"].contents
    longer = replace(c, lead=tuple(f"{s} {'Llanfairpwllgwyngyll a’r cylch. ' * 9}" for s in c.lead))
    tight = board.pdf(longer)
    assert board._pages(tight) == 1
    undrawn = tuple(replace(m, chart=None) for m in c.measures)
    endless = replace(c, lead=tuple(s * 12 for s in c.lead), measures=undrawn)
    with pytest.raises(PdfError, match="does not fit one page"):
        board.pdf(endless)


def test_a_real_programme_is_not_called_a_demonstration(made: Mapping[str, Made]) -> None:
    assert parse_programme({**DOCUMENT, "demonstration": False}).demonstration is False
    real = replace(made["quarterly"].contents, demonstration=False)
    html = html_of(real)
    assert 'data-demonstration=""' in html
    assert 'class="demonstration"' not in html
