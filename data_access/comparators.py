"""Other places by month, for comparison."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import func, select

from data_access import schema
from data_access.reading import opened
from domain.roles import Permission
from domain.scope import Scope


def comparator_months(scope: Scope, code: str) -> pd.DataFrame:
    """[place, month ("2023-02"), crimes], in that order; months that were not loaded are absent, not zero."""
    c = schema.comparator.c
    with opened(scope, code, Permission.VIEW_EVALUATION) as o:
        return o.frame(
            select(c.place, c.month, func.sum(c.crimes).label("crimes"))
            .where(c.programme_id == o.programme_id)
            .group_by(c.place, c.month)
            .order_by(c.place, c.month)
        )
