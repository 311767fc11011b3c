"""The reproducibility bundle: plan, aggregates, records, tables, figures, source, environment and a manifest of hashes.

Nothing in it depends on when or where it is made: the same data, plan and comments give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any

from analysis.evaluation.bundle.codec import from_files, to_files
from analysis.evaluation.bundle.outputs import as_json, outputs
from analysis.evaluation.calibration import table as calibration
from analysis.evaluation.calibration.designs import SITUATIONS
from analysis.evaluation.calibration.gate import judge, must_hold
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import CODE_VERSION
from analysis.evaluation.suite import SECTIONS
from data_access.evaluation import held, plan
from data_access.evaluation.inputs import evaluation_inputs
from domain.roles import Permission
from domain.scope import Scope
from settings import ROOT

MANIFEST = "manifest.json"
PARTS = len(SECTIONS) + 1
_PACKAGES = ("numpy", "scipy", "pandas", "python-dateutil", "six", "pyarrow", "tzdata")
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the first that the format knows: a real one would change the bytes
_TEMPLATES = Path(__file__).parent / "templates" / "bundle"
Say = Callable[[str], None]


class BundleError(RuntimeError):
    """No bundle was written; the message says why and what to do."""


def bundle_files(scope: Scope, code: str, say: Say = lambda _part: None) -> dict[str, str]:
    """Every file of the bundle by path, the manifest last; OutOfScope without INSPECT_EVALUATION."""
    scope.require(Permission.INSPECT_EVALUATION)
    inputs = evaluation_inputs(scope, code)
    aggregates = to_files(inputs)
    files = {f"aggregates/{name}": text for name, text in aggregates.items()}
    # From the aggregates as written, not from the database: what is shipped is what was computed from.
    for name, part in outputs(from_files(aggregates)):
        files |= part
        say(name)
    files |= _held(scope, code) | {"calibration.json": as_json(_calibration())}
    source = _source()
    files |= {f"source/{name}": text for name, text in source.items()}
    files |= _environment()
    files |= {path.name: path.read_text(encoding="utf-8") for path in sorted(_TEMPLATES.iterdir()) if path.is_file()}
    return files | {MANIFEST: as_json(_manifest(inputs, files, source))}


def _held(scope: Scope, code: str) -> dict[str, str]:
    plans = plan.plans(scope, code)
    registered = [
        {
            "version": p.version, "file_name": p.file_name, "sha256": p.sha256, "text": p.text, "timing": p.timing,
            "timing_reason": p.timing_reason, "registered_at": p.registered_at.isoformat(),
        }
        for p in plans
    ]  # fmt: skip
    about = {"registered": registered} | ({} if plans else {"note": "No analysis plan is registered."})
    found = {f"plan/{p.version}-{p.sha256[:12]}.txt": p.text for p in plans}
    found["plan/plans.json"] = as_json(about)
    # Before the tries are read: comparing the plan with what runs makes sections, which are counted.
    found["plan/deviations.json"] = as_json(asdict(plan.deviations(scope, code)))
    found["comments.json"] = as_json({"comments": held.comments(scope, code)})
    found["analyses_tried.json"] = as_json({"tried": held.tried(scope, code)})
    return found


def _calibration() -> dict[str, Any]:
    rows = [
        vars(row) | {
            "situation_words": SITUATIONS[row.situation].words, "nothing_happened": SITUATIONS[row.situation].null,
            "gate_asks_for_it": must_hold(row.method, row.situation), "problems": list(judge(row).problems),
        }
        for row in calibration.rows()
    ]  # fmt: skip
    return {"provenance": calibration.provenance(), "rows": rows}


def _source() -> dict[str, str]:
    """The engine itself, so that the bundle computes without the portal."""
    paths = [
        ROOT / "analysis" / "__init__.py",
        *(ROOT / "analysis" / "evaluation").rglob("*.py"),
        *(ROOT / "domain").rglob("*.py"),
    ]
    return {p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8") for p in sorted(paths)}


def _environment() -> dict[str, str]:
    lines = []
    for package in _PACKAGES:
        try:
            lines.append(f"{package}=={version(package)}")
        except PackageNotFoundError:
            continue
    return {
        "environment/requirements.txt": "\n".join(lines) + "\n",
        "environment/python.txt": f"{platform.python_implementation()} {platform.python_version()}\n",
        "environment/portal-constraints.txt": (ROOT / "constraints.txt").read_text(encoding="utf-8"),
    }


def source_sha256(source: Mapping[str, str] | None = None) -> str:
    """One hash over every file of the engine: which code made the numbers."""
    found = hashlib.sha256()
    for name, text in sorted((_source() if source is None else source).items()):
        found.update(f"{name}\0{_sha256(text)}\n".encode())
    return found.hexdigest()


def environment_lines() -> list[str]:
    """Python and the packages that the engine computes with, each with its version."""
    found = _environment()
    return [found["environment/python.txt"].strip(), *found["environment/requirements.txt"].split()]


def _manifest(inputs: Inputs, files: Mapping[str, str], source: Mapping[str, str]) -> dict[str, Any]:
    records = [json.loads(text)["records"] for path, text in files.items() if path.startswith("records/")]
    seeds = sorted({r["seed"] for section in records for r in section.values() if r.get("seed") is not None})
    return {
        "format": "evaluation-bundle-1",
        "programme": inputs.programme_code,
        "area": inputs.area_name,
        "data_hash": inputs.data_hash(),
        "code_version": CODE_VERSION,
        "source_sha256": source_sha256(source),
        "seeds": seeds,
        "calibration": calibration.provenance(),
        "files": {path: {"bytes": len(text.encode()), "sha256": _sha256(text)} for path, text in sorted(files.items())},
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_folder(files: Mapping[str, str], out: Path) -> None:
    """All of the files as ``out``, which must not exist or be empty; BundleError, and nothing of it, otherwise."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BundleError(f"{out} is there already and not an empty folder; choose another place or empty it first.")
    if not out.absolute().parent.is_dir():
        raise BundleError(f"There is no folder {out.absolute().parent}; make it first or choose another place.")
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.absolute().parent))
    try:
        for name, text in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        if out.exists():
            out.rmdir()
        os.replace(part, out)
    except OSError as problem:
        raise BundleError(f"The bundle could not be written ({problem.strerror}); nothing of it is left.") from problem
    finally:
        shutil.rmtree(part, ignore_errors=True)


def zipped(files: Mapping[str, str], folder: str) -> bytes:
    """The files as one ZIP below ``folder``; the same files give the same bytes."""
    held_in = BytesIO()
    with zipfile.ZipFile(held_in, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", _ZIP_DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, text.encode())
    return held_in.getvalue()
