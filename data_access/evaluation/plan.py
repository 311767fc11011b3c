"""Analysis plans as registered: dated, hashed, never changed; and where the analysis has left them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import Connection, Engine, insert, select

from data_access import audit, schema
from data_access.engine import DATA, utc_now, writing
from data_access.evaluation.plan_file import PlanError, PlanFile, read_plan, settings_of
from data_access.evaluation.plan_now import as_run
from data_access.reading import CRIME_KINDS, UnknownProgramme, opened
from domain import formats
from domain.periods import Period
from domain.programme import Programme, parse_programme
from domain.roles import Permission
from domain.scope import Scope

PROSPECTIVE, RETROSPECTIVE = "prospective", "retrospective"
NOT_SAID = "not stated"
MOST_TEXT = 4000

_plan, _deviation, _load = schema.analysis_plan.c, schema.plan_deviation.c, schema.load.c


@dataclass(frozen=True)
class Plan:
    """``version``: 1 is the first registered. ``settings``: what it says, in words by label."""

    version: int
    file_name: str
    sha256: str
    text: str
    timing: str
    timing_reason: str
    registered_at: datetime  # UTC
    settings: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True)
class Difference:
    """A setting that is not as it was planned; ``found`` says where: now, or in a later version of the plan."""

    setting: str
    planned: str
    instead: str
    found: str


@dataclass(frozen=True)
class Recorded:
    version: int
    decided_on: date
    what: str
    reason: str


@dataclass(frozen=True)
class Deviations:
    """``now``: plan against what runs; ``revised``: each plan against the one before; ``recorded``: in people's words."""

    now: tuple[Difference, ...] = ()
    revised: tuple[Difference, ...] = ()
    recorded: tuple[Recorded, ...] = ()


# --- registering ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Registered:
    version: int
    sha256: str
    timing: str
    reason: str
    new: bool  # False: this very file was registered before, and its first date stands


def register(engine: Engine, code: str, content: bytes, *, file_name: str, actor: str) -> Registered:
    """Put a plan on record; PlanError with what is wrong with it, UnknownProgramme. The same bytes again change nothing."""
    found = read_plan(content)
    # The lock of loads: no crime can arrive between the look at what is loaded and the registration.
    with writing(engine, DATA).begin() as conn:
        programme_id, programme = _programme(conn, code)
        query = select(_plan.sha256, _plan.timing, _plan.timing_reason).where(_plan.programme_id == programme_id)
        held = conn.execute(query.order_by(_plan.id)).all()
        for version, row in enumerate(held, 1):
            if row.sha256 == found.sha256:
                return Registered(version, row.sha256, row.timing, row.timing_reason, False)
        timing, reason = _timing(conn, programme_id, programme, found)
        values = {
            "programme_id": programme_id, "file_name": file_name[:255], "sha256": found.sha256, "text": found.text,
            "document": found.document, "timing": timing, "timing_reason": reason[:300], "registered_at": utc_now(),
            "registered_by": actor[:120],
        }  # fmt: skip
        conn.execute(insert(schema.analysis_plan).values(**values))
        detail = {"file_name": values["file_name"], "sha256": found.sha256, "timing": timing}
        audit.record(conn, actor=actor, event="plan registered", detail=detail, programme_id=programme_id)
    return Registered(len(held) + 1, found.sha256, timing, reason, True)


def _timing(conn: Connection, programme_id: int, programme: Programme, found: PlanFile) -> tuple[str, str]:
    """Data of the later window seen before the plan make it retrospective, whichever of the two windows is meant."""
    spans = [found.during, *([programme.during.period] if programme.during else [])]
    span = Period(min(s.start for s in spans), max(s.end for s in spans))
    # Loads that were replaced since count too: whoever registers could have seen them.
    first = conn.execute(
        select(_load.file_name, _load.loaded_at)
        .where(_load.programme_id == programme_id, _load.kind.in_(CRIME_KINDS))
        .where(_load.period_to >= span.start, _load.period_from <= span.end)
        .order_by(_load.loaded_at, _load.id)
    ).first()
    words = f"the “during” window ({formats.period(span)})"
    if first is not None:
        when = formats.day(first.loaded_at.date())
        return (
            RETROSPECTIVE,
            f"Crimes of {words} were loaded on {when} ({first.file_name[:80]}), before it was registered.",
        )
    said = f"No crime of {words} was loaded when the plan was registered."
    if span.end < utc_now().date():
        said += " The window was over by then, so its crimes could have been seen elsewhere."
    return PROSPECTIVE, said


def record_deviation(engine: Engine, code: str, *, decided_on: date, what: str, reason: str, actor: str) -> None:
    """A deviation from the current plan in the words of who decided it; PlanError says what is missing."""
    said, why, problems = what.strip(), reason.strip(), []
    for name, text in (("what", said), ("reason", why)):
        if not text or len(text) > MOST_TEXT or "\x00" in text:
            problems.append(f"{name}: a text of at most {MOST_TEXT:,} characters is needed.")
    if decided_on > utc_now().date():
        problems.append(
            f"date: {formats.day(decided_on)} is still to come; a deviation is recorded once it is decided."
        )
    with writing(engine, DATA).begin() as conn:
        programme_id, _ = _programme(conn, code)
        newest = select(_plan.id, _plan.sha256).where(_plan.programme_id == programme_id).order_by(_plan.id.desc())
        held = conn.execute(newest).first()
        if held is None:
            problems.append(f"{code} has no analysis plan to deviate from; register one first.")
        if problems or held is None:
            raise PlanError(problems)
        values = {
            "plan_id": held.id, "decided_on": decided_on, "what": said, "reason": why, "recorded_at": utc_now(),
            "recorded_by": actor[:120],
        }  # fmt: skip
        conn.execute(insert(schema.plan_deviation).values(**values))
        detail = {"plan_sha256": held.sha256, "decided_on": decided_on.isoformat()}
        audit.record(conn, actor=actor, event="plan deviation recorded", detail=detail, programme_id=programme_id)


def _programme(conn: Connection, code: str) -> tuple[int, Programme]:
    p = schema.programme.c
    row = conn.execute(select(p.id, p.config).where(p.code == code)).first()
    if row is None:
        raise UnknownProgramme(f"No programme has the code “{code}”. Load its programme file first.")
    return row.id, parse_programme(row.config)


# --- reading ----------------------------------------------------------------------------------------------


def plans(scope: Scope, code: str) -> tuple[Plan, ...]:
    """Every version, oldest first."""
    with opened(scope, code, Permission.INSPECT_EVALUATION) as o:
        rows = o.conn.execute(
            select(schema.analysis_plan).where(_plan.programme_id == o.programme_id).order_by(_plan.id)
        ).all()
    return tuple(
        Plan(n, r.file_name, r.sha256, r.text, r.timing, r.timing_reason, r.registered_at, settings_of(r.document))
        for n, r in enumerate(rows, 1)
    )


def current_plan(scope: Scope, code: str) -> Plan | None:
    """The newest version; None where no plan is registered."""
    found = plans(scope, code)
    return found[-1] if found else None


def deviations(scope: Scope, code: str) -> Deviations:
    """Found by comparing the newest plan with what runs now, and versions with each other; and those recorded."""
    found = plans(scope, code)
    if not found:
        return Deviations()
    planned = found[-1].settings
    running = as_run(scope, code, planned)
    now = tuple(Difference(k, planned[k], v, "runs now") for k, v in running.items() if planned[k] != v)
    revised = tuple(
        Difference(k, old.settings.get(k, NOT_SAID), new.settings.get(k, NOT_SAID), f"plan {new.version}")
        for old, new in pairwise(found)
        for k in dict.fromkeys([*old.settings, *new.settings])
        if old.settings.get(k) != new.settings.get(k)
    )
    return Deviations(now, revised, _recorded(scope, code))


def _recorded(scope: Scope, code: str) -> tuple[Recorded, ...]:
    with opened(scope, code, Permission.INSPECT_EVALUATION) as o:
        query = select(_plan.id).where(_plan.programme_id == o.programme_id).order_by(_plan.id)
        ids = list(o.conn.execute(query).scalars())
        rows = o.conn.execute(
            select(_deviation.plan_id, _deviation.decided_on, _deviation.what, _deviation.reason)
            .where(_deviation.plan_id.in_(ids))
            .order_by(_deviation.decided_on, _deviation.id)
        ).all()
    return tuple(Recorded(ids.index(r.plan_id) + 1, r.decided_on, r.what, r.reason) for r in rows)
