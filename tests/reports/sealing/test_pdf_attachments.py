"""Files that travel inside the PDF: once each, described as PDF/A-3 asks, the same bytes each time, and only ours."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from reports.model import DataTable, Entry, ReturnContents, Section, Story
from reports.pdf import PdfError, build_pdf
from tests.pdf_validation.validators import FLAVOURS, quick, semantics
from tests.reports.sealing.sealed_files import ATTACHMENTS, made

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = (
    "<link rel=attachment href=file:///etc/passwd>",
    "<img src=http://192.0.2.1/x.png>",
    '<svg><image href="file:///etc/passwd"/><use href="http://192.0.2.1/x.svg#a"/></svg>',
    "<style>@import url(http://192.0.2.1/x.css); body { background: url(file:///etc/hostname) }</style>",
    '"><a rel="attachment" href="file:///etc/passwd">x</a>',
    "{{ 7*7 }}{% include 'return.css' %}",
)


@pytest.fixture(scope="module")
def held() -> bytes:
    return made()


def test_each_file_is_listed_once_and_comes_out_as_it_went_in(held: bytes) -> None:
    with pikepdf.open(BytesIO(held)) as pdf:
        assert {name: spec.get_file().read_bytes() for name, spec in pdf.attachments.items()} == {
            a.name: a.body for a in ATTACHMENTS
        }
        associated = [str(spec.UF) for spec in pdf.Root.AF]
        assert sorted(associated) == sorted(a.name for a in ATTACHMENTS)


def test_a_reader_is_told_kind_size_time_and_sum_of_each(held: bytes) -> None:
    with pikepdf.open(BytesIO(held)) as pdf:
        for one in ATTACHMENTS:
            spec = pdf.attachments[one.name].obj
            assert (str(spec.F), str(spec.UF), str(spec.Desc)) == (one.name, one.name, one.description)
            assert spec.AFRelationship == "/" + one.relationship
            stream = spec.EF.F
            assert stream.Subtype == "/" + one.mime
            assert stream.Params.Size == len(one.body)
            assert str(stream.Params.ModDate) == "D:20240102030405Z"
            assert bytes(stream.Params.CheckSum) == hashlib.md5(one.body).digest()


def test_order_of_files_and_process_do_not_change_the_bytes(held: bytes, tmp_path: Path) -> None:
    assert made(attachments=ATTACHMENTS[::-1]) == held
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.reports.sealing.sealed_files import made\n"
        "Path(sys.argv[1]).write_bytes(made())\n"
    )
    env = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.pdf")], cwd=ROOT, env=env, check=True, timeout=120)
    assert (tmp_path / "a.pdf").read_bytes() == held


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "../../etc/passwd"}, "plain file name"),
        ({"name": "a\nb.csv"}, "plain file name"),
        ({"name": " . "}, "plain file name"),
        ({"name": "TABLES.csv"}, "Two attachments are called “TABLES.csv”"),
        ({"description": " "}, "has no description"),
    ],
)
def test_a_file_that_would_trouble_its_reader_stops_the_pdf(changes: dict[str, str], words: str) -> None:
    with pytest.raises(PdfError, match=re.escape(words)):
        made(attachments=(ATTACHMENTS[0], replace(ATTACHMENTS[1], **changes)))


# --- what people wrote is text ----------------------------------------------------------------------------------------


def _with_hostile_words(contents: ReturnContents) -> ReturnContents:
    """Hostile words wherever people's words and file names go: programme, narrative, case study, table, notes."""
    bad = " ".join(HOSTILE)

    def changed(entry: Entry) -> Entry:
        return replace(entry, texts=(("Highlights", bad),), stories=(Story("CS9", bad, bad, bad, bad, bad),))

    sections: list[Section] = [
        replace(s, entries=tuple(changed(e) if e.field.key == "highlights" else e for e in s.entries))
        for s in contents.sections
        if s.letter in "AI"
    ]
    files = DataTable("Files replaced since", ("File", "Change"), tuple((name, name) for name in HOSTILE), (1,))
    first = sections[0]
    sections[0] = replace(first, entries=(*first.entries, replace(first.entries[-1], facts=(), tables=(files,))))
    return replace(
        contents, sections=tuple(sections), title=f"Return {bad}", programme_name=bad, force=bad, recipient=bad,
        contact=bad, notes=(bad,), handling=bad,
    )  # fmt: skip


def test_a_return_full_of_hostile_words_shows_them_and_fetches_attaches_and_runs_nothing(
    contents: ReturnContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the PDF asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    path = tmp_path / "hostile.pdf"
    path.write_bytes(build_pdf(_with_hostile_words(contents), ATTACHMENTS))
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(path).pages))
    for words in HOSTILE:
        assert text.count(re.sub(r"\s", "", words)) >= 6, words
    assert "root:" not in text
    with pikepdf.open(path) as pdf:
        assert set(pdf.attachments) == {a.name for a in ATTACHMENTS}
        assert len(pdf.Root.AF) == len(ATTACHMENTS)
        assert "/OpenAction" not in pdf.Root
        assert "/JavaScript" not in pdf.Root.Names
        addresses = [a.A.URI for page in pdf.pages for a in page.obj.get("/Annots", []) if "/URI" in a.get("/A", {})]
        assert addresses == []
    assert [quick(path, flavour).failures for flavour in FLAVOURS] == [(), ()]
    assert semantics(path) == []
