"""A small week for briefings: two teams of one provider, every reason for a short visit once, positions in the store."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine, insert

from data_access import ping_store, schema
from tests.factories import LONDON, Maker

MONDAY = date(2023, 10, 2)
SUNDAY = MONDAY + timedelta(days=6)
TEAM, OTHER = "Pair A", "Pair B"
DEVICE = "TRACKER-77"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Local wall time on a day of the week, 0 = Monday."""
    return datetime.combine(MONDAY + timedelta(days=day), datetime.min.time()) + timedelta(hours=hour, minutes=minute)


def planned(spot: str, day: int, hour: int, minute: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "spot": spot, "day": MONDAY + timedelta(days=day), "planned_start_minute": hour * 60 + minute,
        "planned_minutes": 40.0, **more,
    }  # fmt: skip


def not_credited(
    maker: Maker, spot: str, day: int, *, near: float = 0.0, silent: float = 0.0, team: str = TEAM
) -> None:
    maker.conn.execute(
        insert(schema.dose_day).values(
            programme_id=maker.programme_id, area_id=maker.area_ids[spot], provider="outreach", team=team,
            local_date=MONDAY + timedelta(days=day), plain_patrol_minutes=0, plain_person_minutes=0,
            rule_patrol_minutes=0, rule_person_minutes=0, near_minutes=near, uncredited_silence_minutes=silent,
        )
    )  # fmt: skip


def tracked(maker: Maker, day: int, team: str = TEAM, provider: str = "outreach") -> None:
    maker.conn.execute(
        insert(schema.tracker_day).values(
            programme_id=maker.programme_id, provider=provider, team=team, device=DEVICE,
            local_date=MONDAY + timedelta(days=day), pings=100, tracked_minutes=300, inside_minutes=100, gap_minutes=5,
            median_interval_s=10,
        )
    )  # fmt: skip


def week(maker: Maker) -> None:
    """Pair A, Monday to Sunday: of eight planned visits two reach 40 minutes; Friday the tracker was off.

    HS1: Mon 41, Wed 20 (20 called away), Thu 10 (25 near), Sun 41. HS2: Mon 15 (20 silent), Tue 30
    (2 near), Tue none (passed through 2), Fri none (no tracker), and a walk through of 4 minutes on Wed.
    """
    maker.pings_load(MONDAY - timedelta(days=40), SUNDAY + timedelta(days=40))
    maker.visit("HS1", at(0, 15), 41.0, team=TEAM)
    maker.visit("HS2", at(0, 17), 15.0, team=TEAM)
    maker.visit("HS2", at(1, 15, 5), 30.0, team=TEAM)
    maker.visit("HS2", at(1, 18), 2.0, team=TEAM, counts=False)
    maker.visit("HS1", at(2, 15), 20.0, team=TEAM)
    maker.visit("HS2", at(2, 19), 4.0, team=TEAM)
    maker.visit("HS1", at(3, 15), 10.0, team=TEAM)
    maker.visit("HS1", at(6, 15), 41.0, team=TEAM)
    rows = [
        planned("HS1", 0, 15), planned("HS2", 0, 17), planned("HS2", 1, 15), planned("HS2", 1, 18),
        planned("HS1", 2, 15, abstracted_minutes=20.0, abstraction_reason="emergency call"), planned("HS1", 3, 15),
        planned("HS2", 4, 15), planned("HS1", 6, 15),
    ]  # fmt: skip
    maker.plan(rows, period=(MONDAY - timedelta(days=40), SUNDAY + timedelta(days=40)))
    not_credited(maker, "HS2", 0, silent=20.0)
    not_credited(maker, "HS2", 1, near=2.0)
    not_credited(maker, "HS1", 3, near=25.0)
    for day in (0, 1, 2, 3, 6):
        tracked(maker, day)


def gathering(maker: Maker, spot: str, crimes: int, *, day: int = 4, hour: int = 17) -> None:
    """Crimes of one weekday and hour in the year before."""
    first = MONDAY + timedelta(days=day)
    rows = [{"day": first - timedelta(weeks=n % 50), "spot": spot, "minute": hour * 60 + n % 60} for n in range(crimes)]
    maker.crimes(rows, period=(date(2022, 10, 1), date(2023, 10, 31)))


def positions(
    engine: Engine, maker_id: int, load_id: int, spans: list[tuple[datetime, float]], *, team: str = TEAM
) -> None:
    """A tracker standing in the middle of HS1 (50 m from its west side) for each (local start, minutes)."""
    rows = []
    for start, minutes in spans:
        t0 = int(start.replace(tzinfo=LONDON).timestamp() * 1000)
        rows += [(t0 + 30_000 * n, start.date()) for n in range(int(minutes * 2) + 1)]
    t, days = zip(*rows, strict=True)
    frame = pd.DataFrame({
        "provider": "outreach", "team": team, "device": DEVICE, "t_utc_ms": np.array(t, np.int64), "lon": -1.1293,
        "lat": 52.631, "local_date": days,
    })  # fmt: skip
    with ping_store.transaction(engine) as conn:
        ping_store.write(conn, maker_id, load_id, frame)
