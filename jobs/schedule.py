"""Who is told when about a month's return: that its draft can be opened, and that it is due soon.

Only the month before today's is ever told of: after a long standstill nobody gets a pile of old reminders.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from access.demo_accounts import DOMAIN
from data_access import notices
from data_access.accounts import list_accounts
from data_access.mail_outbox import Mail
from data_access.programmes import get_programme, list_programmes
from domain import formats
from domain.periods import LONDON, add_months, month_end, month_of, parse_month
from domain.programme import Programme
from domain.roles import Role
from domain.scope import Scope, server_scope
from jobs.mail import NOT_SET, one_line
from reports.contents import returnable_months
from reports.source import due_date
from settings import MailSettings, load_settings

DRAFT = "draft"
ACTOR = "schedule"
IsSubmitted = Callable[[str, str], bool]  # programme code, month


@dataclass(frozen=True)
class Notice:
    kind: str  # draft | reminder N
    programme: str
    month: str
    due: date | None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.programme, self.month, self.kind


def due_notices(
    today: date,
    programmes: Sequence[Programme],
    months: Mapping[str, Collection[str]],
    submitted: IsSubmitted,
    sent: Collection[tuple[str, str, str]],
    *,
    draft_day: int = 3,
    reminder_days: Sequence[int] = (7, 2),
) -> list[Notice]:
    """What is to be told today: one notice a programme at most, the most urgent.

    ``months`` are those that a return can be made for, by programme code; ``sent`` the keys of what was told before. Of
    reminders that a standstill swallowed only the latest comes, and none after the return was due.
    """
    month = month_of(add_months(today.replace(day=1), -1))
    found = []
    for programme in programmes:
        if month not in months.get(programme.code, ()):
            continue
        notice = _notice(today, programme, month, sent, draft_day, reminder_days)
        if notice and not submitted(programme.code, month):
            found.append(notice)
    return found


def _notice(
    today: date,
    programme: Programme,
    month: str,
    sent: Collection[tuple[str, str, str]],
    draft_day: int,
    reminder_days: Sequence[int],
) -> Notice | None:
    due = due_date(programme, month)
    reached = [days for days in reminder_days if due and due - timedelta(days=days) <= today <= due]
    told = {kind for code, of, kind in sent if (code, of) == (programme.code, month)}
    if reached:
        latest = f"reminder {min(reached)}"
        return None if latest in told else Notice(latest, programme.code, month, due)
    if today.day >= draft_day and not told and (due is None or today <= due):
        return Notice(DRAFT, programme.code, month, due)
    return None


def address(portal_address: str, programme: str, month: str) -> str:
    """Of the page on which the return is opened."""
    return f"{portal_address}/returns?{urlencode({'programme': programme, 'month': month})}"


def write_notices(is_submitted: IsSubmitted, today: date | None = None) -> list[str]:
    """Put what is due today into the outbox; sentences about what was done, and about what could not be."""
    settings, today = load_settings().mail, today or datetime.now(LONDON).date()
    scope = server_scope(ACTOR)
    programmes = [get_programme(scope, one.code) for one in list_programmes(scope)]
    return [
        said
        for notice in _due(scope, today, programmes, is_submitted, settings)
        if (said := _write(scope, notice, today, next(p for p in programmes if p.code == notice.programme), settings))
    ]


def _due(
    scope: Scope, today: date, programmes: Sequence[Programme], is_submitted: IsSubmitted, settings: MailSettings
) -> list[Notice]:
    last = month_of(add_months(today.replace(day=1), -1))
    options = {"draft_day": settings.draft_day, "reminder_days": settings.reminder_days}
    sent = notices.written(scope)
    # Whether a month is held takes a while to find out, so it is asked only of programmes that something is due for.
    perhaps = due_notices(today, programmes, {p.code: (last,) for p in programmes}, is_submitted, sent, **options)
    months = {notice.programme: returnable_months(scope, notice.programme) for notice in perhaps}
    return due_notices(today, programmes, months, is_submitted, sent, **options)


def _write(scope: Scope, notice: Notice, today: date, programme: Programme, settings: MailSettings) -> str:
    what = f"The {notice.kind} notice of {programme.code} for {formats.month(notice.month)}"
    if not settings.host:
        return f"{what} is due. {NOT_SET}"
    people = _managers(scope, programme.code)
    if not people:
        return f"{what} has nobody to go to: no active account manages the programme."
    mails = [mail_of(notice, today, programme, to, settings) for to in people]
    if notices.write(scope, notice.programme, notice.month, notice.kind, notice.due, mails):
        return f"{what} goes to {len(mails)} {'person' if len(mails) == 1 else 'people'}."
    return ""


def _managers(scope: Scope, code: str) -> list[str]:
    """Addresses of active managers of the programme; demonstration accounts have no letter box."""
    return [
        account.email
        for account in list_accounts(scope)
        if account.active
        and account.role is Role.MANAGER
        and code in account.programmes
        and not account.email.endswith(f"@{DOMAIN}")
    ]


def mail_of(notice: Notice, today: date, programme: Programme, to: str, settings: MailSettings) -> Mail:
    """The e-mail of a notice: programme, month, what is asked, by when, and a link. No data."""
    name, month = one_line(programme.name), f"{parse_month(notice.month):%B %Y}"
    due = f"{notice.due.day} {notice.due:%B %Y}" if notice.due else ""
    if notice.kind == DRAFT:
        subject = f"Monthly return of {name}, {month}: the draft can be opened"
        asked = f"The draft of the monthly return of {name} for {month} can be opened.\nCheck its figures and write its texts."
    else:
        subject = f"Monthly return of {name}, {month}: due on {due}"
        asked = f"The monthly return of {name} for {month} is due on {due} and has not been submitted."
    body = (
        f"{asked}\n\n"
        + (f"Due: {due}\n" if due else "")
        + f"Open it: {address(settings.portal_address, notice.programme, notice.month)}\n\n"
        "You get this because your account manages this programme. This e-mail holds no data; sign in to see it.\n"
    )
    return Mail(to, subject, body, _not_after(notice, today))


def _not_after(notice: Notice, today: date) -> datetime:
    """The end of the day it is due, or of this month: afterwards it would mislead."""
    return datetime.combine((notice.due or month_end(today.replace(day=1))) + timedelta(days=1), time())
