"""One source for a number: a hot spot's crimes in a month are the same on the page, in its table, its CSV and the PDF."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from pathlib import Path

import pytest

from domain.roles import Role
from tests.browser.conftest import Person
from tests.conftest import run_command

MONTH, SHOWN = "2023-11", "Nov 2023"


@pytest.fixture(scope="module")
def printed(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The words of the month's return."""
    out = tmp_path_factory.mktemp("return") / "return.pdf"
    run_command(demonstration, "return", "build", "--programme", "DEMO", "--month", MONTH, "--out", str(out))
    return subprocess.run(["pdftotext", "-layout", str(out), "-"], capture_output=True, text=True, check=True).stdout


def _pdf_figure(text: str, hot_spot: str) -> int:
    """Read as a person would: the hot spot's row of the table "Recorded crimes by hot spot" in section F."""
    section = text[text.index("Recorded crimes by hot spot\n") :]
    found = re.search(rf"^\s*{re.escape(hot_spot)}\s+(\d+)\s", section, re.MULTILINE)
    assert found, section[:800]
    return int(found[1])


@pytest.mark.parametrize("code", ["HS1", "HS5"])
def test_crimes_of_a_hot_spot_in_a_month(person: Person, printed: str, code: str) -> None:
    person.sign_in(Role.MANAGER)
    person.open(f"/hot-spots/{code}?from={MONTH}&to={MONTH}")
    name = person.page.locator("main h1").inner_text().split(":")[0]
    lead = re.match(r"([\d,]+) recorded crimes? in Nov 2023", person.page.locator("main .lead").inner_text())
    assert lead
    on_page = int(lead[1].replace(",", ""))

    row = person.page.locator("#crimes-by-month-table tbody tr", has_text=SHOWN)
    in_table = int(row.locator("td").first.text_content() or "")

    link = person.page.locator("#crimes-by-month .downloads a").get_attribute("href")
    text = person.context.request.get(f"{person.address}{link}").text().lstrip("\ufeff")
    rows = [r for r in csv.reader(io.StringIO(text)) if r and r[0] == SHOWN]
    in_csv = int(rows[0][1])
    assert name in text.splitlines()[1]  # the file says which filters it was made with
    assert "data as at" in text.splitlines()[2]

    assert on_page == in_table == in_csv == _pdf_figure(printed, name)
