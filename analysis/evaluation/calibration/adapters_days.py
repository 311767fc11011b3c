"""Adapters of the methods that compare days."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration.adapters import Adapter, Answer, function, of_effect

_PATROL = (d.DAYS, d.DAY_SHOCK, *d.POWER_DAYS)


def _panel(path: str, **options: Any) -> Callable[[pd.DataFrame, int], Answer]:
    return lambda panel, _seed: function(path)(panel, **options)


ADAPTERS: tuple[Adapter, ...] = (
    Adapter("patrol-days", _panel("patrol_days.model:patrol_days"), _PATROL, d.DAYS, of_effect),
)
