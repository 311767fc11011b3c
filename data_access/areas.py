"""Hot spots (or wards): codes, names, boundaries."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import select

from data_access import schema
from data_access.reading import opened
from domain.roles import Permission
from domain.scope import Scope


def hot_spots(scope: Scope, code: str) -> pd.DataFrame:
    """[code, name, position, hot_spot_type, area_m2, active_from, active_to, geometry (GeoJSON dict, WGS84)]."""
    a = schema.area.c
    with opened(scope, code, Permission.VIEW_HOT_SPOTS) as o:
        return o.frame(
            select(a.code, a.name, a.position, a.hot_spot_type, a.area_m2, a.active_from, a.active_to, a.geometry)
            .where(a.programme_id == o.programme_id)
            .order_by(a.position, a.code)
        )
