"""A return's time and memory, stage by stage; its printing beside Chromium and Typst; the returns of 43 programmes.

python -m benchmarks.returns_speed
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pikepdf

from benchmarks.harness import Sizes, Spread, arguments, table, write_section
from benchmarks.returns_measuring import Cost, run
from benchmarks.returns_programmes import MONTH, SHORT
from benchmarks.returns_work import STAGES
from demo.programme import CODE
from tests.pdf_validation.validators import FLAVOURS, quick, vera_all

COLD_S, WARM_S, MEMORY_MB, PAGES = 2.5, 1.2, 120, 12
PROGRAMMES, ALL_S = 43, 60
DOCUMENTS = {CODE: "standard template", SHORT: "short template, with a narrative"}
PORTAL, CHROMIUM, TYPST = "this portal (WeasyPrint, finished)", "Chromium, headless", "Typst"
_BROWSER = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
_FILES = {PORTAL: "portal.pdf", CHROMIUM: "chromium.pdf", TYPST: "typst.pdf"}


class Place:
    """A folder with the data, and commands run on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "PING_STORE", "SEAL_KEY")}
        self._environment = {**kept, "DATA_DIR": str(folder / "data"), "PYTHONPATH": "."}

    def flask(self, *words: str) -> Cost:
        return run([sys.executable, "-m", "flask", "--app", "app", *words], self._environment)

    def work(self, *words: str) -> Cost:
        return run([sys.executable, "-m", "benchmarks.returns_work", *words], self._environment)

    def browser(self, chromium: str, page: Path, out: Path) -> Cost:
        profile = f"--user-data-dir={self.folder / 'browser'}"
        return run([chromium, *_BROWSER, profile, f"--print-to-pdf={out}", page.as_uri()], self._environment)


@dataclass(frozen=True)
class Measured:
    """A document's costs: commands from the data, printing by each printer, and stages (CPU seconds, warm)."""

    code: str
    file: Path
    commands: list[Cost]
    printing: dict[str, list[Cost]]
    folder: Path
    stages: dict[str, list[float]]


def main() -> None:
    arguments(__doc__ or "")
    rounds = Sizes.from_environment().rounds
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        place = Place(Path(folder))
        place.flask("demo")
        place.work("short")
        documents = [_measure(place, code, rounds) for code in DOCUMENTS]
        text = "\n\n".join([_whole(documents), _stages(documents), _beside(documents), _many(place)])
    write_section("returns", "Returns: from data to a sealed file", text, "weasyprint", "pikepdf", "pyhanko", "typst")


def _measure(place: Place, code: str, rounds: int) -> Measured:
    folder = place.folder / code
    folder.mkdir()
    place.work("peers", code, MONTH, str(folder))
    file = folder / "return.pdf"
    chromium = shutil.which("chromium")
    printers = {PORTAL: lambda: place.work("print_page", str(folder)), TYPST: lambda: place.work("typst", str(folder))}
    if chromium:
        page, out = folder / "page.html", folder / _FILES[CHROMIUM]
        printers[CHROMIUM] = lambda: place.browser(chromium, page, out)
    commands: list[Cost] = []
    printing: dict[str, list[Cost]] = {name: [] for name in printers}
    for _ in range(rounds):
        commands.append(place.flask("return", "build", "--programme", code, "--month", MONTH, "--out", str(file)))
        for name, printer in printers.items():
            printing[name].append(printer())
    stages = json.loads(place.work("stages", code, MONTH, str(rounds)).said)
    return Measured(code, file, commands, printing, folder, stages)


def _whole(documents: Sequence[Measured]) -> str:
    rows = []
    for one in documents:
        pages = _pages(one.file)
        printed = [one.stages[name] for name in ("HTML", "layout and drawing", "finishing with attachments")]
        for what, costs, warm in (
            ("the command `return build`, from data to file", one.commands, one.stages[STAGES[6]]),
            (
                "printing alone, from HTML and charts",
                one.printing[PORTAL],
                [sum(s) for s in zip(*printed, strict=True)],
            ),
        ):
            cold, peak = _spread(c.cpu_s for c in costs), median(c.peak_mb for c in costs)
            within = cold.median <= COLD_S and Spread(tuple(warm)).median <= WARM_S and peak <= MEMORY_MB
            rows.append([
                f"{DOCUMENTS[one.code]}: {pages} pages", what, cold.shown(), Spread(tuple(warm)).shown(), f"{peak:.0f}",
                ("yes" if within else "NO") if pages == PAGES else "",
            ])  # fmt: skip
    return (
        "CPU seconds of all processes. Cold: a process of its own, with Python and all libraries to load; warm: again in "
        f"the same process. Target for {PAGES} pages: {COLD_S} s cold, {WARM_S} s warm, {MEMORY_MB} MB.\n\n"
        + table(["document", "what", "cold", "warm", "peak MB", "within target"], rows)
    )


def _stages(documents: Sequence[Measured]) -> str:
    heads = ["stage", *(f"{DOCUMENTS[d.code]}: {_pages(d.file)} pages" for d in documents)]
    rows = [[stage, *(Spread(tuple(d.stages[stage])).shown() for d in documents)] for stage in STAGES]
    return f"CPU seconds of each stage, warm, in one process.\n\n{table(heads, rows)}"


def _beside(documents: Sequence[Measured]) -> str:
    files = {(d.code, name): d.folder / _FILES[name] for d in documents for name in d.printing}
    by_vera = vera_all(list(files.values()))
    rows = []
    for one in documents:
        for name, costs in one.printing.items():
            path = files[one.code, name]
            rows.append([
                DOCUMENTS[one.code], name, _pages(path), f"{path.stat().st_size / 1024:.0f}",
                _spread(c.wall_s for c in costs).shown(), _spread(c.cpu_s for c in costs).shown(),
                f"{median(c.peak_mb for c in costs):.0f}",
                *(_verdict(by_vera[path, flavour].failures) for flavour in FLAVOURS),
                *(_verdict(quick(path, flavour).failures) for flavour in FLAVOURS),
            ])  # fmt: skip
    absent = "" if CHROMIUM in documents[0].printing else " Chromium is not installed here, so it is left out."
    return (
        "Printers side by side, each a cold process, from the same words, tables and charts (SVG) in files to a PDF "
        "without attachments. Memory: the most at one time of all processes together, shared memory counted once. "
        "Verdicts: veraPDF and page-validation (pv), with the number of rules broken. Chromium leaves marking, status "
        "and hashes off its pages and page numbers out of the table of contents, since it knows no running heads and no "
        f"target counters; Typst has the row heads of tables as plain cells.{absent}\n\n"
        + table(
            [
                "document",
                "printer",
                "pages",
                "KB",
                "wall s",
                "CPU s",
                "peak MB",
                "UA-1",
                "A-3a",
                "UA-1, pv",
                "A-3a, pv",
            ],
            rows,
        )
    )


def _many(place: Place) -> str:
    kinds = {"CITY": "standard template", "SHORT": "short template, with a narrative"}
    codes = {kind: [f"{kind}{number:02d}" for number in range(1, PROGRAMMES + 1)] for kind in kinds}
    place.work("programmes", *(code for each in codes.values() for code in each))
    rows = [[kinds[kind], *_built(place, kind, each)] for kind, each in codes.items()]
    return (
        f"`return build-all` of {PROGRAMMES} programmes, each with the demonstration's data, once. Target: {ALL_S} s on two "
        "cores.\n\n"
        + table(
            [
                "documents",
                "returns",
                "processes",
                "pages",
                "wall s",
                "CPU s",
                "peak MB, all processes",
                "within target",
            ],
            rows,
        )
    )


def _built(place: Place, kind: str, codes: Sequence[str]) -> list[object]:
    out = place.folder / f"all-{kind}"
    out.mkdir()
    asked = [word for code in codes for word in ("--programme", code)]
    workers = os.cpu_count() or 1
    cost = place.flask("return", "build-all", "--month", MONTH, "--folder", str(out), "--workers", str(workers), *asked)
    written = list(out.glob("*.pdf"))
    if len(written) != PROGRAMMES:
        raise SystemExit(f"{len(written)} returns were written, not {PROGRAMMES}.")
    return [
        PROGRAMMES, workers, sum(_pages(path) for path in written), f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}",
        f"{cost.peak_mb:.0f}", "yes" if cost.wall_s <= ALL_S else "NO",
    ]  # fmt: skip


def _spread(seconds: object) -> Spread:
    return Spread(tuple(seconds))  # type: ignore[call-overload]


def _pages(path: Path) -> int:
    with pikepdf.open(path) as pdf:
        return len(pdf.pages)


def _verdict(failures: Sequence[str]) -> str:
    broken = len({failure.split(":", 1)[0] for failure in failures})
    return f"fails: {broken}" if broken else "passes"


if __name__ == "__main__":
    main()
