"""``flask --app app evaluation-plan register|show|deviation --programme CODE``: what was going to be analysed, on record."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from flask import Flask

from data_access.engine import get_engine
from data_access.evaluation import plan as plans
from data_access.evaluation.plan_file import MOST_BYTES, PlanError
from data_access.evaluation.tried import tried_count
from data_access.reading import UnknownProgramme
from domain import formats
from domain.scope import server_scope

PROGRAMME = click.option("--programme", "code", required=True, help="Programme code, for example DEMO.")


def register(server: Flask) -> None:
    server.cli.add_command(evaluation_plan)


@click.group("evaluation-plan")
def evaluation_plan() -> None:
    """Register an analysis plan, show it beside what runs now, or record a deviation from it."""


@evaluation_plan.command("register")
@PROGRAMME
@click.option(
    "--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML."
)
def register_plan(code: str, path: Path) -> None:
    """Put a plan on record with today's date and its SHA-256. It is never changed; another file is another version."""
    with path.open("rb") as handle:
        content = handle.read(MOST_BYTES + 1)
    try:
        made = plans.register(get_engine(), code, content, file_name=path.name, actor=server_scope().actor)
    except (PlanError, UnknownProgramme) as problem:
        click.echo(f"The plan in {path.name} was not registered.\n{problem}", err=True)
        sys.exit(1)
    already = "" if made.new else "This very file is registered already; its first date stands. "
    click.echo(f"{already}Plan {made.version} of {code}, SHA-256 {made.sha256}: {made.timing}. {made.reason}")


@evaluation_plan.command("show")
@PROGRAMME
def show(code: str) -> None:
    """The newest plan, where the analysis has left it, and how many analyses were tried."""
    scope = server_scope()
    try:
        found, left = plans.current_plan(scope, code), plans.deviations(scope, code)
        said = tried_count(scope, code).sentence()
    except UnknownProgramme as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    if found is None:
        click.echo(f"{code} has no analysis plan. {said}")
        return
    when = formats.day(found.registered_at.date())
    click.echo(f"Plan {found.version} of {code}: {found.file_name}, registered {when}, {found.timing}.")
    click.echo(f"  {found.timing_reason}\n  SHA-256 {found.sha256}")
    for label, words in found.settings.items():
        click.echo(f"  {label}: {words}")
    for one in (*left.now, *left.revised):
        click.echo(f"  Deviation ({one.found}): {one.setting}: planned {one.planned}; instead {one.instead}")
    for one_said in left.recorded:
        click.echo(f"  Recorded {formats.day(one_said.decided_on)}: {one_said.what} Reason: {one_said.reason}")
    if not (left.now or left.revised or left.recorded):
        click.echo("  No deviation was found and none is recorded.")
    click.echo(f"  {said}")


@evaluation_plan.command("deviation")
@PROGRAMME
@click.option("--date", "decided", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Day it was decided.")
@click.option("--what", required=True, help="What is done otherwise than planned.")
@click.option("--reason", required=True, help="Why.")
def deviation(code: str, decided: datetime, what: str, reason: str) -> None:
    """Record where and why the analysis leaves the newest plan; the record is never changed."""
    actor = server_scope().actor
    try:
        plans.record_deviation(get_engine(), code, decided_on=decided.date(), what=what, reason=reason, actor=actor)
    except (PlanError, UnknownProgramme) as problem:
        click.echo(f"The deviation was not recorded.\n{problem}", err=True)
        sys.exit(1)
    click.echo(f"Recorded for {code}: {what.strip()}")
