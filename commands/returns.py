"""``flask --app app return ...``: build, check, list, compare and verify returns, by whoever runs the server."""

from __future__ import annotations

import gc
import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import repeat
from pathlib import Path

import click
from flask import Flask
from tqdm import tqdm

from commands.writing import write_whole
from data_access import audit
from data_access.engine import utc_now
from data_access.programmes import data_as_at, get_programme, list_programmes
from data_access.reading import UnknownProgramme
from data_access.returns import versions
from data_access.returns.versions import Damaged, KnownFile, NoSuchVersion, Version
from domain import formats
from domain.return_states import State
from domain.scope import server_scope
from reports.charts import ChartError
from reports.contents import MonthNotHeld, contents_of, returnable_months
from reports.data_files.formats import FORMATS
from reports.differences import differences
from reports.files import KINDS, file_stem, return_file
from reports.lateness import due_and_sent, first_of
from reports.pdf import PdfError
from reports.source import due_date
from reports.standing import status
from settings import load_settings

REFUSED = (UnknownProgramme, MonthNotHeld, NoSuchVersion, Damaged, PdfError, ChartError, ValueError, OSError)
SCOPE = server_scope()

_programme = click.option("--programme", "code", required=True, help="Programme code, for example DEMO.")
_month = click.option("--month", required=True, help="Month, YYYY-MM.")
_number = click.option("--version", "number", type=int, help="Version; the newest where it is not given.")


def register(server: Flask) -> None:
    server.cli.add_command(returns)


@click.group("return")
def returns() -> None:
    """Monthly returns."""


def _stop(problem: object) -> None:
    click.echo(str(problem), err=True)
    sys.exit(1)


def _version(code: str, month: str, number: int | None) -> Version:
    return versions.latest(SCOPE, code, month) if number is None else versions.get(SCOPE, code, month, number)


@contextmanager
def _collected_once() -> Iterator[None]:
    """Loops among boxes and frames are looked for once a return is done, not again and again while it is laid out."""
    _settled()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


@cache
def _settled() -> None:
    """What is loaded by now stays, so the collector need not walk it after every return."""
    gc.freeze()


def _write(code: str, version: Version, kind: str, out: Path) -> bytes:
    with _collected_once():
        file = return_file(SCOPE, code, version, kind)
    write_whole(out, file.body)
    detail = {"month": version.month, "version": version.number, "sha256": hashlib.sha256(file.body).hexdigest()}
    audit.note(actor=SCOPE.actor, event="return built", detail=detail, programme_code=code)
    return file.body


@returns.command("build")
@_programme
@_month
@_number
@click.option("--format", "kind", type=click.Choice(KINDS), default="pdf", show_default=True)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def build(code: str, month: str, number: int | None, kind: str, out: Path) -> None:
    """Write a month's return: a PDF (PDF/UA-1 and PDF/A-3a in one file, its data inside) or a data file."""
    if not out.parent.is_dir():
        raise click.UsageError(f"There is no folder {out.parent}; make it first or choose another place for --out.")
    try:
        click.echo(f"Building the return of {code} for {month} ...", err=True)
        body = _write(code, version := _version(code, month, number), kind, out)
    except REFUSED as problem:
        _stop(problem)
    click.echo(f"Wrote {out} ({len(body):,} bytes)")
    click.echo(f"SHA-256 of the {'PDF ' if kind == 'pdf' else 'file'}  {hashlib.sha256(body).hexdigest()}")
    data = version.data_sha256 or data_as_at(SCOPE, code).data_sha256
    click.echo(f"SHA-256 of the data  {data}")


@returns.command("build-all")
@_month
@click.option("--programme", "codes", multiple=True, help="Only these programmes; may be given several times.")
@click.option("--format", "kinds", type=click.Choice(KINDS), multiple=True, default=("pdf",), show_default=True)
@click.option("--folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where to write them.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that build at once."
)
def build_all(month: str, codes: tuple[str, ...], kinds: tuple[str, ...], folder: Path, workers: int) -> None:
    """Write the return of every programme that has the month; what cannot be built is said, and the rest goes on."""
    if not folder.is_dir():
        raise click.UsageError(f"There is no folder {folder}; make it first or choose another place for --folder.")
    asked = list(codes) or [p.code for p in list_programmes(SCOPE)]
    try:
        failed = _build_each(asked, month, kinds, folder, workers)
    except ValueError as problem:  # a worker was ended from outside
        _stop(problem)
    click.echo(f"Wrote the returns of {formats.counted(len(asked) - len(failed), 'programme')} to {folder}.")
    for code, why in failed.items():
        click.echo(f"{code}: {why}", err=True)
    if failed:
        sys.exit(1)


def _build_each(codes: Sequence[str], month: str, kinds: Sequence[str], folder: Path, workers: int) -> dict[str, str]:
    """Why each return that was not written was not; LoadRefused where a worker is ended from outside."""
    from commands.executors import executor_for  # here: it brings the readers of extract files, which no other needs

    with executor_for("", min(workers, len(codes))) as executor:
        found = (executor.map if executor else map)(_one, codes, repeat(month), repeat(kinds), repeat(folder))
        shown = tqdm(found, total=len(codes), unit="return", disable=None)
        return {code: why for code, why in zip(codes, shown, strict=True) if why}


def _one(code: str, month: str, kinds: Sequence[str], folder: Path) -> str:
    """Why a programme's return was not written; "" when it was."""
    try:
        version = _version(code, month, None)
        for kind in kinds:
            extension = "pdf" if kind == "pdf" else FORMATS[kind].extension
            _write(code, version, kind, folder / f"{file_stem(code, version)}.{extension}")
    except REFUSED as problem:
        return str(problem)
    return ""


@returns.command("check")
@_programme
@_month
def check(code: str, month: str) -> None:
    """Say what every check finds; 1 while anything stands in the way of the analyst's signature."""
    # Here: the checks work every figure out again, and building needs none of what they bring.
    from reports.checks.answers import stands_in_the_way
    from reports.checks.model import Severity
    from reports.checks.run import run_checks, texts_of

    try:
        version = _version(code, month, None)
        results = run_checks(SCOPE, contents_of(SCOPE, code, version), texts_of(version), version.reasons)
    except REFUSED as problem:
        _stop(problem)
    open_ = 0
    for result in results:
        click.echo(f"{result.title}: {result.about}")
        for finding in result.findings:
            waiting = stands_in_the_way(finding, version.reasons)
            open_ += waiting
            word = (
                "explained" if not waiting else "blocks" if finding.severity is Severity.BLOCKING else "needs a reason"
            )
            click.echo(f"  {word}: {finding.sentence} {finding.what_to_do}")
    click.echo(f"{formats.counted(open_, 'finding')} in the way of the analyst's signature.")
    sys.exit(1 if open_ else 0)


@returns.command("list")
@_programme
def list_(code: str) -> None:
    """Every month a return can be built for: state, version, due date, how late it is or was, the sealed file's hash; corrections dropped."""
    try:
        programme, months = get_programme(SCOPE, code), returnable_months(SCOPE, code)
        held, dropped = versions.newest_by_month(SCOPE, code), versions.dropped(SCOPE, code)
    except REFUSED as problem:
        _stop(problem)
    click.echo(f"{'Month':9}{'Version':9}{'State':42}{'Due':52}SHA-256 of the sealed file")
    today = formats.local_date(utc_now())
    for month in months:
        version = held.get(month) or Version(month)
        state = status(version) if version.revision else "Not started"
        when = due_and_sent(due_date(programme, month), first_of(SCOPE, code, version), today)
        click.echo(f"{month:9}{version.number:<9}{state:42}{when:52}{version.pdf_sha256}".rstrip())
        for gone in (v for v in dropped if v.month == month):
            click.echo(f"{month:9}{gone.number:<9}{_dropped_words(gone)}")


def _dropped_words(version: Version) -> str:
    last = version.steps[-1]
    return f"{status(version)} by {last.who}, {formats.local_time(last.at)}: {' '.join(last.note.split())}"


@returns.command("diff")
@_programme
@_month
@click.option("--before", required=True, type=int, help="The earlier version.")
@click.option("--after", required=True, type=int, help="The later version.")
def diff(code: str, month: str, before: int, after: int) -> None:
    """Every printed value that differs between two versions."""
    try:
        earlier, later = (contents_of(SCOPE, code, _version(code, month, n)) for n in (before, after))
    except REFUSED as problem:
        _stop(problem)
    found = differences(earlier, later)
    for d in found:
        click.echo(f"{d.section}; {d.place}\n  was  {d.before}\n  is   {d.after}")
    click.echo(f"{formats.counted(len(found), 'printed value')} {'differs' if len(found) == 1 else 'differ'}.")


@returns.command("verify")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def verify(files: tuple[Path, ...]) -> None:
    """Say whether a sealed return is, byte for byte, what was signed. Works offline; 1 when any file is not whole."""
    # Here: the other commands need no signature library.
    from reports.sealing.keys import SealKeyError, trusted_certificates
    from reports.sealing.report import check_file

    try:
        trusted = trusted_certificates(load_settings())
    except SealKeyError as problem:
        _stop(problem)
    worst = 0
    for path in files:
        lines, code = check_file(path, trusted)
        worst = max(worst, code)
        click.echo("\n".join([*lines, *_registered(path), ""]))
    sys.exit(worst)


def _registered(path: Path) -> list[str]:
    """What this portal's register says of the file."""
    if not path.is_file():
        return []
    found = versions.known_file(hashlib.sha256(path.read_bytes()).hexdigest())
    return [_known_words(f) for f in found] or ["The register of this portal holds no file with this hash."]


def _known_words(file: KnownFile) -> str:
    name = f"In the register: {file.programme}, {file.month}, version {file.number}"
    taken = f"the file of the step “{file.step.value}” of {formats.local_time(file.at)} (UK time)"
    if file.newest:
        return f"{name}, {file.state.value}: {taken}, as it stands."
    if file.has_file:
        return f"{name}, {file.state.value}: {taken}, an earlier copy. The version has been sealed again since."
    dropped = " and then dropped" if file.state is State.DROPPED else ""
    return f"{name}: {taken}. The version was sent back to draft{dropped} since, so this file does not stand."
