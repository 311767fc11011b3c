"""The PDF as a person, a screen reader and an archive meet it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from data_access.crimes import crime_table
from data_access.returns import narrative
from domain import formats
from domain.filters import Filters
from domain.periods import month_period
from domain.scope import Scope
from reports import pdf as return_pdf
from reports.contents import build_contents
from reports.model import Entry, ReturnContents
from reports.pdf import PdfError, build_pdf, html_to_pdf, metadata_of, render_html
from tests.pdf_validation.validators import quick, semantics, vera

CODE, MONTH = "TEST", "2023-10"
ROOT = Path(__file__).resolve().parents[2]
HOSTILE = (
    "<link rel=attachment href=file:///etc/passwd> <img src=http://192.0.2.1/x.png> "
    "<style>body{display:none}</style> {{ 7*7 }} <script>alert(1)</script> & “quoted”"
)


@pytest.fixture(scope="module")
def built(contents: ReturnContents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "return.pdf"
    path.write_bytes(build_pdf(contents))
    return path


def _text(path: Path) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(path).pages]


def _made(html: str, tmp_path: Path) -> Path:
    metadata = {
        "title": "T", "author": "A", "subject": "S", "language": "en-GB", "moment": "2024-01-01T00:00:00Z",
        "creator": "C", "producer": "P",
    }  # fmt: skip
    path = tmp_path / "made.pdf"
    path.write_bytes(html_to_pdf(html, {}, accent="#12436D", metadata=metadata))
    return path


def _page(body: str) -> str:
    return f'<!doctype html><html lang="en-GB"><head><title>T</title></head><body><h1>One</h1>{body}</body></html>'


# --- validators -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", ["ua1", "3a"])
def test_verapdf_passes_it_as_pdf_ua_1_and_as_pdf_a_3a(built: Path, flavour: str) -> None:
    verdict = vera(built, flavour)
    assert verdict.failures == ()
    assert verdict.passed
    assert verdict.checks > 1000


def test_the_return_of_another_template_passes_too(scope: Scope, tmp_path: Path) -> None:
    path = tmp_path / "short.pdf"
    path.write_bytes(build_pdf(build_contents(scope, "SHORT", "2021-10")))
    assert vera(path, "ua1").passed
    text = " ".join(_text(path))
    assert "Claim of this month" in text
    assert "Enforcement" not in text


def test_the_validators_can_fail(tmp_path: Path) -> None:
    with pikepdf.open(_made(_page("<p>x</p>"), tmp_path)) as pdf:
        del pdf.Root.StructTreeRoot
        pdf.save(tmp_path / "broken.pdf")
    assert not vera(tmp_path / "broken.pdf", "ua1").passed
    assert not quick(tmp_path / "broken.pdf").passed


def test_the_second_validator_passes_it(built: Path) -> None:
    verdict = quick(built)
    assert verdict.failures == ()
    assert verdict.passed


def test_every_table_has_heads_with_scope_every_picture_words_every_link_a_target(built: Path) -> None:
    assert semantics(built) == []


def test_a_table_head_made_of_td_is_caught(tmp_path: Path) -> None:
    table = "<table><thead><tr><td>Month</td><td>Crimes</td></tr></thead><tbody><tr><td>Oct</td><td>3</td></tr></tbody></table>"
    path = _made(_page(table), tmp_path)
    assert quick(path).passed, "no validator minds, which is why semantics() looks"
    assert any("its head holds TD" in problem for problem in semantics(path))


def test_a_picture_without_alternative_text_is_not_let_through(contents: ReturnContents, tmp_path: Path) -> None:
    with pytest.raises(PdfError, match="alt"):
        _made(_page('<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==">'), tmp_path)  # fmt: skip


def test_headers_and_footers_are_artifacts_and_pictures_lie_on_their_page(built: Path) -> None:
    with pikepdf.open(built) as pdf:
        for page in pdf.pages:
            stream = b"".join(
                s.read_bytes()
                for s in ([page.Contents] if isinstance(page.Contents, pikepdf.Stream) else page.Contents)
            )
            assert b"/Pagination" in stream
            height = float(page.MediaBox[3])
            assert height > 800
        boxes = [e.A.BBox for e in pdf.objects if isinstance(e, pikepdf.Dictionary) and e.get("/S") == "/Figure"]
        assert len(boxes) >= 4
        for left, bottom, right, top in (map(float, box) for box in boxes):
            assert 0 <= left < right <= 596
            assert 0 <= bottom < top <= 842


# --- what a reader sees ----------------------------------------------------------------------------------------


def test_every_section_is_there_in_order(built: Path, contents: ReturnContents) -> None:
    text = " ".join(_text(built)[2:])
    places = [text.find(f"{s.letter} {s.title}") for s in contents.sections]
    assert "".join(s.letter for s in contents.sections) == "ABCDEFGHIJK"
    assert -1 not in places
    assert places == sorted(places)
    outline = [item.title for item in PdfReader(built).outline if not isinstance(item, list)]
    titles = [
        item.title
        for group in PdfReader(built).outline
        if isinstance(group, list)
        for item in group
        if not isinstance(item, list)
    ]
    assert any("Monthly return" in title for title in outline + titles)


def test_every_page_says_demonstration_data_marking_hash_and_number(built: Path, contents: ReturnContents) -> None:
    pages = _text(built)
    assert len(pages) >= 8
    for number, text in enumerate(pages, 1):
        assert "Demonstration data" in text, number
        assert contents.marking in text, number
        assert contents.data_hash_short in text, number
        assert f"Page {number} of {len(pages)}" in text


def test_a_real_programme_is_not_called_a_demonstration(contents: ReturnContents, tmp_path: Path) -> None:
    path = tmp_path / "real.pdf"
    path.write_bytes(build_pdf(replace(contents, demonstration=False, sections=contents.sections[:1], source_note="", marking="OFFICIAL-SENSITIVE", handling="Partners only")))  # fmt: skip
    for text in _text(path):
        assert "Demonstration data" not in text
        assert "OFFICIAL-SENSITIVE – Partners only" in text


def test_the_figure_in_the_pdf_is_the_query_functions(built: Path, scope: Scope) -> None:
    by_spot = crime_table(scope, Filters(CODE, month_period(MONTH)), ("hot_spot",)).to_dict("records")
    text = " ".join(_text(built))
    for row in by_spot:
        assert re.search(rf"{row['hot_spot_name']} {formats.number(row['crimes'])} ", text), row["hot_spot_name"]
    assert "[x]" in text
    assert "A draft that must stay inside" not in text


def test_title_language_and_dates_come_from_the_data(built: Path, contents: ReturnContents) -> None:
    reader = PdfReader(built)
    assert reader.metadata is not None
    assert reader.metadata.title == "Monthly return: Test city, October 2023"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.replace(tzinfo=None) == contents.made_at
    assert contents.made_at < datetime(2026, 1, 1), "from the fixture's loads, not from the clock"
    with pikepdf.open(built) as pdf:
        assert str(pdf.Root.Lang) == "en-GB"
        packet = bytes(pdf.Root.Metadata.read_bytes())
    assert b'pdfuaid:part="1"' in packet
    assert b'pdfaid:part="3"' in packet


# --- hostile words ----------------------------------------------------------------------------------------------


def _with_words(contents: ReturnContents, words: str) -> ReturnContents:
    def changed(entry: Entry) -> Entry:
        return replace(entry, texts=(("Highlights", words),)) if entry.field.key == "highlights" else entry

    sections = tuple(
        replace(s, entries=tuple(changed(e) for e in s.entries)) for s in contents.sections if s.letter in "AI"
    )
    return replace(contents, sections=sections, title=contents.title + " <b>&</b>")


def test_html_in_a_narrative_is_shown_as_text_and_does_nothing(contents: ReturnContents, tmp_path: Path) -> None:
    path = tmp_path / "hostile.pdf"
    path.write_bytes(build_pdf(_with_words(contents, HOSTILE)))
    text = " ".join(_text(path))
    assert "<link rel=attachment href=file:///etc/passwd>" in text
    assert "{{ 7*7 }}" in text
    assert "root:" not in text
    with pikepdf.open(path) as pdf:
        assert not pdf.attachments
        assert "/Names" not in pdf.Root or "/EmbeddedFiles" not in pdf.Root.Names
    assert vera(path, "ua1").passed


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="attachment" href="file:///etc/passwd">',
        '<img alt="x" src="file:///etc/passwd">',
        '<img alt="x" src="http://192.0.2.1/x.png">',
        '<img alt="x" src="data:image/svg+xml,<svg/>">',
        '<p style="background: url(http://192.0.2.1/x.png)">x</p>',
        '<link rel="stylesheet" href="http://192.0.2.1/x.css">',
        '<object data="file:///etc/hostname">x</object>',
    ],
)
def test_whatever_html_asks_for_is_refused_even_unescaped(markup: str, tmp_path: Path) -> None:
    """The second lock: should something ever pass the escaping, nothing is fetched and no PDF is made."""
    with pytest.raises(PdfError, match="not part of it"):
        _made(_page(markup), tmp_path)


def test_an_accent_colour_cannot_carry_css(contents: ReturnContents) -> None:
    with pytest.raises(PdfError, match="ACCENT_COLOUR"):
        build_pdf(replace(contents, accent_colour="red; } body { display: none"))


def test_templates_escape_everything(contents: ReturnContents) -> None:
    html = render_html(_with_words(contents, HOSTILE))
    assert "<script>" not in html
    assert "<link rel=attachment" not in html
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in html
    assert metadata_of(contents)["title"] == contents.title


def test_an_error_logged_by_weasyprint_stops_the_return(
    monkeypatch: pytest.MonkeyPatch, contents: ReturnContents
) -> None:
    monkeypatch.setattr(return_pdf, "render_html", lambda _: _page("<p>x</p>").replace(' lang="en-GB"', ""))
    with pytest.raises(PdfError, match="lang"):
        build_pdf(contents)


# --- the same bytes -----------------------------------------------------------------------------------------------


def test_two_processes_give_the_same_bytes(database: Path, tmp_path: Path) -> None:
    made = []
    for seed in ("1", "77"):
        out = tmp_path / f"{seed}.pdf"
        env = {
            **os.environ, "PYTHONHASHSEED": seed, "DATA_DIR": str(database), "TZ": "UTC" if seed == "1" else "Asia/Tokyo",
            "DATABASE_URL": f"sqlite:///{database / 'portal.sqlite3'}",
        }  # fmt: skip
        code = (
            "import sys; from pathlib import Path\n"
            "from domain.scope import server_scope\n"
            "from reports.contents import build_contents\n"
            "from reports.pdf import build_pdf\n"
            f"Path(sys.argv[1]).write_bytes(build_pdf(build_contents(server_scope('t'), '{CODE}', '{MONTH}')))\n"
        )
        subprocess.run([sys.executable, "-c", code, str(out)], cwd=ROOT, env=env, check=True, timeout=300)
        made.append(out.read_bytes())
    assert made[0] == made[1]


# --- what a copy of the text says ---------------------------------------------------------------------------------


def test_value_and_note_do_not_run_together_in_copied_text(scope: Scope, tmp_path: Path) -> None:
    writer = replace(scope, actor="manager@demo.example")
    narrative.save(writer, CODE, "2023-12", {"highlights": "Words."}, 0)
    contents = build_contents(scope, CODE, "2023-12")
    path = tmp_path / "r.pdf"
    path.write_bytes(build_pdf(contents))
    text = "\n".join(page.extract_text() for page in PdfReader(path).pages)
    assert "manager@demo.example" in text
    facts = [f for s in contents.sections for e in s.entries for f in e.facts if f.value and f.note]
    run_together = [f.label for f in facts if f.value + f.note[:12] in text]
    assert facts
    assert not run_together


def test_every_page_carries_the_data_hash_and_the_narrative_revision(built: Path, contents: ReturnContents) -> None:
    for page in _text(built):
        assert f"Data {contents.data_hash_short} · no narrative saved" in page
