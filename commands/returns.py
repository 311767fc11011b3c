"""``flask --app app return build``: a month's return as PDF, from the data, by whoever runs the server."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import click
from flask import Flask

from commands.writing import write_whole
from data_access import audit
from data_access.reading import UnknownProgramme
from domain.scope import server_scope
from reports.charts import ChartError
from reports.contents import MonthNotHeld, build_contents
from reports.pdf import PdfError, build_pdf


def register(server: Flask) -> None:
    server.cli.add_command(returns)


@click.group("return")
def returns() -> None:
    """Monthly returns."""


@returns.command("build")
@click.option("--programme", "code", required=True, help="Programme code, for example DEMO.")
@click.option("--month", required=True, help="Month, YYYY-MM.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The PDF to write.")
def build(code: str, month: str, out: Path) -> None:
    """Write a month's return as PDF (PDF/UA-1 and PDF/A-3a in one file)."""
    if not out.parent.is_dir():
        raise click.UsageError(f"There is no folder {out.parent}; make it first or choose another place for --out.")
    scope = server_scope()
    try:
        click.echo(f"Building the return of {code} for {month} ...", err=True)
        contents = build_contents(scope, code, month)
        pdf = build_pdf(contents)
    except (UnknownProgramme, MonthNotHeld, PdfError, ChartError, ValueError) as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    write_whole(out, pdf)
    detail = {"month": month, "data_sha256": contents.data_sha256}
    audit.note(actor=scope.actor, event="return built", detail=detail, programme_code=code)
    click.echo(f"Wrote {out} ({len(pdf):,} bytes)")
    click.echo(f"SHA-256 of the PDF   {hashlib.sha256(pdf).hexdigest()}")
    click.echo(f"SHA-256 of the data  {contents.data_sha256}")
