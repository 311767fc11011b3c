"""The file of an analysis plan: read, checked against what the portal can do, and put into words setting by setting."""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from difflib import get_close_matches
from typing import Any

from analysis.evaluation.catalogue import Use, methods
from analysis.evaluation.suite import SECTIONS
from domain import formats
from domain.periods import Period
from domain.problems import DocumentError
from domain.programme import SettingsReader

MOST_BYTES = 100_000
OUTCOMES = ("crimes", "harm")
NO_CAP, NONE = "no cap", "none"
KNOWN = frozenset({
    "title", "primary_outcome", "windows", "methods", "comparators", "baseline_months", "service_window", "harm_index",
    "harm_cap_days", "seeds", "looks", "stopping_rule",
})  # fmt: skip
SEEDS = ("randomisation", "bootstrap")
# Labels of the settings; what runs now is written with the same ones (data_access.evaluation.plan_now).
OUTCOME, BEFORE, DURING = "Primary outcome", "Window: before", "Window: during"
COMPARATORS, BASELINE, SERVICE = "Comparators", "Baseline of comparators", "Hours of the service"
INDEX, CAP, LOOKS, STOPPING = "Harm index", "Cap on one crime's harm", "Looks while it runs", "Stopping rule"


class PlanError(DocumentError):
    """One sentence a line: what is wrong in the plan, where, and what it takes. Nothing was registered."""


@dataclass(frozen=True)
class PlanFile:
    """``settings``: what the plan says, in words by label; what it does not say is absent."""

    sha256: str
    text: str
    document: dict[str, Any]  # as JSON can keep it
    during: Period
    settings: dict[str, str]


def method_label(section: str) -> str:
    words = "before and after" if section == "before-after" else section.replace("-", " ")
    return f"Method: {words}"


def seed_label(name: str) -> str:
    return f"Seed: {name}"


def comparators_words(names: Any) -> str:
    return "; ".join(sorted(names)) or NONE


def hours_words(start: time, end: time) -> str:
    return f"{start:%H:%M} to {end:%H:%M}"


def cap_words(days: float) -> str:
    return f"{days:g} days" if days else NO_CAP


def read_plan(content: bytes) -> PlanFile:
    """The plan in a file's bytes; PlanError with every problem at once."""
    if len(content) > MOST_BYTES:
        raise PlanError([f"The file has {len(content):,} bytes; a plan has at most {MOST_BYTES:,}."])
    try:
        text = content.decode("utf-8")
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except UnicodeDecodeError as problem:
        raise PlanError([f"The file is not UTF-8 text (byte {problem.start + 1}). Save it as UTF-8."]) from problem
    except tomllib.TOMLDecodeError as problem:
        raise PlanError([f"The file is not TOML: {problem}. docs/extract-formats.md has an example."]) from problem
    except RecursionError as problem:
        raise PlanError(["The file nests lists too deeply to be a plan."]) from problem
    r = SettingsReader()
    for key in sorted(set(document) - KNOWN):
        near = get_close_matches(key, KNOWN, 1)
        r.problems.append(f"{key}: a plan has no such setting{f'; did you mean {near[0]}?' if near else '.'}")
    settings, during = _settings(r, document)
    if r.problems or during is None:
        raise PlanError(r.problems)
    return PlanFile(hashlib.sha256(content).hexdigest(), text, _plain(document), during, settings)


def settings_of(document: Mapping[str, Any]) -> dict[str, str]:
    """A registered plan's settings in words; it was checked when it was registered, with the methods of that day."""
    return _settings(SettingsReader(), document)[0]


def _settings(r: SettingsReader, document: Mapping[str, Any]) -> tuple[dict[str, str], Period | None]:
    r.text(document, "title", "", "")
    outcome = r.text(document, "primary_outcome", "")
    said = {OUTCOME: r.choice(outcome, OUTCOMES, "primary_outcome") if outcome else ""}
    spans = {name: _window(r, _table(r, document, "windows"), name) for name in ("before", "during")}
    before, during = spans["before"], spans["during"]
    if before and during and before.end >= during.start:
        r.problems.append("windows: “during” begins before “before” has ended.")
    said |= {label: formats.period(p) for label, p in ((BEFORE, before), (DURING, during)) if p}
    said |= _methods(r, document)
    said |= _comparison(r, document)
    if "service_window" in document:
        said |= _service(r, _table(r, document, "service_window"))
    if "harm_index" in document:
        said[INDEX] = r.text(document, "harm_index", "")
    if "harm_cap_days" in document:
        cap = r.number(document, "harm_cap_days", "")
        if not math.isfinite(cap):
            r.problems.append("harm_cap_days: a number of days is needed; 0 for no cap.")
        said[CAP] = cap_words(cap)
    seeds = _table(r, document, "seeds")
    for name in seeds:
        r.choice(name, SEEDS, "seeds")
        said[seed_label(name)] = str(_whole(r, seeds, name, "seeds."))
    if "looks" in document:
        said[LOOKS] = str(_whole(r, document, "looks", "", least=1))
    if "stopping_rule" in document:
        said[STOPPING] = r.text(document, "stopping_rule", "")
    return said, during


def _table(r: SettingsReader, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key, {})
    if isinstance(value, Mapping):
        return value
    r.problems.append(f"{key}: a table is needed, written [{key}].")
    return {}


def _window(r: SettingsReader, table: Mapping[str, Any], name: str) -> Period | None:
    if name not in table:
        r.problems.append(f"windows.{name}: needs from and to.")
        return None
    found = r.window(table[name], f"windows.{name}")
    return found.period if found else None


def _methods(r: SettingsReader, document: Mapping[str, Any]) -> dict[str, str]:
    chosen, said = _table(r, document, "methods"), {}
    if not chosen:
        r.problems.append("methods: name the method of each question, such as before-after = “before-after”.")
    for section, key in chosen.items():
        where = f"methods.{section}"
        if section not in SECTIONS:
            r.problems.append(f"{where}: no question has this name; there are {', '.join(SECTIONS)}.")
        method = methods().get(str(key))
        if method is None:
            near = get_close_matches(str(key), methods(), 1)
            hint = f"; did you mean {near[0]}?" if near else "; the page Methods lists the keys."
            r.problems.append(f"{where}: no method has the key “{key}”{hint}")
        elif method.use is Use.COMPARISON:
            r.problems.append(f"{where}: “{key}” is offered for comparison with other studies only, not as a headline.")
        said[method_label(section)] = str(key)
    return said


def _comparison(r: SettingsReader, document: Mapping[str, Any]) -> dict[str, str]:
    said = {}
    if "comparators" in document:
        names = document["comparators"]
        if isinstance(names, list) and all(isinstance(n, str) and n.strip() for n in names):
            said[COMPARATORS] = comparators_words({n.strip() for n in names})
        else:
            r.problems.append("comparators: a list of names of places is needed; [] for none.")
    if "baseline_months" in document:
        said[BASELINE] = f"{_whole(r, document, 'baseline_months', '', least=1)} months"
    return said


def _service(r: SettingsReader, table: Mapping[str, Any]) -> dict[str, str]:
    ends = []
    for key in ("from", "to"):
        if table.get(key) is None:
            r.problems.append(f"service_window.{key}: a time is needed, written HH:MM.")
        elif found := r.clock(table[key], f"service_window.{key}"):
            ends.append(found)
    return {SERVICE: hours_words(*ends)} if len(ends) == 2 else {}


def _whole(r: SettingsReader, table: Mapping[str, Any], key: str, where: str, least: int = 0) -> int:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        r.problems.append(f"{where}{key}: a whole number of {least} or more is needed.")
        return least
    return value


def _plain(value: Any) -> Any:
    """Dates, times and what is no number as text, so that JSON can keep it."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
