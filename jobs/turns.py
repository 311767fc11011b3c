"""Whose turn it is: whoever may take a return's next step is told once of it, soon after the step before.

Who may is what the register itself asks when the step is taken (``Version.may``): nobody is told of their own work.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data_access import notices
from data_access.accounts import Account
from data_access.engine import utc_now
from data_access.mail_outbox import Mail
from data_access.programmes import get_programme, list_programmes
from data_access.returns import versions
from data_access.returns.versions import Step, Version, actor_of
from domain import formats
from domain.jobs import SCHEDULE
from domain.periods import parse_month
from domain.programme import Programme
from domain.return_states import SIGNED, Action
from domain.scope import Scope, scope_for, server_scope
from jobs.apart import Apart
from jobs.mail import one_line
from jobs.schedule import address, due_line, people_of
from reports.source import due_date
from settings import MailSettings, load_settings

TOLD_WITHIN = timedelta(days=7)  # of the step before: after a standstill nobody gets a pile of old e-mails
_ASKED = {
    Action.EDIT: "change it",
    Action.APPROVE: "approve it",
    Action.CERTIFY: "certify it",
    Action.SUBMIT: "submit it",
}
_SINCE = {
    Action.SEND_BACK: "sent back",
    Action.CHECK: "checked",
    Action.APPROVE: "approved",
    Action.CERTIFY: "certified",
}


@dataclass(frozen=True)
class Turn:
    """A return that waits for somebody's step since ``last`` was taken."""

    programme: Programme
    version: Version
    action: Action
    last: Step

    @property
    def kind(self) -> str:
        return f"turn {self.action.value} r{self.version.revision}"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.programme.code, self.version.month, self.kind


def turn_of(version: Version, programme: Programme) -> Turn | None:
    """None for what waits for nobody else: a draft that its authors are at, and what was submitted."""
    last = version.steps[-1] if version.steps else None
    if last is None:
        return None
    if last.action is Action.SEND_BACK:
        return Turn(programme, version, Action.EDIT, last)
    coming = version.coming(programme) if version.state in SIGNED else None
    return Turn(programme, version, coming, last) if coming else None


def whose(turn: Turn, accounts: Sequence[Account]) -> list[Account]:
    """Those who may take the step, without whoever took the last: they know."""
    found = [(scope_for(a.email, a.role, frozenset(a.programmes)), a) for a in accounts]
    return [
        account
        for scope, account in found
        if scope.sees(turn.programme.code)
        and actor_of(scope) != turn.last.actor
        and turn.version.may(turn.action, scope, turn.programme)
    ]


def write_turns(now: datetime | None = None) -> list[str]:
    """Put what is to be told into the outbox; a sentence about each. SomeFailed, after all, where some failed.

    Without a mail host nobody is told, and nothing noted.
    """
    settings, now = load_settings().mail, now or utc_now()
    if not settings.host:
        return []
    scope, apart, said = server_scope(SCHEDULE), Apart(), []
    told = notices.written(scope)
    for one in list_programmes(scope):
        with apart.one(f"Finding whose turn it is in {one.code}"):
            programme = get_programme(scope, one.code)
            for month, version in versions.newest_by_month(scope, one.code).items():
                with apart.one(f"Telling whose turn it is with the return of {one.code} for {month}"):
                    turn = _turn(version, programme, told, now)
                    said += [_write(scope, turn, now, settings)] if turn else []
    return apart.said(said)


def _turn(version: Version, programme: Programme, told: Collection[tuple[str, str, str]], now: datetime) -> Turn | None:
    """None as well for what was told, and for what came too long ago."""
    turn = turn_of(version, programme)
    return turn if turn and turn.key not in told and now - turn.last.at <= TOLD_WITHIN else None


def _write(scope: Scope, turn: Turn, now: datetime, settings: MailSettings) -> str:
    code, month = turn.programme.code, turn.version.month
    what = f"That the return of {code} for {formats.month(month)} waits for somebody to {_ASKED[turn.action]}"
    people = whose(turn, people_of(scope, code))
    if not people:
        return f"{what} cannot be told: no active account with a letter box may do it."
    mails = [mail_of(turn, now, account.email, settings) for account in people]
    notices.write(scope, code, month, turn.kind, due_date(turn.programme, month), mails, turn.version.revision)
    return f"{what} goes to {len(mails)} {'person' if len(mails) == 1 else 'people'}."


def mail_of(turn: Turn, now: datetime, to: str, settings: MailSettings) -> Mail:
    """Programme, month, which step, since when, by when, and a link. Neither data nor what anybody wrote."""
    programme, version = turn.programme, turn.version
    name, month = one_line(programme.name), f"{parse_month(version.month):%B %Y}"
    name_of_return = f"Return {programme.code}-{version.month}, revision {version.revision}"
    subject = f"{name_of_return}: it is your turn to {_ASKED[turn.action]}"
    body = (
        f"The monthly return of {name} for {month} was {_SINCE[turn.last.action]} on {formats.local_time(turn.last.at)}.\n"
        f"It waits for you, or for another who may, to {_ASKED[turn.action]}.\n\n"
        f"{due_line(due_date(programme, version.month), formats.local_date(now))}"
        f"Open it: {address(settings.portal_address, programme.code, version.month)}\n\n"
        "You get this because your account may take this step. This e-mail holds no data; sign in to see it.\n"
    )
    return Mail(to, subject, body, now + TOLD_WITHIN)
