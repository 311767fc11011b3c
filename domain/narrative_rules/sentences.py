"""Texts cut into sentences, sentences into clauses; and how well a rule did on sentences written for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"'])(?:Mr|Mrs|Ms|Dr|Prof|Rev|St|Sgt|Insp|Ch|Cllr|Lt|Col|Det|Hon|Jr|Sr|No|approx|e\.g|i\.e|cf|vs|[ap]\.m|[^\W\d_])$"
)
# A limitation said in one clause does not cover the next one.
_CLAUSE = re.compile(r"[;:—]|\s[–-]\s|,?\s\b(?:but|yet|although|though|whereas|while)\b")
_QUOTED = re.compile(r"“[^”]{1,2000}”|\"[^\"]{1,2000}\"|‘[^’]{1,2000}’")
_SAID = re.compile(
    r"\b(?:said|says|told|wrote|writes|commented|comments|added|adds|according to|reported|quote[ds]?|put it|in (?:his|her|their) words)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sentence:
    """``start``: where it begins in the text it was cut from."""

    text: str
    start: int


@dataclass(frozen=True)
class Measured:
    """How a rule did on sentences with known answers: hits found, hits missed, hits that were none."""

    found: int
    missed: int
    wrong: int

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed)

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong)


def sentences(text: str) -> Iterator[Sentence]:
    """Ends at . ! ? … before a space, and at line ends; "Mr. Li" and "279.5" end nothing."""
    start = 0
    for end in _END.finditer(text):
        if text[end.start()] == "." and _ABBREVIATION.search(text[max(0, end.start() - 12) : end.start()]):
            continue
        yield from _cut(text, start, end.end())
        start = end.end()
    yield from _cut(text, start, len(text))


def _cut(text: str, start: int, end: int) -> Iterator[Sentence]:
    piece = text[start:end]
    if piece.strip():
        yield Sentence(piece.strip(), start + len(piece) - len(piece.lstrip()))


def clauses(sentence: str) -> Iterator[str]:
    start = 0
    for cut in _CLAUSE.finditer(sentence):
        yield sentence[start : cut.start()]
        start = cut.end()
    yield sentence[start:]


def without_quotes(sentence: str) -> str:
    """The sentence with what somebody else is quoted as saying blanked out, so that places in it stay the same."""
    quotes = list(_QUOTED.finditer(sentence))
    outside = sentence
    for quote in quotes:
        outside = outside.replace(quote[0], " " * len(quote[0]))
    return outside if quotes and _SAID.search(outside) else sentence
