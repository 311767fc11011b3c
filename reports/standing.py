"""Where a version stands, put on top of its contents: what it is called, its status, and who has signed.

Contents are frozen before anybody signs, so whatever signing adds comes from the register's steps, here and only here.
"""

from __future__ import annotations

from dataclasses import replace

from data_access.returns.versions import Step, Version
from domain import formats
from domain.return_states import SIGN_OFF, STATE_WORDS, Action, State
from domain.return_template import ReturnTemplate
from reports.lateness import printed_words
from reports.model import DataTable, Entry, Fact, ReturnContents

SEALED_STEPS = ("certified", "submitted")  # come after the file is printed: they stand in its seals
IN_THE_SEAL = "Comes after this file was printed; see its seals"
_OF_FIGURES = {
    State.DRAFT: "Figures can still change.",
    State.DROPPED: "It does not count. Its words are kept; its figures were never frozen and follow the data.",
}


def status(version: Version) -> str:
    if version.state is State.DRAFT:
        return f"Draft, revision {version.revision}"
    return STATE_WORDS[version.state]


def narrative_words(version: Version) -> str:
    written = version.last_written
    return f"narrative revision {written.revision}" if written else "no narrative saved"


def name_of_version(version: Version) -> str:
    """ "Version 2, correcting version 1"."""
    if not version.is_correction:
        return f"Version {version.number}"
    return f"Version {version.number}, correcting version {version.corrects}"


def with_standing(contents: ReturnContents, version: Version, template: ReturnTemplate) -> ReturnContents:
    """The contents as this version is printed: its status, its signatures, and the time of the last that is in them."""
    approval = version.signed(Action.APPROVE)
    late = printed_words(contents.due, version, contents.made_at)
    sections = tuple(
        replace(s, entries=tuple(_entry(e, version, template, late) for e in s.entries)) for s in contents.sections
    )
    # The words of a draft move with every save; from the check on they are those that were frozen.
    narrative = narrative_words(version) if version.state is State.DRAFT else contents.narrative
    made_at = approval.at if approval else contents.made_at
    return replace(contents, status=status(version), sections=sections, narrative=narrative, made_at=made_at)


def _entry(entry: Entry, version: Version, template: ReturnTemplate, late: str) -> Entry:
    where = (entry.field.section, entry.field.key)
    if where == ("A", "return_id"):
        return replace(entry, facts=tuple(_named(f, version, late) for f in entry.facts))
    if where == ("K", "prepared"):
        said = (_sentence(version), *([late] if late else []))
        return replace(entry, sentences=said, tables=(_signatures(version, template),))
    return entry


def _named(fact: Fact, version: Version, late: str) -> Fact:
    if fact.label == "Return":
        note = f"{name_of_version(version)}. {version.correction_reason}".strip()
        return replace(fact, note=note if note.endswith(".") else f"{note}.")
    if fact.label == "Status":
        note = _OF_FIGURES.get(version.state, "Its figures were frozen at the analyst's check.")
        return replace(fact, value=status(version), note=f"{note} {late}".strip())
    return fact


def _sentence(version: Version) -> str:
    if version.signatures:
        return (
            "Figures and words were frozen when the analyst checked them. The PDF is sealed at approval and at every "
            "later step; “return verify” of the portal, and PDF readers that check signatures, show the seals and whether "
            "a byte has changed."
        )
    if version.state is State.DROPPED:
        return f"{formats.UNAVAILABLE} Nobody signed this version: it is a correction that was dropped."
    unsaved = "" if version.revision else " whose narrative has not been saved"
    return f"{formats.UNAVAILABLE} Nobody has signed this return: it is a draft{unsaved}."


def _signatures(version: Version, template: ReturnTemplate) -> DataTable:
    rows = tuple(_row(step, words, version) for step, words in template.sign_off)
    return DataTable(
        "Signatures", ("Step", "Name and role", "Date and time (UTC)", "SHA-256 of what was checked (first 16)"), rows,
        (1, 2, 3), "Times are those of the portal's clock, in UTC. What was checked travels in the PDF as …-as-checked.json, whose SHA-256 this is.", to_fill_in=not version.signatures,
    )  # fmt: skip


def _row(step: str, words: str, version: Version) -> tuple[str, ...]:
    if step == "prepared":
        last = version.last_written
        return (words, ", ".join(author_names(version)), formats.day_time(last.at) if last else "", "")
    given = version.signed(SIGN_OFF[step])
    if given:
        return (words, given.who, formats.day_time(given.at), _short(given))
    # The file is printed at approval: what comes after can only be added to it as a seal.
    approved = version.signed(Action.APPROVE) is not None
    return (words, IN_THE_SEAL if approved and step in SEALED_STEPS else "", "", "")


def author_names(version: Version) -> list[str]:
    """Who wrote on it, as their accounts name them."""
    names = {s.actor: s.who for s in version.steps if s.action in (Action.EDIT, Action.CORRECT)}
    return [names.get(actor, actor) for actor in version.authors]


def _short(step: Step) -> str:
    return (step.contents_sha256 or "")[:16]
