"""What the upload page says: names of columns and fields, and the loader's sentences as this page's reader meets them.

The loader's sentences name options of the command line; here the same choices are fields of a form.
"""

from __future__ import annotations

import re

LABELS = {
    "time": "Time of the position", "date": "Date, where it stands apart from the clock time", "device": "Tracker",
    "team": "Team", "provider": "Provider", "accuracy": "Accuracy (metres)", "longitude": "Longitude",
    "latitude": "Latitude", "easting": "Easting", "northing": "Northing", "x": "x (degrees or metres)",
    "y": "y (degrees or metres)", "crime_ref": "Reference", "occurred_from": "Occurred from", "occurred_to": "Occurred to",
    "occurred_from_time": "Clock time of occurred from", "occurred_to_time": "Clock time of occurred to",
    "offence_code": "Offence code", "offence_title": "Offence title", "offence_group": "Offence group",
}  # fmt: skip
USUAL = (
    "time", "device", "team", "longitude", "latitude", "occurred_from", "occurred_to", "offence_title", "offence_group",
    "crime_ref",
)  # fmt: skip
SOURCE = ("source", "Whose data it is", "Where the file does not say.")
CRS = ("crs", "Coordinate system", "Such as EPSG:27700, where the file does not declare it.")
ZONE = ("zone", "Time zone", "Of times without one; Europe/London unless said.")
TEXTS = {
    "pings": (("provider", "Provider of every row", "Where no column says it."),
              ("team", "Team of every row", "Where no column says it."), CRS, ZONE, SOURCE),
    "crimes": (CRS, ZONE, SOURCE),
    "hot-spots": (("code_property", "Property with the code", "Where it is not recognised."),
                  ("name_property", "Property with the name", "Where it is not recognised."),
                  CRS, ("sheet", "Layer", "Of a file with several.")),
    "weights": (("edition", "Edition of the index", "Such as February 2026."), ("index", "Name of the index", ""),
                ("basis", "Where the weights come from", "One sentence.")),
}  # fmt: skip
REPLACE = "Replace older files whose months this one covers, whatever its days"
AGAIN = "Load it again although a newer file has replaced it since"

_FIELDS = {text[0].replace("_", "-"): text[1] for texts in TEXTS.values() for text in (*texts, SOURCE)}
_FIELDS |= {"sheet": "Sheet” or “Layer", "replace": REPLACE, "again": AGAIN, "programme": "programme"}
_CHOOSE = "Choose the columns under “Read it another way”."
_SENTENCES = (
    (r'Rename them, or name them in a mapping file \(--mapping\)[^"]*"[^"]*"\.', _CHOOSE),
    (r"If they are called something else, say so with --mapping FILE\.", _CHOOSE),
    (r"name its column in a mapping file \(--mapping\)\.", "choose its column under “Read it another way”."),
    (r"Say in a mapping file which columns they are\.", _CHOOSE),
    (r"Leave --programme out or correct the file\.", "Correct the file, or load it to that programme."),
    (r"load (it )?with --(replace|again)\b", r"tick “--\2” and look again"),
    (r"load (it|that file again) with --(replace|again)\b", r"tick “--\2” and look again"),
    (r"such as --crs (?=EPSG)", "such as "),
    (r"Say --crs (EPSG:\d+), or leave it out\.", r"Write \1 in the field “Coordinate system”, or leave it empty."),
    (r"^--crs (?=\S+ \()", "The coordinate system "),
    (r"\bSay which programme\b.*--programme CODE\.", "Say which programme the file belongs to."),
    (r"--team names one\b", "the field “--team” names one"),
    (r"\bwith --(?=[a-z])", "in the field --"),
)


# Lists of the portal's own names of columns, to which the form's labels belong.
_COLUMNS = (
    r"(?<=has no column ).+?(?= that is recognised|\. )", r"(?<=Nor has it a column ).+?(?=\. )",
    r"(?<=^Columns taken: )[^“]*(?=“)", r"(?<=”, )[a-z_]+(?= from “)",
)  # fmt: skip
_WORD = re.compile(r"(?<![\w“])(" + "|".join(sorted(LABELS, key=len, reverse=True)) + r")\b(?! \()")


def _labelled(name: re.Match[str]) -> str:
    label = LABELS[name[1]]
    return name[1] if label.casefold() == name[1] else f"“{label}” ({name[1]})"


def for_the_page(sentence: str) -> str:
    """A sentence of the loader with the form's fields in place of the command's options."""
    for pattern in _COLUMNS:
        sentence = re.sub(pattern, lambda list_: _WORD.sub(_labelled, list_[0]), sentence)
    for pattern, words in _SENTENCES:
        sentence = re.sub(pattern, words, sentence)
    return re.sub(r"“?--([a-z][a-z-]*)”?( NAME\b| FILE\b| CODE\b)?", _field, sentence)


def _field(found: re.Match[str]) -> str:
    return f"“{_FIELDS[found[1]]}”" if found[1] in _FIELDS else found[0]
