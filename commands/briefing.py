"""``flask --app app briefing``: one team's period as a one-page PDF, by whoever runs the server."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask

from commands.writing import write_whole
from data_access import audit
from data_access import briefing as briefings
from data_access.reading import UnknownProgramme
from domain import formats
from domain.scope import server_scope
from reports.briefing import delivered_sentence
from reports.briefing_ask import asked
from reports.briefing_short import short_sentence
from reports.charts import ChartError
from reports.pdf import PdfError


def register(server: Flask) -> None:
    server.cli.add_command(briefing)


@click.command("briefing")
@click.option("--programme", "code", required=True, help="Programme code, for example DEMO.")
@click.option("--team", default="", help="Team, or provider/team where two providers use a name. Default: the first.")
@click.option("--from", "start", default="", help="First day, YYYY-MM-DD. Default: the last whole week with data.")
@click.option("--to", "end", default="", help="Last day, YYYY-MM-DD.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The PDF to write.")
def briefing(code: str, team: str, start: str, end: str, out: Path) -> None:
    """Write a team's briefing as PDF: planned and delivered, short visits and why, best times, where minutes fell."""
    from reports.briefing_pdf import build_pdf, marking

    if not out.parent.is_dir():
        raise click.UsageError(f"There is no folder {out.parent}; make it first or choose another place for --out.")
    scope = server_scope()
    try:
        ask = asked(scope, code, {"team": team, "from": start, "to": end})
        click.echo(f"Building the briefing of {ask.team.name}, {formats.span(ask.period)} ...", err=True)
        found = briefings.build(scope, code, ask.team, ask.period)
        pdf = build_pdf(found)
    except (UnknownProgramme, briefings.NoBriefing, PdfError, ChartError) as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    write_whole(out, pdf)
    what = {"what": f"briefing of {found.team.key}, {formats.span(found.period)}"}
    audit.note(actor=scope.actor, event="downloaded", detail=what, programme_code=code)
    click.echo(delivered_sentence(found))
    click.echo(short_sentence(found))
    for note in found.notes:
        click.echo(f"Note: {note}")
    click.echo(f"Wrote {out} ({len(pdf):,} bytes), marked {marking(found)}.")
