"""What the bench of returns runs in processes of their own: python -m benchmarks.returns_work STEP ARGUMENTS."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from reports.model import ReturnContents

T = TypeVar("T")

STAGES = (
    "figures gathered", "charts to SVG", "HTML", "layout and drawing", "data files (JSON, CSV, ODS)",
    "finishing with attachments", "the return, from data to file", "one seal", "verifying three seals", "the ten checks",
)  # fmt: skip


def short() -> None:
    from benchmarks.returns_programmes import short_return
    from data_access.engine import get_engine

    short_return(get_engine())


def programmes(*codes: str) -> None:
    """A programme for each code, all with the demonstration's data; where the code begins with SHORT, the short return."""
    from benchmarks.returns_programmes import copy_programme, short_return
    from data_access.engine import get_engine

    for at, code in enumerate(codes):
        make = short_return if code.startswith("SHORT") else copy_programme
        make(get_engine(), at + 2, code)


def peers(code: str, month: str, folder: str) -> None:
    """The files that ``print_page``, Chromium and Typst start from."""
    from benchmarks.returns_peers import write_for_peers
    from domain.scope import server_scope
    from reports.contents import build_contents

    write_for_peers(build_contents(server_scope(), code, month), Path(folder))


def print_page(folder: str) -> None:
    """The portal's printing alone: HTML and charts as they lie in ``folder`` to a finished PDF without attachments."""
    from reports.pdf import chart_address, html_to_pdf

    place = Path(folder)
    given = json.loads((place / "portal.json").read_text(encoding="utf-8"))
    charts = {chart_address(p.stem): (p.read_bytes(), "image/svg+xml") for p in (place / "charts").glob("*.svg")}
    html = (place / "portal.html").read_text(encoding="utf-8")
    (place / "portal.pdf").write_bytes(html_to_pdf(html, charts, accent=given["accent"], metadata=given["metadata"]))


def typst(folder: str) -> None:
    import typst as printer

    place = Path(folder)
    printer.compile(str(place / "return.typ"), output=str(place / "typst.pdf"), pdf_standards=["ua-1", "a-3a"])


def stages(code: str, month: str, rounds: str) -> None:
    """CPU seconds of each stage, of every round after a first that warms up, as JSON."""
    found: dict[str, list[float]] = {name: [] for name in STAGES}
    for number in range(int(rounds) + 1):
        for name, seconds in _one_round(code, month):
            if number:
                found[name].append(seconds)
    print(json.dumps(found))


def _one_round(code: str, month: str) -> Iterator[tuple[str, float]]:
    import reports.pdf as printing
    from data_access.returns import versions
    from domain.scope import server_scope
    from reports.checks.run import run_checks, texts_of
    from reports.contents import contents_of
    from reports.files import attachments

    scope = server_scope()
    version = versions.latest(scope, code, month)
    clock = _Clock()
    contents = clock.of("figures gathered", lambda: contents_of(scope, code, version))
    charts = clock.of("charts to SVG", lambda: _drawn(contents))
    html = clock.of("HTML", lambda: printing.render_html(contents))
    files = clock.of("data files (JSON, CSV, ODS)", lambda: attachments(contents))
    metadata, accent = printing.metadata_of(contents), contents.accent_colour
    with _timed_finish(clock):
        pdf = clock.of(
            "layout and drawing",
            lambda: printing.html_to_pdf(html, charts, accent=accent, metadata=metadata, attachments=files),
        )
    clock.seconds["layout and drawing"] -= clock.seconds["finishing with attachments"]
    clock.seconds["the return, from data to file"] = sum(clock.seconds.values())
    _seal_and_verify(clock, pdf)
    clock.of("the ten checks", lambda: run_checks(scope, contents, texts_of(version)))
    yield from clock.seconds.items()


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def of(self, name: str, work: Callable[[], T]) -> T:
        start = time.process_time()
        done = work()
        self.seconds[name] = time.process_time() - start
        return done


def _drawn(contents: ReturnContents) -> dict[str, tuple[bytes, str]]:
    from reports.charts import figure_svg
    from reports.pdf import chart_address

    return {
        chart_address(c.key): (figure_svg(c.figure, c.width, c.height).encode(), "image/svg+xml")
        for c in contents.charts()
    }


@contextmanager
def _timed_finish(clock: _Clock) -> Iterator[None]:
    """Finishing is the last thing that printing does; its time is taken apart."""
    import reports.pdf as printing

    finish = printing.finish
    printing.finish = lambda *given: clock.of("finishing with attachments", lambda: finish(*given))
    try:
        yield
    finally:
        printing.finish = finish


def _seal_and_verify(clock: _Clock, pdf: bytes) -> None:
    from reports.sealing.fields import STEPS
    from reports.sealing.keys import load_key
    from reports.sealing.seal import SealStep, seal
    from reports.sealing.verify import verify
    from settings import load_settings

    key, start = load_key(load_settings()), time.process_time()
    for step in STEPS:
        pdf = seal(pdf, key, SealStep(step, "A Person, analyst", datetime(2024, 1, 10, tzinfo=UTC), "Bench"))
    clock.seconds["one seal"] = (time.process_time() - start) / len(STEPS)
    verdict = clock.of("verifying three seals", lambda: verify(pdf, key))
    if not verdict.whole:
        raise SystemExit(f"The sealed return does not verify: {' '.join(verdict.sentences)}")


def main() -> None:
    steps: dict[str, Callable[..., None]] = {
        f.__name__: f for f in (short, programmes, peers, print_page, typst, stages)
    }
    name, *rest = sys.argv[1:]
    steps[name](*rest)


if __name__ == "__main__":
    main()
