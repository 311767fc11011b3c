"""``flask --app app dosage PINGS... --hot-spots FILE --out FILE``: minutes in hot spots, without any database."""

from __future__ import annotations

import json
import sys
import tomllib
from concurrent.futures import Executor
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import click
from flask import Flask
from tqdm import tqdm

from analysis.dosage.kernel import Boundaries
from analysis.dosage.layers import with_bands
from analysis.dosage.rules import PLAIN, Rules
from commands.dosage_output import summary, summary_text, write_visits
from commands.executors import executor_for
from commands.load import read_mapping
from data_access.dosage_rules import RulesError, rules_from_json
from data_access.loading.boundary_files import BoundaryList, read_boundaries
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import open_source
from data_access.partitions import Found, gather
from data_access.ping_sources import Part, Reading, parts_of
from data_access.sorting import Workspace

FORMATS = (".csv", ".parquet")


def register(server: Flask) -> None:
    server.cli.add_command(dosage)


@click.command("dosage")
@click.argument("pings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--hot-spots", "hot_spots", required=True, type=click.Path(path_type=Path), help="The boundaries.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Visits, as .csv or .parquet.")
@click.option("--rules", "rules_given", default="", help="TOML file of rules, or “plain”; the defaults if left out.")
@click.option("--workers", default=1, type=click.IntRange(1, 256), help="Processes on this computer.")
@click.option("--scheduler", default="", help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786.")
@click.option("--mapping", "mapping_file", type=click.Path(path_type=Path), help="TOML naming the columns of PINGS.")
@click.option("--provider", default="", help="The provider, where there is no such column.")
@click.option("--team", default="", help="The team, where there is no such column.")
@click.option("--zone", default="", help="The zone of times without one (Europe/London unless said).")
@click.option("--crs", default="", help="The boundaries' coordinate system, where their file does not say it.")
@click.option("--code-property", default="", help="The property of HOT_SPOTS that holds the code.")
@click.option("--name-property", default="", help="The property of HOT_SPOTS that holds the name.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
def dosage(out: Path, workers: int, scheduler: str, as_json: bool, **given: Any) -> None:
    """Count the minutes that trackers spent in hot spots, from files alone: no database, no settings.

    PINGS are tracker files (docs/extract-formats.md) or folders of a Parquet store (provider=.../date=...). The
    result has one row a visit; a summary goes to standard output.
    """
    if out.suffix.lower() not in FORMATS:
        raise click.BadParameter(f"“{out.name}” must end in .csv or .parquet.", param_hint="--out")
    if not out.absolute().parent.is_dir():
        raise click.BadParameter(f"There is no folder “{out.absolute().parent}”.", param_hint="--out")
    if scheduler and workers > 1:
        raise click.UsageError("Give --workers for this computer or --scheduler for a cluster, not both.")
    if any(out.resolve() == path.resolve() for path in (*given["pings"], given["hot_spots"])):
        raise click.BadParameter(f"“{out}” is one of the files to read.", param_hint="--out")
    try:
        document = _count(given, out, scheduler, workers)
    except (LoadRefused, RulesError) as refusal:
        click.echo(f"Refused, and {out.name} was not written. {refusal}", err=True)
        sys.exit(1)
    click.echo(json.dumps(document, indent=2, ensure_ascii=False) if as_json else summary_text(document, out.name))


def _count(given: dict[str, Any], out: Path, scheduler: str, workers: int) -> dict[str, Any]:
    rules = read_rules(given["rules_given"])
    mapping = read_mapping(given["mapping_file"], given["zone"])
    said = {key: given[key] for key in ("provider", "team") if given[key]}
    hot_spots = read_boundaries(
        given["hot_spots"],
        code_property=given["code_property"],
        name_property=given["name_property"],
        crs=given["crs"],
    )
    parts = parts_of(given["pings"])
    with Workspace() as space:
        with executor_for(scheduler, workers) as executor:
            found = _located(parts, hot_spots, rules, Reading(replace(mapping, **said)), executor, space)
        return summary(write_visits(found, hot_spots, rules, space, out))


def read_rules(given: str) -> Rules:
    """The rules named on the command line. RulesError or LoadRefused says what is wrong."""
    if given in ("", "plain"):
        return PLAIN if given else Rules()
    file = open_source(given)
    try:
        document = tomllib.loads(file.text())
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise LoadRefused(f"{file.name} is not TOML: {error}. Example of a line: gap_s = 300") from None
    try:
        return rules_from_json(_plain_times(document))
    except RulesError as problem:
        raise RulesError(f"{file.name}: {problem}") from None


def _plain_times(document: dict[str, Any]) -> dict[str, Any]:
    """TOML has clock times of its own (14:00:00); rules are kept as text."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(v) for v in value]
        return value.isoformat() if isinstance(value, time) else value

    return {key: plain(value) for key, value in document.items()}


def _located(
    parts: list[Part],
    hot_spots: BoundaryList,
    rules: Rules,
    reading: Reading,
    executor: Executor | None,
    space: Workspace,
) -> Found:
    boundaries = Boundaries(with_bands([b.polygon for b in hot_spots], rules.band_m))
    often = 0.2 if sys.stderr.isatty() else 10
    size = sum(part.bytes for part in parts)
    with tqdm(total=size, unit="B", unit_scale=True, delay=1, leave=False, mininterval=often, miniters=0) as bar:
        done = 0

        def progress(some_bytes: int, pings: int) -> None:
            nonlocal done
            done += pings
            # Pings that need sorting are read again, which nobody knew when the total was set.
            bar.total = max(bar.total, bar.n + some_bytes)
            seconds = max(bar.format_dict["elapsed"], 1e-3)
            bar.set_postfix_str(f"{done:,} pings, {done / seconds / 1e6:.2f} M/s", refresh=False)
            bar.update(some_bytes)

        return gather(parts, boundaries, executor, space, reading=reading, progress=progress)
