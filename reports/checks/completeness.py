"""Every field that the template asks for has a value, or a reason why not."""

from __future__ import annotations

from collections.abc import Mapping

from domain import formats
from domain.return_template import ReturnTemplate
from reports.checks.model import CheckResult, Finding, Severity, finding
from reports.model import DataTable, Entry, ReturnContents
from reports.sections.words import NARRATIVE

KEY, TITLE = "completeness", "Completeness"
MUST_BE_WRITTEN = "highlights"
SIGNED_LATER = "K"  # signatures come after the checks


def completeness(contents: ReturnContents, template: ReturnTemplate, narrative: Mapping[str, str]) -> CheckResult:
    """Blocks where Highlights are empty or a field is not in the return; fields with an [x] need a reason, one for all.

    [z] is a value: quarterly fields between quarters have it.
    """
    asked = [f for f in template.fields if f.section != SIGNED_LATER]
    held = {(s.letter, e.field.key): e for s in contents.sections for e in s.entries}
    absent = [f for f in asked if (f.section, f.key) not in held]
    findings = [
        finding(
            KEY, f"{f.section} {f.key}", Severity.BLOCKING, f"{f.section}, {f.label}: the template asks for it and the return does not have it.",
            "Report this as a fault: the return cannot be signed without it.", f.section,
        )
        for f in absent
    ]  # fmt: skip
    entries = [held[f.section, f.key] for f in asked if (f.section, f.key) in held]
    gaps = [(e, said) for e in entries if (said := _gap(e))]
    asks_for_words = ("I", "highlights") in held
    written = _unwritten(narrative) if asks_for_words else []
    whole = len(asked) - len(absent) - len(gaps) - (1 if written else 0)
    about = (
        f"{whole} of {len(asked)} fields that the template asks for have every value; signatures (section K) come later. "
        f"[z] counts as a value: quarterly fields are due in March, June, September and December."
    )
    return CheckResult(KEY, TITLE, about, (*findings, *written, *([_missing(gaps)] if gaps else [])))


def _missing(gaps: list[tuple[Entry, str]]) -> Finding:
    """The return prints why each value is missing; this asks whether it may go like that. Some are missing every month,
    so the key holds which fields they are and not the words, in which the month may stand."""
    fields = [f"{e.field.section} {e.field.key}" for e, _ in gaps]
    return finding(
        KEY, "values", Severity.REASON, f"{formats.counted(len(gaps), 'field')} with values missing. {' '.join(said for _, said in gaps)}",
        "Load what is missing, or write why the return can go without. The return says beside each value why it is missing; this reason stays in the portal.",
        ", ".join(dict.fromkeys(e.field.section for e, _ in gaps)), *fields,
    )  # fmt: skip


def _unwritten(narrative: Mapping[str, str]) -> list[Finding]:
    empty = [key for key in NARRATIVE if not (narrative.get(key) or "").strip()]
    found = []
    if MUST_BE_WRITTEN in empty:
        found.append(finding(
            KEY, MUST_BE_WRITTEN, Severity.BLOCKING, f"Section I, {NARRATIVE[MUST_BE_WRITTEN]}: nothing is written.",
            "Write the highlights of the month, then save.", f"narrative: {MUST_BE_WRITTEN}",
        ))  # fmt: skip
    others = [NARRATIVE[key] for key in empty if key != MUST_BE_WRITTEN]
    if others:
        found.append(finding(
            KEY, "narrative", Severity.REASON, f"Section I: nothing is written under {formats.joined(others)}.",
            "Write a sentence under each, “None this month” where that is so; or say why they stay empty.", "I", *others,
        ))  # fmt: skip
    return found


def _gap(entry: Entry) -> str:
    """What a field lacks and why; "" where it lacks nothing. The narrative has findings of its own."""
    f = entry.field
    if (f.section, f.key) == ("I", "highlights"):
        return ""
    # Who prepares it is known with the first save, so it needs no reason before.
    facts = [(x.label, x.note) for x in entry.facts if x.value == formats.UNAVAILABLE and x.label != "Preparer"]
    cells = [c for t in _tables(entry) for c in _empty_cells(t)]
    said = any(x.startswith(formats.UNAVAILABLE) for x in entry.sentences)
    if not (facts or cells or said or not _says_something(entry)):
        return ""
    why = list(dict.fromkeys(note for _, note in facts if note))
    parts = [label for label, _ in facts]
    if cells:
        some = f"{', '.join(cells[:3])}{', …' if len(cells) > 3 else ''}"
        parts.append(f"{formats.counted(len(cells), 'cell')} of its tables ({some})")
    return " ".join([f"{f.section}, {formats.joined(parts) or f.label}:", *(why or ["no value."])])


def _tables(entry: Entry) -> tuple[DataTable, ...]:
    return (*entry.tables, *(c.table for c in entry.charts))


def _empty_cells(table: DataTable) -> list[str]:
    return [
        f"{row[0]}, {head}" for row in table.rows for head, cell in zip(table.head[1:], row[1:], strict=True)
        if cell.startswith(formats.UNAVAILABLE)
    ]  # fmt: skip


def _says_something(entry: Entry) -> bool:
    return bool(entry.facts or entry.tables or entry.charts or entry.sentences or entry.texts or entry.stories)
