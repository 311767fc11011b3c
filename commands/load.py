"""``flask --app app load KIND FILE...``: extract files in, a reconciliation out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from data_access.engine import get_engine
from data_access.loading import ALREADY_LOADED, KINDS, REPLACED, LoadOptions, LoadRefused, LoadResult, load_file
from data_access.loading.mapping import Mapping, checked, parse_mapping
from data_access.loading.source_file import open_source
from domain import formats
from domain.periods import Period, parse_month

ACTOR = "command line"
COUNTS = ("read", "loaded", "duplicate", "rejected")


def register(server: Flask) -> None:
    server.cli.add_command(load)


@click.command("load")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--programme", "code", help="Programme code; may be left out while there is only one.")
@click.option("--source", default="", help="Whose data it is, where the file does not say.")
@click.option("--provider", default="", help="pings: the provider, where there is no such column.")
@click.option("--team", default="", help="pings: the team, where there is no such column.")
@click.option("--code-property", default="", help="hot-spots: the property that holds the code.")
@click.option("--name-property", default="", help="hot-spots: the property that holds the name.")
@click.option("--edition", default="", help="weights: the edition of the index.")
@click.option("--index", default="", help="weights: the name of the index.")
@click.option("--basis", default="", help="weights: one sentence, where the weights come from.")
@click.option(
    "--mapping", "mapping_file", type=click.Path(path_type=Path), help="pings, crimes: TOML naming the columns."
)
@click.option("--sheet", default="", help="crimes: the sheet of a workbook. hot-spots: the layer.")
@click.option("--crs", default="", help="pings, crimes, hot-spots: the coordinate system, such as EPSG:27700.")
@click.option("--zone", default="", help="pings, crimes: the zone of times without one (Europe/London unless said).")
@click.option("--replace", is_flag=True, help="Replace older files whose months this one covers, whatever its days.")
@click.option("--again", is_flag=True, help="Load again a file that a newer one has replaced since.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of sentences.")
def load(
    kind: str,
    files: tuple[Path, ...],
    code: str | None,
    as_json: bool,
    mapping_file: Path | None,
    zone: str,
    **options: Any,
) -> None:
    """Load extract files (docs/extract-formats.md says what each KIND needs).

    Each file loads whole or not at all, and loading the same file again changes nothing. Every row is accounted
    for: read = loaded + duplicate + rejected.
    """
    try:
        mapping = read_mapping(mapping_file, zone)
    except LoadRefused as refusal:
        raise click.UsageError(str(refusal)) from None
    report = load_all([(kind, path) for path in files], code, LoadOptions(mapping=mapping, **options))
    finish(report, as_json)


def read_mapping(path: Path | None, zone: str = "") -> Mapping:
    """The mapping in a file (none: nothing said) with ``zone`` put over its own; LoadRefused when it cannot be used."""
    mapping = parse_mapping(open_source(path).text(), path.name) if path else Mapping()
    return checked(replace(mapping, zone=zone), "--zone") if zone else mapping


@dataclass
class Report:
    """What became of the files, in order; ``refused`` ends the list: later files were not tried."""

    results: list[LoadResult] = field(default_factory=list)
    refused: tuple[str, str] | None = None  # file, message
    not_tried: int = 0

    def total(self) -> dict[str, int]:
        return {name: sum(getattr(result, name) for result in self.results) for name in COUNTS}


def load_all(items: Iterable[tuple[str, Path]], code: str | None, options: LoadOptions) -> Report:
    """Load files in order with a progress bar; stop at the first that is refused."""
    report, todo = Report(), list(items)
    # Nothing under a second; away from a terminal a line now and then, not one for every file.
    often = 0.2 if sys.stderr.isatty() else 10
    with tqdm(total=len(todo), unit="file", delay=1, leave=False, mininterval=often, miniters=0) as bar:
        for kind, path in todo:
            bar.set_description(path.name[:40], refresh=False)
            try:
                report.results.append(_load_one(kind, path, code, options, bar))
            except LoadRefused as refusal:
                report.refused = (path.name, str(refusal))
            except SQLAlchemyError as problem:
                # The driver's own words without the statement and its parameters: those hold rows of data.
                said = str(getattr(problem, "orig", None) or type(problem).__name__)
                report.refused = (path.name, f"The database did not take the file: {said}. Try again when it answers.")
            if report.refused:
                report.not_tried = len(todo) - len(report.results) - 1
                break
            bar.update()
    return report


def _load_one(kind: str, path: Path, code: str | None, options: LoadOptions, bar: tqdm) -> LoadResult:
    def progress(doing: str, done: int, total: int) -> None:
        bar.set_postfix_str(f"{doing}: {done:,} of {total:,}", refresh=False)
        bar.update(0)

    # The programme document names its own programme.
    wanted = code if kind != "programme" else code or None
    return load_file(get_engine(), kind, path, programme_code=wanted, actor=ACTOR, options=options, progress=progress)


def finish(report: Report, as_json: bool) -> None:
    """Print the report; exit code 1 when a file was refused."""
    if as_json:
        click.echo(json.dumps(as_document(report), indent=2, ensure_ascii=False))
    else:
        for result in report.results:
            _print_result(result)
        if len(report.results) > 1:
            click.echo(f"Total of {len(report.results)} files: {_counts(report.total())}")
    if report.refused:
        click.echo(refusal_text(report), err=True)
        sys.exit(1)


def as_document(report: Report) -> dict[str, Any]:
    refused = {"file": report.refused[0], "message": report.refused[1]} if report.refused else None
    return {
        "files": [result.as_dict() for result in report.results], "total": report.total(),
        "refused": refused, "not_tried": report.not_tried,
    }  # fmt: skip


def refusal_text(report: Report) -> str:
    name, message = report.refused or ("", "")
    lines = [f"Refused: {name}. Nothing of it was loaded.", message]
    if report.results:
        count = len(report.results)
        lines.append(f"The {count} file{'s' if count > 1 else ''} before it stay{'' if count > 1 else 's'} loaded.")
    if report.not_tried:
        lines.append(f"The {report.not_tried} after it {'were' if report.not_tried > 1 else 'was'} not tried.")
    return "\n".join(lines)


def _counts(n: dict[str, int]) -> str:
    rows = "row" if n["read"] == 1 else "rows"
    return f"{n['read']:,} {rows} read = {n['loaded']:,} loaded + {n['duplicate']:,} duplicate + {n['rejected']:,} rejected"


def _print_result(result: LoadResult) -> None:
    when = f" ({_period(result.period)})" if result.period else ""
    state = {ALREADY_LOADED: "already loaded, nothing changed: ", REPLACED: "replaced an older file: "}.get(
        result.status, ""
    )
    click.echo(f"{result.programme} {result.kind} {result.file_name}{when}: {state}"
               + _counts({name: getattr(result, name) for name in COUNTS}))  # fmt: skip
    for line in (*_difference(result.difference), *result.notes):
        click.echo(f"  {line}")
    if result.rejected:
        click.echo("  Rejected rows are kept with their reasons: Data page, or the load's CSV.")


def _period(period: tuple[str, str]) -> str:
    first, last = period
    return formats.period(Period(_day(first), _day(last)))


def _day(text: str) -> Any:
    return parse_month(text[:7]).replace(day=int(text[8:10]))


def _difference(difference: dict[str, Any] | None) -> list[str]:
    if not difference:
        return []
    lines = []
    if "rows_before" in difference:
        lines.append(f"Rows before: {difference['rows_before']:,}, after: {difference['rows_after']:,}.")
    months = [f"{formats.month(m)} {a:,} to {b:,}" for m, (a, b) in difference.get("by_month", {}).items() if a != b]
    if months:
        lines.append(f"By month: {', '.join(months)}.")
    for word in ("added", "removed", "changed"):
        if difference.get(word):
            what = difference[word]
            lines.append(f"{word.capitalize()}: {what if isinstance(what, int) else ', '.join(what)}.")
    return lines
