"""``flask --app app document ...``: list and build the documents beside the return, by whoever runs the server."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import click
from flask import Flask

from commands.writing import write_whole
from data_access import audit
from data_access.reading import UnknownProgramme
from domain.roles import Role
from domain.scope import Scope, scope_for, server_scope
from reports.charts import ChartError
from reports.documents.model import Document, NoSuchChoice
from reports.documents.registry import DOCUMENTS
from reports.pdf import PdfError

REFUSED = (UnknownProgramme, NoSuchChoice, PdfError, ChartError, ValueError, OSError)
_programme = click.option("--programme", "code", required=True, help="Programme code, for example DEMO.")


def register(server: Flask) -> None:
    server.cli.add_command(document)


@click.group("document")
def document() -> None:
    """Evaluation summary, reviewer pack, year-end statement, board page."""


@document.command("list")
@_programme
def list_documents(code: str) -> None:
    """Say which documents there are and for what each can be had."""
    try:
        for one in DOCUMENTS.values():
            click.echo(f"{one.key}: {one.title}, by {one.choice}")
            choices = one.choices(server_scope(), code)
            for choice in choices:
                click.echo(f"  {choice.key}  {choice.label}")
            if not choices:
                click.echo(f"  None yet. {one.why_none}")
    except REFUSED as problem:
        _stop(problem)


@document.command("build")
@_programme
@click.option("--document", "key", required=True, type=click.Choice(list(DOCUMENTS)), help="Which document.")
@click.option("--choice", default="", help="Quarter, month or year as `document list` writes it. Default: the newest.")
@click.option(
    "--as-role",
    type=click.Choice([r.value for r in Role]),
    help="Suppress what this role may not see. Default: nothing is suppressed.",
)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The PDF to write.")
def build(code: str, key: str, choice: str, as_role: str | None, out: Path) -> None:
    """Write a document as PDF (PDF/UA-1 and PDF/A-3a in one file)."""
    if not out.parent.is_dir():
        raise click.UsageError(f"There is no folder {out.parent}; make it first or choose another place for --out.")
    asked, scope = DOCUMENTS[key], _scope(as_role, code)
    if not scope.may(asked.permission):
        raise click.UsageError(f"The role “{as_role}” may not have the {asked.title.lower()}.")
    try:
        chosen = choice or _newest(asked, scope, code)
        click.echo(f"Building the {asked.title.lower()} of {code} for {chosen} ...", err=True)
        contents = asked.contents(scope, code, chosen)
        body = asked.pdf(contents)
        write_whole(out, body)
    except REFUSED as problem:
        _stop(problem)
    sha256 = hashlib.sha256(body).hexdigest()
    detail = {"document": key, "choice": chosen, "sha256": sha256}
    audit.note(actor=server_scope().actor, event="document built", detail=detail, programme_code=code)
    click.echo(f"Wrote {out} ({len(body):,} bytes), marked {contents.marking}.")
    click.echo(f"SHA-256 of the PDF   {sha256}")
    click.echo(f"SHA-256 of the data  {contents.data_sha256}")


def _scope(as_role: str | None, code: str) -> Scope:
    whole = server_scope()
    return scope_for(whole.actor, Role(as_role), frozenset({code})) if as_role else whole


def _newest(asked: Document, scope: Scope, code: str) -> str:
    choices = asked.choices(scope, code)
    if not choices:
        raise NoSuchChoice(f"There is no {asked.title.lower()} yet. {asked.why_none}")
    return choices[0].key


def _stop(problem: object) -> None:
    click.echo(str(problem), err=True)
    sys.exit(1)
