"""A method's docstring as parts of a page: the page and the code cannot say different things.

Docstrings are numpydoc, read by griffe; of reStructuredText only what ours use is understood: code, roles, lists,
indented formulas.
"""

from __future__ import annotations

import inspect
import logging
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from dash import html
from griffe import Docstring

from analysis.evaluation.catalogue import Method

MISLEADS = re.compile(r"^how (?:it|this|these|they) can mislead:\s*", re.IGNORECASE)
_INLINE = re.compile(r"``(?P<code>[^`]+)``|:\w+:`~?(?P<role>[^`]+)`|`(?P<name>[^`]+)`_?|\*(?P<stress>[^*\s][^*]*)\*")


@dataclass(frozen=True)
class Parameter:
    """A parameter or a return value; ``kind`` as the docstring has it: type, shape, unit, default."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class MethodDoc:
    """What a docstring says, each part as reStructuredText; "" or () where it says nothing."""

    summary: str
    description: str  # formula with its terms
    parameters: tuple[Parameter, ...]
    returns: tuple[Parameter, ...]
    misleads: str
    notes: str
    sources: tuple[str, ...]
    example: str
    signature: str
    where: str  # module and name


@cache
def document(method: Method) -> MethodDoc:
    """Parse the docstring of the method's function."""
    function = method.load()
    parts = _sections(inspect.getdoc(function) or "")
    summary, _, description = parts.get("text", "").partition("\n\n")
    misleads, notes = _misleads(parts.get("notes", ""))
    return MethodDoc(
        summary=" ".join(summary.split()),
        description=description.strip("\n"),
        parameters=parts.get("parameters", ()),
        returns=parts.get("returns", ()),
        misleads=misleads,
        notes=notes,
        sources=_sources(parts.get("references", "")),
        example=parts.get("example", ""),
        signature=_signature(method, function),
        where=f"analysis.evaluation.{method.function.replace(':', '.')}",
    )


def _sections(docstring: str) -> dict[str, Any]:
    logging.getLogger("griffe").setLevel(logging.ERROR)  # an unusual line is shown as text and no event
    found: dict[str, Any] = {}
    for section in Docstring(docstring).parse("numpy"):
        kind = section.kind.value
        if kind == "text":
            found["text"] = f"{found['text']}\n\n{section.value}" if "text" in found else section.value
        elif kind in ("parameters", "other parameters", "attributes", "returns"):
            slot = "returns" if kind == "returns" else "parameters"
            found[slot] = (*found.get(slot, ()), *_parameters(section.value))
        elif kind == "examples":
            found["example"] = "\n\n".join(text for _, text in section.value)
        elif kind == "admonition":
            found[(section.title or "").lower()] = section.value.contents
    return found


def _parameters(items: Any) -> list[Parameter]:
    """Names that the docstring lists together ("low, high : float") stay together."""
    found: list[Parameter] = []
    for item in items:
        kind, meaning = str(item.annotation or ""), " ".join((item.description or "").split())
        last = found[-1] if found else None
        if last and item.name and (last.kind, last.meaning) == (kind, meaning):
            found[-1] = Parameter(f"{last.name}, {item.name}", kind, meaning)
        else:
            found.append(Parameter(item.name or "", kind, meaning))
    return found


def _misleads(notes: str) -> tuple[str, str]:
    """The paragraph on how it can mislead, and the other notes."""
    paragraphs = [p for p in re.split(r"\n\s*\n", notes) if p.strip()]
    bad = [MISLEADS.sub("", p.strip()) for p in paragraphs if MISLEADS.match(p.strip())]
    bad = [text[:1].upper() + text[1:] for text in bad]
    return "\n\n".join(bad), "\n\n".join(p for p in paragraphs if not MISLEADS.match(p.strip()))


def _sources(references: str) -> tuple[str, ...]:
    """One source a line; a line runs on where the next is indented or it does not end like a reference."""
    found: list[str] = []
    for line in references.splitlines():
        if not line.strip():
            continue
        if found and (line[:1].isspace() or found[-1][-1] not in ".)>"):
            found[-1] = f"{found[-1]} {line.strip()}"
        else:
            found.append(re.sub(r"^(?:\.\. \[\w+\]|-)\s*", "", line.strip()))
    return tuple(found)


def _signature(method: Method, function: Any) -> str:
    """Names and defaults; types are in the list of parameters."""
    name = method.function.split(":")[1]
    try:
        given = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return name
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in given if p.name != "self"]
    return f"{name}{inspect.Signature(bare)}"


def inline(text: str) -> list[Any]:
    """Text with ``code``, roles and *stress* as components."""
    parts: list[Any] = []
    at = 0
    for match in _INLINE.finditer(text):
        parts.append(text[at : match.start()])
        at = match.end()
        role = match["role"]
        code = match["code"] or (role.rsplit(".", 1)[-1] if role else None) or match["name"]
        parts.append(html.Code(code) if code else html.Em(match["stress"]))
    return [part for part in (*parts, text[at:]) if part != ""]


def blocks(text: str, label: str) -> list[Any]:
    """Paragraphs, lists and indented formulas; ``label`` names a formula to who cannot see it."""
    found: list[Any] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = [line for line in block.splitlines() if line.strip() and not line.strip().startswith(".. math::")]
        if not lines:
            continue
        if all(line[:1].isspace() for line in lines):
            found.append(preformatted("\n".join(_dedented(lines)), label))
        elif lines[0].lstrip().startswith("- "):
            found.append(html.Ul([html.Li(inline(item)) for item in _items(lines)]))
        else:
            found.append(html.P(inline(" ".join(line.strip() for line in lines).replace("::", ":"))))
    return found


def preformatted(text: str, label: str) -> html.Pre:
    """A region that scrolls sideways must be reachable by keyboard (WCAG 2.1.1)."""
    return html.Pre(text, tabIndex="0", role="region", **{"aria-label": label})


def _dedented(lines: list[str]) -> list[str]:
    indent = min(len(line) - len(line.lstrip()) for line in lines)
    return [line[indent:] for line in lines]


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if line.lstrip().startswith("- "):
            items.append(line.lstrip()[2:])
        elif items:
            items[-1] = f"{items[-1]} {line.strip()}"
    return items
