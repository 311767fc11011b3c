"""Money by month: what was spent, forecast, matched and claimed."""

from __future__ import annotations

import pandas as pd

from data_access.loading import values
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import read_csv

FLOWS = ("spend", "forecast", "match", "claim")
REQUIRED = ("month", "category", "flow", "amount_gbp")


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, REQUIRED, aliases={"amount": "amount_gbp"}, optional=("provider", "note"))
    month = values.months(rows, "month")
    category = values.spaced(rows.column("category"))
    rows.reject(category == "", "category", "The row names no category.")
    rows.reject(category.str.len() > 80, "category", "The category is longer than 80 characters.")
    flow = rows.column("flow").str.casefold()
    rows.reject(~flow.isin(FLOWS), "flow", f"“{{cell}}” is not a flow. Known: {', '.join(FLOWS)}.", flow)
    ahead = (flow == "spend") & (month > f"{context.today:%Y-%m}")
    rows.reject(ahead, "month", "Spend lies in the future; if it is expected, its flow is forecast.")
    # £ and thousands commas are how finance systems print money; a minus is a correction.
    plain = (
        rows.column("amount_gbp")
        .str.replace("£", "", regex=False)
        .str.replace(r",(?=[0-9]{3}(?:[.,]|$))", "", regex=True)
    )
    rows.frame = rows.frame.assign(amountgbp=plain)
    amount = values.amounts(rows, "amount_gbp", low=None)
    frame = pd.DataFrame({
        "month": month,
        "provider": values.one_of(rows, "provider", context.provider_names, "provider", required=False),
        "category": category, "flow": flow, "amount_gbp": amount,
        "note": values.or_none(values.spaced(rows.column("note")).str.slice(0, 300)),
    })  # fmt: skip
    return Parsed(rows, frame, context.options.source or "costs")
