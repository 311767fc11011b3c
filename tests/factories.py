"""A small programme written straight into a real SQLite database: rows, not files, so that every number is known.

Loads that came through the door are tested with the readers; these are for what asks questions of the tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, select

from data_access import schema
from data_access.engine import make_engine

NOW = datetime(2024, 2, 5, 9, 0)
LONDON, UTC = ZoneInfo("Europe/London"), ZoneInfo("UTC")

PROGRAMME: dict[str, Any] = {
    "code": "TEST",
    "name": "Test city",
    "force": "Test Police",
    "area_name": "Test city centre",
    "demonstration": True,
    "resolution": "day",
    "provisional_weeks": 6,
    "rate_reference_provider": "police-overtime",
    "fund": {"name": "Test fund", "grant_year": "2023-24", "award_gbp": 120000},
    "service": {"name": "Outreach", "live_from": "2022-10-01"},
    "evaluation": {
        "before": {"from": "2022-03-01", "to": "2022-12-31", "label": "before"},
        "during": {"from": "2023-02-01", "to": "2023-12-31", "label": "during"},
    },
    "providers": [
        {
            "code": "outreach", "name": "Street outreach", "kind": "partner", "staff_per_patrol": 2,
            "planned_dose": [{"from": "2022-10-01", "minutes": 15}, {"from": "2023-02-13", "minutes": 40}],
        },
        {
            "code": "police-overtime", "name": "Police overtime", "kind": "police overtime", "staff_per_patrol": 2,
            "planned_dose": [{"from": "2022-10-01", "minutes": 15}],
        },
    ],
}  # fmt: skip

SPOTS = (("HS1", "Clock Tower"), ("HS2", "Station"), ("HS3", "Market"))


def new_database(path: Any) -> Engine:
    engine = make_engine(f"sqlite:///{path}")
    schema.metadata.create_all(engine)
    return engine


class Maker:
    """Writes rows of one programme; each ``add_*`` makes its own load unless told otherwise."""

    def __init__(self, conn: Connection, document: Mapping[str, Any] = PROGRAMME, **changes: Any) -> None:
        self.conn = conn
        self.document = {**document, **changes}
        self.code = self.document["code"]
        self.programme_id = self._insert(
            schema.programme,
            code=self.code, name=self.document["name"], demonstration=self.document.get("demonstration", False),
            config=self.document, created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        self.area_ids: dict[str, int] = {}
        self._row = 0

    def _insert(self, table: Any, **values: Any) -> int:
        return int(self.conn.execute(insert(table).values(**values)).inserted_primary_key[0])

    def load(
        self, kind: str, period_from: date | None = None, period_to: date | None = None, *,
        text: str = "", status: str = "current", at: datetime = NOW,
    ) -> int:  # fmt: skip
        self._row += 1
        sha = hashlib.sha256((text or f"{self.code}{kind}{self._row}").encode()).hexdigest()
        return self._insert(
            schema.load,
            programme_id=self.programme_id, kind=kind, source="test", file_name=f"{kind}.csv", sha256=sha,
            period_from=period_from, period_to=period_to, rows_read=0, rows_loaded=0, rows_duplicate=0,
            rows_rejected=0, status=status, loaded_at=at, loaded_by="test",
        )  # fmt: skip

    def areas(self, spots: Sequence[tuple[str, str]] = SPOTS) -> dict[str, int]:
        load_id = self.load("hot-spots")
        for position, (code, name) in enumerate(spots, 1):
            west = -1.14 + position * 0.01
            ring = [[west, 52.63], [west + 0.002, 52.63], [west + 0.002, 52.632], [west, 52.632], [west, 52.63]]
            self.area_ids[code] = self._insert(
                schema.area,
                programme_id=self.programme_id, load_id=load_id, code=code, name=name, position=position,
                hot_spot_type="SV", geometry={"type": "Polygon", "coordinates": [ring]}, area_m2=30000.0,
            )  # fmt: skip
        return self.area_ids

    def crimes(
        self, rows: Sequence[Mapping[str, Any]], *, kind: str = "crimes", period: tuple[date, date] | None = None
    ) -> int:
        """Rows: day (or month), spot (None = outside), optional minute, group, harm, asb, placement."""
        load_id = self.load(kind, *(period or (None, None)))
        for number, row in enumerate(rows, 2):
            day, minute = row.get("day"), row.get("minute")
            asb = bool(row.get("asb"))
            spot = row.get("spot")
            self._insert(
                schema.crime,
                programme_id=self.programme_id, load_id=load_id, row_number=number,
                month=row.get("month") or f"{day:%Y-%m}", local_date=day, local_minute=minute,
                offence_group="Anti-social behaviour" if asb else row.get("group", "Violence"),
                is_crime=not asb, area_id=self.area_ids[spot] if spot else None,
                placement=row.get("placement") or ("inside" if spot else "outside"),
                harm_days=None if asb else row.get("harm"),
            )  # fmt: skip
        return load_id

    def pings_load(self, start: date, end: date) -> int:
        return self.load("pings", start, end)

    def visit(
        self, spot: str, start: datetime, minutes: float, *,
        provider: str = "outreach", persons: int = 2, counts: bool = True, team: str = "A",
    ) -> None:  # fmt: skip
        """``start`` is local (Europe/London) wall time."""
        entered = start.replace(tzinfo=LONDON).astimezone(UTC).replace(tzinfo=None)
        self._insert(
            schema.visit,
            programme_id=self.programme_id, area_id=self.area_ids[spot], provider=provider, team=team,
            entered_at=entered, left_at=entered + timedelta(minutes=minutes), local_date=start.date(),
            local_minute=start.hour * 60 + start.minute, patrol_minutes=minutes, person_minutes=minutes * persons,
            counts_as_visit=counts,
        )  # fmt: skip

    def tracker_day(
        self, day: date, device: str, *, provider: str = "outreach", pings: int = 100, tracked: float = 60.0,
        inside: float = 40.0, gap: float = 5.0, interval: float = 10.0,
    ) -> None:  # fmt: skip
        self._insert(
            schema.tracker_day,
            programme_id=self.programme_id, provider=provider, team="A", device=device, local_date=day, pings=pings,
            tracked_minutes=tracked, inside_minutes=inside, gap_minutes=gap, median_interval_s=interval,
        )  # fmt: skip

    def dose_day(
        self, spot: str, day: date, plain: float, rule: float, *, provider: str = "outreach", team: str = "A",
        persons: int = 2, near: float = 0.0, silence: float = 0.0, interval: float = 30.0,
        estimate: float | None = None, variance: float | None = None, calibration_id: int | None = None,
    ) -> None:  # fmt: skip
        self._insert(
            schema.dose_day,
            programme_id=self.programme_id, area_id=self.area_ids[spot], provider=provider, team=team, local_date=day,
            plain_patrol_minutes=plain, plain_person_minutes=plain * persons, rule_patrol_minutes=rule,
            rule_person_minutes=rule * persons, near_minutes=near, uncredited_silence_minutes=silence,
            median_interval_s=interval, estimated_patrol_minutes=estimate, estimated_variance=variance,
            calibration_id=calibration_id,
        )  # fmt: skip

    def calibration(self, *, bias: float = 0.0, coverage: float = 0.94) -> int:
        return self._insert(
            schema.bridge_calibration,
            programme_id=self.programme_id, interval_s=300.0, scale=1.4, floor_min2=3.0, basis="a test", cells=100,
            bias_share=bias, coverage=coverage, made_at=NOW,
        )  # fmt: skip

    def plan(self, rows: Sequence[Mapping[str, Any]], period: tuple[date, date] | None = None) -> None:
        load_id = self.load("plan", *(period or (None, None)))
        for row in rows:
            values = {"provider": "outreach", "planned_minutes": 40.0, "planned_persons": 2, **row}
            values["area_id"] = self.area_ids[values.pop("spot")]
            values["local_date"] = values.pop("day")
            values.setdefault("abstracted_minutes", 0.0)
            values.setdefault("extended_minutes", 0.0)
            self._insert(schema.plan, programme_id=self.programme_id, load_id=load_id, **values)

    def costs(self, rows: Sequence[tuple[str, str | None, str, str, float]]) -> None:
        """Rows: (month, provider, category, flow, amount)."""
        load_id = self.load("costs")
        for month, provider, category, flow, amount in rows:
            self._insert(
                schema.cost,
                programme_id=self.programme_id, load_id=load_id, month=month, provider=provider, category=category,
                flow=flow, amount_gbp=amount,
            )  # fmt: skip

    def engagements(self, rows: Sequence[tuple[date, str | None, str, str, int]]) -> None:
        """Rows: (day, spot, provider, measure, count)."""
        load_id = self.load("engagements")
        for day, spot, provider, measure, count in rows:
            self._insert(
                schema.engagement,
                programme_id=self.programme_id, load_id=load_id, local_date=day,
                area_id=self.area_ids[spot] if spot else None, provider=provider, measure=measure, count=count,
            )  # fmt: skip

    def comparators(self, rows: Sequence[tuple[str, str, int]]) -> None:
        load_id = self.load("comparators")
        for place, month, crimes in rows:
            self._insert(
                schema.comparator,
                programme_id=self.programme_id, load_id=load_id, place=place, month=month, crimes=crimes,
            )  # fmt: skip

    def weights(self, edition: str = "2026", *, fallback: bool = False) -> None:
        ident = self._insert(
            schema.weight_set,
            programme_id=self.programme_id, load_id=self.load("weights"), index_name="CCHI", edition=edition,
            basis="Test weights", fallback=fallback,
        )  # fmt: skip
        self.conn.execute(
            schema.programme.update().where(schema.programme.c.id == self.programme_id).values(weight_set_id=ident)
        )

    def case_study(self, reference: str = "CS1", *, author: str = "ann@example.org", **changes: Any) -> None:
        text = {"title": "A title", "situation": "What was", "action": "What was done", "outcome": "What came"}
        text |= {k: v for k, v in changes.items() if k in text}
        sha = hashlib.sha256("\n".join(text.values()).encode()).hexdigest()
        values = {"status": "draft", "approvals": [], "theme": "Safety", "text_sha256": sha, **text, **changes}
        self._insert(
            schema.case_study,
            programme_id=self.programme_id, load_id=self.load("case-studies"), reference=reference, author=author,
            **values,
        )  # fmt: skip


def audit_events(engine: Engine) -> list[str]:
    with engine.connect() as conn:
        return list(conn.execute(select(schema.audit.c.event).order_by(schema.audit.c.id)).scalars())
