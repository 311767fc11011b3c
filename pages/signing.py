"""``POST /returns/act``: the binding steps of a return. A form of its own, so that it works with nothing but a keyboard."""

from __future__ import annotations

from flask import Flask, flash, redirect, request
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response

from access.requires import log_problem, route_requires
from access.viewer import current_programme, current_scope
from data_access.reading import UnknownProgramme
from data_access.returns import signing
from data_access.returns.changing import StaleVersion
from data_access.returns.narrative import TextRefused
from data_access.returns.signing import NotTheSealedFile
from data_access.returns.versions import Damaged, NoSuchVersion, Version
from domain import formats
from domain.return_states import STATE_WORDS, Action, NotNow
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from reports.charts import ChartError
from reports.contents import MonthNotHeld
from reports.pdf import PdfError
from reports.sealing.keys import SealKeyError
from reports.sealing.seal import SealError
from reports.signing import REGISTER, NotReady, sign

REFUSED = (
    StaleVersion, TextRefused, NotNow, NotReady, OutOfScope, NoSuchVersion, MonthNotHeld, UnknownProgramme, SealKeyError,
)  # fmt: skip
BROKEN = (PdfError, ChartError, SealError, NotTheSealedFile, Damaged, OSError, MemoryError, DBAPIError)
WITH_REASON = {
    Action.SEND_BACK: signing.send_back, Action.CORRECT: signing.open_correction, Action.DROP: signing.drop_correction,
}  # fmt: skip
SIGNING = frozenset({Action.CHECK, *REGISTER})
SURE = SIGNING | {Action.DROP}


def register(server: Flask) -> None:
    @server.post("/returns/act")
    @route_requires(Permission.VIEW_RETURNS)
    def act() -> Response:
        """Each action has its own, stricter permission, checked where it is written."""
        given = request.form
        code, month = current_programme({"programme": given.get("programme", "")}), given.get("month", "")
        try:
            made = _act(current_scope(), code, month)
        except REFUSED as reason:
            flash(f"Nothing was changed. {reason}{_typed(given.get('reason', ''))}", "problem")
        except ValueError:
            flash("Nothing was changed. The form was not complete; reload the page and try again.", "problem")
        except BROKEN as problem:
            reference = log_problem("signing")
            flash(f"Nothing was changed. {_why(problem)} Report this with the reference {reference}.", "problem")
        else:
            flash(_said(made), "done")
        return redirect(f"/returns?programme={code}&month={month[:7]}")


def _act(scope: Scope, code: str, month: str) -> Version:
    given = request.form
    action, revision, reason = Action(given.get("action", "")), int(given.get("revision", "")), given.get("reason", "")
    if action in SURE and given.get("sure") != "on":
        raise NotReady("Tick the box above the button to say that you are sure.")
    if action in WITH_REASON:
        return WITH_REASON[action](scope, code, month, revision, reason)
    if action not in SIGNING:
        raise ValueError(action)
    return sign(scope, code, month, action, revision, given.get("seen", ""))


def _typed(reason: str) -> str:
    """The words of a refused form come back with the refusal; the page that follows has an empty one."""
    words = " ".join(reason.split())
    return f" You wrote: “{words[:1500]}”" if words else ""


def _why(problem: Exception) -> str:
    if isinstance(problem, OSError | MemoryError):
        return "The server has no room left to do it: its disk or memory is full."
    if isinstance(problem, Damaged):
        return str(problem)
    if isinstance(problem, DBAPIError):
        return "The database did not take it."
    return "The file could not be made and sealed."


def _said(version: Version) -> str:
    last = version.steps[-1].action
    if last is Action.CORRECT:
        return f"Version {version.number} is open as a draft. Version {version.corrects} stands until this one is submitted."
    if last is Action.DROP:
        return f"Version {version.number} was dropped. Version {version.corrects} stands, as it was submitted."
    if last is Action.SEND_BACK:
        return f"The return of {formats.month(version.month)} is a draft again."
    sealed = " Its file is sealed." if version.pdf_sha256 else ""
    return f"{STATE_WORDS[version.state]}: the return of {formats.month(version.month)}.{sealed}"
