"""The checks that stand beside the validators can fail: each is shown a file that was broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from tests.pdf_validation.validators import quick, semantics, vera_all
from tests.reports.sealing.sealed_files import BODY, STEPS, key_of, made

PICTURE = (
    '<img alt="A dot" src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk'
    '+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==">'
)


def saved(folder: Path, pdf: bytes, break_it: Callable[[pikepdf.Pdf], None] = lambda _: None) -> Path:
    path = folder / "file.pdf"
    with pikepdf.open(BytesIO(pdf)) as opened:
        break_it(opened)
        opened.save(path)
    return path


def _without_alt(pdf: pikepdf.Pdf) -> None:
    (figure,) = (o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Figure")
    del figure.Alt


def _empty_alt(pdf: pikepdf.Pdf) -> None:
    (figure,) = (o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Figure")
    figure.Alt = pikepdf.String(" ")


def _without_language(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.Lang


def _without_scope(pdf: pikepdf.Pdf) -> None:
    for one in pdf.objects:
        if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/TH":
            del one.A.Scope


def _mute_links(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        for annotation in page.obj.get("/Annots", []):
            annotation.Contents = pikepdf.String("b")


def _without_tags(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.StructTreeRoot


def test_a_good_file_has_nothing_to_say(tmp_path: Path) -> None:
    assert semantics(saved(tmp_path, made(BODY + PICTURE))) == []


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (_without_alt, "no alternative text"),
        (_empty_alt, "no alternative text"),
        (_without_language, "the document has no language"),
        (_without_scope, "a TH has no scope"),
        (_mute_links, "a link does not say where it goes"),
        (_without_tags, "the document has no tags"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_was_taken_out_is_missed(tmp_path: Path, break_it: Callable[[pikepdf.Pdf], None], words: str) -> None:
    assert any(words in problem for problem in semantics(saved(tmp_path, made(BODY + PICTURE), break_it)))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<h1>A</h1><h2>B</h2><h4>C</h4>", "a heading of level 4 follows one of level 2"),
        ("<h2>A</h2>", "the first heading is of level 2"),
        ("<p>A</p>", "the document has no heading"),
        (
            "<h1>A</h1><table><thead><tr><td>M</td><td>N</td></tr></thead><tbody><tr><th>O</th><td>3</td></tr></tbody></table>",
            "its head holds TD",
        ),
        ("<h1>A</h1><table><tbody><tr><th>O</th><td>3</td></tr></tbody></table>", "no head"),
        (
            "<h1>A</h1><table><thead><tr><th>M</th></tr></thead><tbody><tr><td>O</td></tr></tbody></table>",
            "a row does not begin with TH",
        ),
    ],
)
def test_what_was_never_put_in_is_missed(tmp_path: Path, body: str, words: str) -> None:
    assert any(words in problem for problem in semantics(saved(tmp_path, made(body))))


def test_a_step_back_up_is_no_jump(tmp_path: Path) -> None:
    body = "<h1>A</h1><h2>B</h2><h3>C</h3><h2>D</h2><h3>E</h3>"
    assert semantics(saved(tmp_path, made(body))) == []


def test_a_field_without_a_name_is_missed(tmp_path: Path) -> None:
    from reports.sealing.seal import seal

    def nameless(pdf: pikepdf.Pdf) -> None:
        for field in pdf.Root.AcroForm.Fields:
            del field.TU

    path = saved(tmp_path, seal(made(), key_of("T"), STEPS[0]), nameless)
    assert semantics(path) == ["page 1: a form field has no name for people"] * 3


def test_the_validators_fail_what_breaks_their_rules_and_pass_what_only_people_miss(tmp_path: Path) -> None:
    """All in one run of Java."""
    folders = [tmp_path / name for name in ("untagged", "silent", "jumping")]
    for folder in folders:
        folder.mkdir()
    untagged = saved(folders[0], made(), _without_tags)
    silent = saved(folders[1], made(BODY + PICTURE), _without_alt)
    head = "<h1>A</h1><table><thead><tr><td>M</td></tr></thead><tbody><tr><td>O</td></tr></tbody></table>"
    people_only = saved(folders[2], made(head))
    verdicts = vera_all([untagged, silent, people_only])
    assert not verdicts[untagged, "ua1"].passed
    assert not verdicts[untagged, "3a"].passed
    assert any(failure.startswith("7.3-1") for failure in verdicts[silent, "ua1"].failures)
    assert verdicts[people_only, "ua1"].passed
    assert semantics(people_only)
    assert not quick(untagged).passed
    assert not quick(untagged, "3a").passed
