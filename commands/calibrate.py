"""``flask --app app calibrate``: measures how often every method is wrong, on data whose truth is known."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future, as_completed
from datetime import date
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from flask import Flask
from tqdm import tqdm

from analysis.evaluation.calibration import run, shipped
from analysis.evaluation.calibration.adapters import adapters
from analysis.evaluation.calibration.designs import SITUATIONS
from analysis.evaluation.calibration.gate import DEFAULTS, gate
from analysis.evaluation.calibration.own import OwnWorld, own_world
from analysis.evaluation.calibration.table import Row, rows
from analysis.evaluation.calibration.tables_text import as_markdown, as_module, as_text, with_section
from analysis.evaluation.calibration.world import World
from analysis.evaluation.record import CODE_VERSION
from commands.executors import executor_for
from commands.writing import write_whole
from data_access.evaluation.inputs import evaluation_inputs
from data_access.loading.result import LoadRefused
from data_access.reading import UnknownProgramme
from domain.scope import server_scope

RUNS_A_TASK = 25
LEAST_RUNS_TO_SHIP = 1000
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "calibration.md"


def register(server: Flask) -> None:
    server.cli.add_command(calibrate)


@click.command("calibrate")
@click.option(
    "--runs",
    default=run.RUNS,
    show_default=True,
    type=click.IntRange(2, 1_000_000),
    help="Simulated data sets of each situation.",
)
@click.option(
    "--programme", "code", default="", help="Simulate the world of this programme: drift and levels from its own data."
)
@click.option("--methods", default="", help="Keys of methods, separated by commas; all if left out.")
@click.option("--situations", default="", help="Keys of situations, separated by commas; all if left out.")
@click.option("--seed", default=run.SEED, show_default=True, type=click.IntRange(0))
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 256), help="Processes on this computer."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the table as JSON, method after method; rows that are there already and not measured again are kept.",
)
@click.option(
    "--ship", is_flag=True, help="Make this the table that records quote (of at least 1,000 runs; for developers)."
)
def calibrate(
    runs: int, code: str, methods: str, situations: str, seed: int, workers: int, out: Path | None, ship: bool
) -> None:
    """Run every estimator on simulated data where the truth is known; print bias, coverage, false alarms and power.

    The numbers depend on --runs and --seed, not on the number of workers. The exit code is 1 when a default fails
    the gate: false alarms of 3 to 8%, coverage of 92% or more, where what moves crime is measured. The running WDD
    is exempt from the 3%: its bounds spend at most 5% over all looks together.
    """
    if ship and (code or runs < LEAST_RUNS_TO_SHIP):
        raise click.UsageError(
            f"--ship takes {LEAST_RUNS_TO_SHIP:,} runs or more of the general design, no --programme."
        )
    if out and not out.absolute().parent.is_dir():
        raise click.UsageError(
            f"There is no folder {out.absolute().parent}; make it first or choose another place for --out."
        )
    own = _own(code)
    parts = _parts(methods, situations, own)
    head = _head(runs, seed, own, code)
    kept = _kept(out, head)
    try:
        for row in _measured(parts, runs, seed, own.world if own else World(), workers):
            kept[row.method, row.situation] = row
            _write(out, head, kept)
    except LoadRefused as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    _report(kept, head, own)
    if ship:
        _ship(kept, seed)
    # A short run cannot tell 8% from 10%: it is given three Monte Carlo standard errors.
    problems = gate(kept.values(), 0.0 if runs >= LEAST_RUNS_TO_SHIP else 3.0, _gated(parts))
    if problems and not code:
        click.echo("Defaults outside the gate:\n  " + "\n  ".join(problems), err=True)
        sys.exit(1)


def _own(code: str) -> OwnWorld | None:
    if not code:
        return None
    try:
        return own_world(evaluation_inputs(server_scope(), code))
    except UnknownProgramme as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)


def _parts(methods: str, situations: str, own: OwnWorld | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    asked = [key.strip() for key in methods.split(",") if key.strip()] or None
    places = [key.strip() for key in situations.split(",") if key.strip()] or None
    unknown = [key for key in asked or () if key not in adapters()] + [s for s in places or () if s not in SITUATIONS]
    if unknown:
        raise click.UsageError(
            f"Not known: {', '.join(unknown)}. Methods: {', '.join(adapters())}. Situations: {', '.join(SITUATIONS)}."
        )
    parts = run.plan(asked, places).parts
    if own and not own.has_days:
        parts = tuple(part for part in parts if not SITUATIONS[part[0]].days)
    if not parts:
        raise click.UsageError("None of these methods is run in any of these situations.")
    return parts


def _measured(
    parts: tuple[tuple[str, tuple[str, ...]], ...], runs: int, seed: int, world: World, workers: int
) -> Iterator[Row]:
    """Rows as they are complete, situation after situation."""
    total = sum(runs * len(methods) for _, methods in parts)
    # One thread a worker: linear algebra of this size is slower on several, and the workers would fight for cores.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    often = 0.5 if sys.stderr.isatty() else 30
    with executor_for("", workers) as pool, tqdm(total=total, unit=" estimates", mininterval=often) as bar:
        for situation, methods in parts:
            bar.set_postfix_str(situation, refresh=False)
            found: dict[int, dict[str, npt.NDArray[np.float64]]] = {}
            starts = range(0, runs, RUNS_A_TASK)
            for first, done in _blocks(pool, situation, methods, starts, runs, seed, world):
                found[first] = done
                bar.update(sum(len(said) for said in done.values()))
            for method in methods:
                said = np.vstack([found[first][method] for first in starts])
                yield run.row_of(method, situation, said)


def _blocks(
    pool: Executor | None, situation: str, methods: tuple[str, ...], starts: range, runs: int, seed: int, world: World
) -> Iterator[tuple[int, dict[str, npt.NDArray[np.float64]]]]:
    def given(first: int) -> tuple[Any, ...]:
        return situation, methods, first, min(first + RUNS_A_TASK, runs), seed, world

    if pool is None:
        yield from ((first, run.block(*given(first))) for first in starts)
        return
    waiting: dict[Future[Any], int] = {pool.submit(run.block, *given(first)): first for first in starts}
    for future in as_completed(waiting):
        yield waiting[future], future.result()


def _head(runs: int, seed: int, own: OwnWorld | None, code: str) -> dict[str, Any]:
    return {
        "runs": runs, "seed": seed, "measured_on": date.today().isoformat(), "code_version": CODE_VERSION,
        "programme": code or None, "world": (own.world if own else World()).as_dict(),
        "phi": own.phi if own else None, "notes": list(own.notes) if own else [],
    }  # fmt: skip


def _kept(out: Path | None, head: dict[str, Any]) -> dict[tuple[str, str], Row]:
    """Rows of an earlier call with the same seed and world."""
    if out is None or not out.exists():
        return {}
    try:
        before = json.loads(out.read_text(encoding="utf-8"))
        found = [Row(**row) for row in before["rows"]]
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(f"{out} is no calibration table; choose another file for --out.") from None
    if (before.get("seed"), before.get("world")) != (head["seed"], head["world"]):
        raise click.UsageError(f"{out} was measured with another seed or world; choose another file for --out.")
    return {(row.method, row.situation): row for row in found}


def _write(out: Path | None, head: dict[str, Any], found: dict[tuple[str, str], Row]) -> None:
    if out is None:
        return
    document = head | {"rows": [vars(row) for row in found.values()]}
    write_whole(out, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())


def _report(found: dict[tuple[str, str], Row], head: dict[str, Any], own: OwnWorld | None) -> None:
    click.echo(as_text(found.values()))
    if own:
        click.echo(
            "The shipped table, for comparison:\n" + as_text(r for r in rows() if (r.method, r.situation) in found)
        )
        for name, value in own.world.as_dict().items():
            click.echo(f"  {name}: {value:.3f} (shipped table: {World().as_dict()[name]:.3f})")
        click.echo(f"  phi of the hot spots' monthly total: {'not estimated' if own.phi is None else f'{own.phi:.2f}'}")
        for note in own.notes:
            click.echo(f"Note: {note}")
    click.echo(f"Seed {head['seed']}, {head['code_version']}, {head['measured_on']}.")


def _gated(parts: tuple[tuple[str, tuple[str, ...]], ...]) -> list[str]:
    run_here = {(method, situation) for situation, methods in parts for method in methods}
    return [m for m, places in DEFAULTS.items() if all((m, place) in run_here for place in places)]


def _ship(found: dict[tuple[str, str], Row], seed: int) -> None:
    """Rows measured now over those shipped before."""
    merged = {(row.method, row.situation): row for row in rows()} | found
    known = {key: row for key, row in merged.items() if row.method in adapters()}
    ordered = [known[m, s] for m in adapters() for s in SITUATIONS if (m, s) in known]
    quoted = {a.key: a.quoted for a in adapters().values()}
    text = as_module(ordered, quoted, seed=seed, today=date.today().isoformat(), code_version=CODE_VERSION)
    Path(shipped.__file__).write_text(text, encoding="utf-8")
    document = with_section(DOCUMENT.read_text(encoding="utf-8"), "rates", as_markdown(ordered))
    DOCUMENT.write_text(document, encoding="utf-8")
    click.echo(f"Wrote {len(ordered)} rows to {Path(shipped.__file__).name} and {DOCUMENT.name}.")
