"""``flask briefing`` on the demonstration: one page a team and week, plain refusals, no half-written file."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.conftest import run_command


def test_a_teams_week_is_one_page(demonstration: Path, tmp_path: Path) -> None:
    out = tmp_path / "briefing.pdf"
    done = run_command(demonstration, "briefing", "--programme", "DEMO", "--team", "Outreach pair A", "--out", str(out))
    pages = PdfReader(out).pages
    text = " ".join(pages[0].extract_text().split())
    assert len(pages) == 1
    assert "Outreach pair A, 22 to 28 Jan 2024" in text, "the last whole week with data"
    assert done.stdout.splitlines()[0] in text, "the command says the paper's first sentence"
    assert "Demonstration data" in text
    assert "OUT-0" not in text, "no tracker is named"
    assert out.stat().st_mode & 0o077 == 0, "marked for some, so readable for its owner alone"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--team", "Nobody"], "No team is called “Nobody”"),
        (["--from", "2090-01-01", "--to", "2090-01-07"], "lies in the future"),
        (["--from", "yesterday"], "“yesterday” is not a day"),
    ],
)
def test_what_cannot_be_briefed_on_is_refused_in_words(
    demonstration: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    out = tmp_path / "briefing.pdf"
    done = run_command(demonstration, "briefing", "--programme", "DEMO", *words, "--out", str(out), check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
