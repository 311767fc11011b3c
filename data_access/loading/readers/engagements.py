"""Counts of enforcement, engagement and problem solving during patrols."""

from __future__ import annotations

import pandas as pd

from data_access.loading import values
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import read_csv
from domain.measures import MEASURES


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, ("date", "provider", "measure", "count"), optional=("hot_spot",))
    day = values.days(rows, "date", today=context.today)
    area = values.one_of(rows, "hot_spot", context.area_names, "hot spot", required=False)
    frame = pd.DataFrame({
        "local_date": day, "area_id": area.map(context.area_ids),
        "provider": values.one_of(rows, "provider", context.provider_names, "provider"),
        "measure": values.one_of(rows, "measure", {m.code: m.label for m in MEASURES}, "measure"),
        "count": values.amounts(rows, "count", whole=True),
    })  # fmt: skip
    return Parsed(rows, frame, context.options.source or "engagements")
