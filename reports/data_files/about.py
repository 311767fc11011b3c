"""What every data file says of the return before its figures, and how its numbers are to be read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime

from domain import formats
from reports.model import DataTable, ReturnContents

LANGUAGE = "en-GB"  # as reports.pdf has it, which the data files do not load: they travel inside the PDF
HOW_TO_READ = (
    "Numbers are rounded as they are printed in the return: they are read from its text, so this file and the PDF agree.",
    "A value that is not one number, such as a number with its interval, is kept as text.",
    "Percentages in CSV and JSON are numbers of per cent (81 for 81%); spreadsheets hold them as fractions and show 81%.",
    "A number has no unit of its own where its label or column head says what is counted.",
    "Each chart's numbers are in the table that stands beside it; drawings are in the PDF only.",
)
# Field of the contents -> what people call it, in the order of the cover sheet. Fields not named here come last.
_LABELS = {
    "title": "Title", "marking": "Marking", "handling": "Handling instruction", "demonstration": "Demonstration data",
    "programme_name": "Programme", "programme_code": "Programme code", "period": "Period", "month": "Month",
    "status": "Status", "correction_reason": "Reason for the correction", "return_id": "Return", "force": "Force", "recipient": "Grant recipient", "fund": "Fund",
    "template": "Template", "due": "Due date", "contact": "Contact", "data_as_at": "Data as at",
    "narrative": "Narrative", "data_sha256": "SHA-256 of the data", "made_at": "Newest data or narrative",
    "source_note": "Source",
}  # fmt: skip
_LOOK_ONLY = {"accent_colour"}


@dataclass(frozen=True)
class Particular:
    """One line of the cover: the contents' field, its label, its text."""

    key: str
    label: str
    text: str


def particulars(contents: ReturnContents) -> tuple[Particular, ...]:
    """Everything that is said once of the whole return; what is empty is left out."""
    held = [f.name for f in fields(contents) if f.name not in _LOOK_ONLY]
    order = [*(name for name in _LABELS if name in held), *(name for name in held if name not in _LABELS)]
    found = []
    for name in order:
        value = getattr(contents, name)
        if isinstance(value, tuple | DataTable) or value in ("", None):
            continue
        label = _LABELS.get(name, name.replace("_", " ").capitalize())
        found.append(Particular(name, label, _in_words(name, value)))
    return tuple(found)


def _in_words(name: str, value: str | bool | int | date) -> str:
    if name == "demonstration":
        return "Yes: the figures are invented." if value else "No."
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{formats.day_time(utc(value))} UTC"
    return formats.day(value) if isinstance(value, date) else str(value)


def utc(moment: datetime) -> datetime:
    """Without a zone, as the contents hold it."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def standing_line(contents: ReturnContents) -> str:
    """What a sheet that is printed alone must still say."""
    invented = " Demonstration data: the figures are invented." if contents.demonstration else ""
    return f"{contents.marking}. {contents.programme_name}, {contents.period}. {contents.status}.{invented}"


def file_stem(contents: ReturnContents, number: int = 1) -> str:
    """ "return-demo-2023-12"; a correction's files lie beside the first version's, so they say "-v2"."""
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in contents.return_id.lower())
    return f"return-{safe}" + (f"-v{number}" if number > 1 else "")
