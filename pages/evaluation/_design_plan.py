"""Blocks of Design and claim: the analysis plan beside what runs now, where the analysis left it, what was tried."""

from __future__ import annotations

from functools import partial

import pandas as pd

from components.block import Block
from components.columns import count, text
from components.view import View
from data_access.evaluation.plan import RETROSPECTIVE, current_plan, deviations, plans
from data_access.evaluation.plan_now import as_run
from data_access.evaluation.tried import tried_count
from domain import formats
from domain.roles import Permission

Inspect = partial(
    Block,
    permission=Permission.INSPECT_EVALUATION,
    source=lambda view: "Source: the portal's own register, which nobody changes afterwards.",
)
NOT_COMPARED = "for people to keep; not compared"
NO_PLAN = (
    "No analysis plan is registered for this programme, so every choice here may have been made after seeing the data.",
    "A manager registers one on the server: flask --app app evaluation-plan register.",
)


def _plan(view: View) -> pd.DataFrame:
    found = current_plan(view.scope, view.programme.code)
    rows = []
    if found:
        now = as_run(view.scope, view.programme.code, found.settings)
        for label, said in found.settings.items():
            runs = now.get(label, NOT_COMPARED)
            same = "–" if label not in now else "yes" if runs == said else "no"
            rows.append((label, said, runs, same))
    return pd.DataFrame(rows, columns=["setting", "planned", "now", "same"])


def _plan_sentence(frame: pd.DataFrame, view: View) -> str:
    held = plans(view.scope, view.programme.code)
    newest = held[-1]
    version = f"Plan {newest.version} of {len(held)}" if len(held) > 1 else "The plan"
    late = (
        " It could be written knowing the results, so it does not protect against choosing among them."
        if newest.timing == RETROSPECTIVE
        else ""
    )
    registered = formats.day(newest.registered_at.date())
    return f"{version} was registered on {registered} and is {newest.timing}. {newest.timing_reason}{late}"


def _plan_caption(view: View) -> str:
    found = current_plan(view.scope, view.programme.code)
    return f"{found.file_name}, SHA-256 {found.sha256}." if found else ""


PLAN = Inspect(
    id="evaluation-plan",
    title="The analysis plan",
    frame=_plan,
    sentence=_plan_sentence,
    caption=_plan_caption,
    columns=lambda view: [text("setting", "Setting"), text("planned", "Planned"), text("now", "Runs now"), text("same", "Same")],
    if_empty=lambda view: NO_PLAN,
    table_open=True,
    why="A choice made before the data were seen cannot have been made because of what they show.",
    misleads=(
        "Prospective means that the portal held no crime of the later window when the plan was registered; whoever wrote "
        "it may have seen the crimes elsewhere."
    ),
)  # fmt: skip


def _deviations(view: View) -> pd.DataFrame:
    found = deviations(view.scope, view.programme.code)
    rows = [(one.found, one.setting, one.planned, one.instead) for one in (*found.now, *found.revised)]
    rows += [
        (f"recorded {formats.day(one.decided_on)}, plan {one.version}", one.what, "–", one.reason)
        for one in found.recorded
    ]
    return pd.DataFrame(rows, columns=["found", "what", "planned", "instead"])


def _deviations_sentence(frame: pd.DataFrame, view: View) -> str:
    found = deviations(view.scope, view.programme.code)
    return (
        f"{_many(len(found.now), 'setting')} not as planned now, {_many(len(found.revised), 'change')} between versions of "
        f"the plan, {_many(len(found.recorded), 'deviation')} recorded in words."
    )


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _no_deviations(view: View) -> tuple[str, str]:
    if current_plan(view.scope, view.programme.code) is None:
        return NO_PLAN
    return (
        "What runs now is as planned in every setting that can be compared, and no deviation is recorded.",
        "A manager records one, with its reason, on the server: flask --app app evaluation-plan deviation.",
    )


DEVIATIONS = Inspect(
    id="evaluation-plan-deviations",
    title="Deviations from the plan",
    frame=_deviations,
    sentence=_deviations_sentence,
    caption=lambda view: (
        "The portal finds differences by itself; people add those it cannot see, with date and reason."
    ),
    columns=lambda view: [
        text("found", "Found"),
        text("what", "What"),
        text("planned", "Planned"),
        text("instead", "Instead, or the reason"),
    ],
    if_empty=_no_deviations,
    table_open=True,
    why="A deviation can be right and still has to be known: a reader judges it by its date and reason.",
    misleads="Only settings that the plan states can be compared. A plan that says little has few deviations.",
)


def _tried(view: View) -> pd.DataFrame:
    return tried_count(view.scope, view.programme.code).by_section


TRIED = Inspect(
    id="evaluation-tried",
    title="How many analyses were tried",
    frame=_tried,
    sentence=lambda frame, view: tried_count(view.scope, view.programme.code).sentence(),
    caption=lambda view: "Each different choice of settings is counted once a version of the data, whoever looked.",
    columns=lambda view: [
        text("section", "Question"),
        count("settings", "Different settings"),
        count("analyses", "Analyses"),
    ],
    if_empty=lambda view: ("No analysis has been counted yet.", "Open a page with estimates; it is counted then."),
    table_open=True,
    why="Among many analyses some look striking by chance; how many there were is part of how to read the best of them.",
    misleads=(
        "It counts what ran in the portal. What someone tried in a spreadsheet, or before this was counted, is not in it."
    ),
)
