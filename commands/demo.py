"""The demonstration programme: write its extract files and load them through the same door as any others."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask
from sqlalchemy import Engine
from tqdm import tqdm

from data_access.engine import get_engine
from demo.programme import CODE, SEED

# Readers and generator are imported where they are used: every command imports this module.
if TYPE_CHECKING:
    from data_access.loading import LoadResult
    from demo.generate import Extract

ACTOR = "demonstration"
# Two approvers, neither of them the author: the same rule as for any case study.
APPROVERS = (("Demonstration approver", "approver"), ("Demonstration information governance", "information governance"))


def register(server: Flask) -> None:
    server.cli.add_command(demo)


@click.command("demo")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Keep the extract files here.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="Another seed makes another set of files.")
@click.option("--write-only", is_flag=True, help="Write the files into --folder and load nothing.")
def demo(folder: Path | None, seed: int, write_only: bool) -> None:
    """Write the demonstration programme's extract files and load them."""
    from data_access.loading import LoadRefused
    from demo.generate import write_extracts

    if write_only and folder is None:
        raise click.UsageError("Say where to write the files with --folder DIR.")
    began = time.monotonic()
    try:
        if write_only and folder:
            files = write_extracts(folder, seed, click.echo)
            click.echo(f"Wrote {len(files)} extract files to {folder}. Nothing was loaded.")
            return
        results = load_demo(get_engine(), folder, seed)
    except LoadRefused as problem:
        click.echo(f"The demonstration is not complete. {problem}", err=True)
        sys.exit(1)
    click.echo(summary(results))
    click.echo(f"Programme {CODE} is ready ({time.monotonic() - began:.0f} seconds).")


def load_demo(
    engine: Engine, folder: Path | None = None, seed: int = SEED, show_progress: bool = True
) -> list[LoadResult]:
    """Write, load and approve; a second time nothing changes. ``folder`` keeps the files, else they are temporary."""
    from demo.generate import write_extracts

    if folder is None:
        with tempfile.TemporaryDirectory(prefix="demonstration-") as temporary:
            return load_demo(engine, Path(temporary), seed, show_progress)
    with tqdm(total=0, desc="Writing extract files", bar_format="{desc}", disable=not show_progress) as bar:
        files = write_extracts(folder, seed, bar.set_description_str)
    results = [_load(engine, extract) for extract in _with_bar(files, show_progress)]
    if any(r.kind == "case-studies" for r in results):
        _approve(engine)
    _register_plan(engine)
    return results


def _with_bar(files: list[Extract], show_progress: bool) -> Iterable[Extract]:
    bar = tqdm(files, unit="file", disable=not show_progress)
    for extract in bar:
        bar.set_description(f"Loading {extract[1].name}")
        yield extract


def _load(engine: Engine, extract: Extract) -> LoadResult:
    from data_access.loading import LoadOptions, load_file

    kind, path, options = extract
    code = None if kind == "programme" else CODE
    return load_file(engine, kind, path, programme_code=code, actor=ACTOR, options=LoadOptions(**options))


def _approve(engine: Engine) -> None:
    from data_access.case_studies import ApprovalRefused, approve
    from demo.activity import CASE_STUDIES

    for study in CASE_STUDIES:
        for who, role in APPROVERS:
            # Refused means that an earlier run has approved it already, or that someone has withdrawn it since.
            with suppress(ApprovalRefused):
                approve(engine, CODE, study["reference"], who, role)


def _register_plan(engine: Engine) -> None:
    from data_access.evaluation.plan import register as register_plan
    from demo.analysis_plan import FILE_NAME, plan_toml

    register_plan(engine, CODE, plan_toml().encode(), file_name=FILE_NAME, actor=ACTOR)


def summary(results: list[LoadResult]) -> str:
    """One line a kind: rows read = loaded + duplicate + rejected."""
    lines = []
    for kind in dict.fromkeys(r.kind for r in results):
        some = [r for r in results if r.kind == kind]
        read, loaded, duplicate, rejected = (
            sum(getattr(r, name) for r in some) for name in ("read", "loaded", "duplicate", "rejected")
        )
        lines.append(
            f"{kind:<13}{len(some):>3} file{'' if len(some) == 1 else 's'}: {read:,} read = {loaded:,} loaded "
            f"+ {duplicate:,} duplicate + {rejected:,} rejected"
        )
    return "\n".join(lines)
