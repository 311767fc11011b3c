"""What one evaluation page rests on: records and tables, made from ``Inputs`` and choices by a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.evaluation.record import Refusal, ResultRecord

Choices = Mapping[str, str]  # what a reader chose on the page; {} is the pre-registered analysis
Result = ResultRecord | Refusal


@dataclass(frozen=True)
class Section:
    """Frozen answer to one question.

    Attributes
    ----------
    name : str
        Key in :mod:`analysis.evaluation.suite`.
    records : mapping
        Every estimate by a short key, the headline first; a :class:`Refusal` says why there is none.
    tables : mapping
        Every frame that the page draws or lists, by name; written to the bundle as CSV.
    facts : mapping
        Plain values that sentences use (numbers, texts, dates as ISO text).
    tried : int
        How many analyses (method x settings) this section ran; all are logged and counted.
    """

    name: str
    records: Mapping[str, Result]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    tried: int = 0

    @property
    def headline(self) -> Result:
        return next(iter(self.records.values()))
