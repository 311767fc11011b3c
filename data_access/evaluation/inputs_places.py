"""Other places by month: those loaded, areas of another programme that shares its months, and candidates."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import select

from analysis.evaluation.inputs import PLACES
from data_access import schema
from data_access.evaluation.inputs_months import months as months_of
from data_access.programmes import AsAt, data_as_at
from data_access.reading import Opened, UnknownProgramme, crimes_covered, opened
from data_access.schema_evaluation import CANDIDATE, COMPARATOR
from domain.evaluation_settings import TOGETHER, ComparatorAreas
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope

NO_PLACES = (
    "No comparison places are loaded. Load other places by month (kind comparators), or name another programme's "
    "areas in the settings (comparator_areas)."
)
NO_SUCH_PLACE = (
    "None of the comparators that the settings name is loaded. Correct the names under [evaluation], or load them."
)


@dataclass(frozen=True)
class Lender:
    """Another programme whose months are asked for; ``held`` is None where it gives none, and ``why`` says so."""

    asked: ComparatorAreas
    held: AsAt | None
    why: str = ""


def lenders(programme: Programme) -> tuple[Lender, ...]:
    """Who lends months to this programme. The consent is the lender's, so every viewer sees the same estimate."""
    return tuple(_lender(programme.code, asked) for asked in programme.evaluation.comparator_areas)


def _lender(code: str, asked: ComparatorAreas) -> Lender:
    try:
        with opened(_inside(asked.programme), asked.programme) as o:
            shared = o.programme.evaluation.shared_with
    except UnknownProgramme:
        return Lender(asked, None, f"The programme {asked.programme}, named as comparison, is not loaded.")
    if code not in shared:
        why = (
            f"The programme {asked.programme} does not share its months with this one "
            "(months_shared_with in its settings)."
        )
        return Lender(asked, None, why)
    return Lender(asked, data_as_at(_inside(asked.programme), asked.programme))


def _inside(code: str) -> Scope:
    """For counts by area and month that ``lenders`` found to be shared."""
    return Scope("evaluation", None, frozenset({code}), frozenset(Permission))


def places(o: Opened, months: pd.DataFrame, lent: tuple[Lender, ...]) -> tuple[pd.DataFrame, str]:
    """``PLACES``, and why there are no comparators where there are none."""
    loaded, wanted = _loaded(o), o.programme.evaluation.comparators
    comparators = loaded[loaded["role"] == COMPARATOR]
    chosen = comparators[comparators["place"].isin(wanted)] if wanted else comparators
    parts = [chosen, *(_lent(lender) for lender in lent if lender.held), _candidates(loaded, months, o.areas())]
    found = pd.concat([part for part in parts if len(part)] or [loaded.iloc[:0]], ignore_index=True)
    reasons = [lender.why for lender in lent if lender.why]
    if wanted and chosen.empty:
        reasons.insert(0, NO_SUCH_PLACE)
    return found[list(PLACES)].astype({"crimes": int}), " ".join(reasons) or NO_PLACES


def _loaded(o: Opened) -> pd.DataFrame:
    c = schema.comparator.c
    return o.frame(
        select(c.place, c.role, c.month, c.crimes)
        .where(c.programme_id == o.programme_id)
        .order_by(c.role.desc(), c.place, c.month)
    )


def _lent(lender: Lender) -> pd.DataFrame:
    with opened(_inside(lender.asked.programme), lender.asked.programme) as o:
        areas, name = o.areas(), o.programme.area_name
        frame = months_of(o, areas, crimes_covered(o))
    if lender.asked.counted == TOGETHER:
        frame = frame.groupby("month", as_index=False)["crimes"].sum().assign(place=name)
    else:
        names = dict(zip(areas["code"], areas["name"], strict=True))
        frame = frame.assign(place=[f"{names[code]}, {name}" for code in frame["hot_spot"]])
    return frame.assign(role=COMPARATOR)[list(PLACES)]


def _candidates(loaded: pd.DataFrame, months: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Candidates with the chosen hot spots among them, by code and from the crimes; a file may name those too."""
    known = {*areas["code"], *areas["name"]}
    others = loaded[(loaded["role"] == CANDIDATE) & ~loaded["place"].isin(known)]
    if others.empty:
        return others
    own = months.rename(columns={"hot_spot": "place"}).assign(role=CANDIDATE)
    return pd.concat([others, own[list(PLACES)]], ignore_index=True)
