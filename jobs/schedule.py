"""Who is told when about a month's return: that its draft is there, and that it is due soon.

Only the month before today's is ever told of: after a long standstill nobody gets a pile of old reminders.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from urllib.parse import urlencode

from access.demo_accounts import DOMAIN
from data_access import notices
from data_access.accounts import Account, list_accounts
from data_access.mail_outbox import Mail
from data_access.programmes import get_programme, list_programmes
from domain import formats
from domain.jobs import SCHEDULE
from domain.periods import LONDON, month_end, parse_month
from domain.programme import Programme
from domain.roles import Role
from domain.scope import Scope, server_scope
from jobs.apart import Apart
from jobs.drafts import Draft, draft_of, last_month
from jobs.mail import NOT_SET, one_line
from reports.contents import returnable_months
from reports.source import due_date
from settings import MailSettings, load_settings

DRAFT, BUILT, FAILED = "draft", "draft built", "draft failed"
IsSubmitted = Callable[[str, str], bool]  # programme code, month
DraftOf = Callable[[str, str], Draft]


@dataclass(frozen=True)
class Notice:
    kind: str  # draft | draft built | draft failed | reminder N
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
    draft: DraftOf = lambda *_: Draft.OPEN,
) -> list[Notice]:
    """What is to be told today: one notice a programme at most, the most urgent.

    ``months`` are those that a return can be made for, by programme code; ``sent`` the keys of what was told before. Of
    reminders that a standstill swallowed only the latest comes, and none after the return was due. What became of a draft
    that the worker built is told whenever it is known.
    """
    month, found = last_month(today), []
    for programme in programmes:
        if month not in months.get(programme.code, ()):
            continue
        told = {kind for code, of, kind in sent if (code, of) == (programme.code, month)}
        notice = _notice(today, programme, month, told, draft_day, reminder_days, draft)
        if notice and not submitted(programme.code, month):
            found.append(notice)
    return found


def _notice(
    today: date,
    programme: Programme,
    month: str,
    told: Collection[str],
    draft_day: int,
    reminder_days: Sequence[int],
    draft: DraftOf,
) -> Notice | None:
    due = due_date(programme, month)
    reached = [days for days in reminder_days if due and due - timedelta(days=days) <= today <= due]
    if reached and (latest := f"reminder {min(reached)}") not in told:
        return Notice(latest, programme.code, month, due)
    if today.day < draft_day:
        return None
    stands = draft(programme.code, month)
    in_time = due is None or today <= due
    wanted = {Draft.BUILT: BUILT not in told, Draft.FAILED: FAILED not in told, Draft.OPEN: in_time and not told}
    kinds = {Draft.BUILT: BUILT, Draft.FAILED: FAILED, Draft.OPEN: DRAFT}
    return Notice(kinds[stands], programme.code, month, due) if wanted.get(stands) else None


_DRAFT_WORDS = {
    DRAFT: ("can be opened", "Check its figures and write its texts."),
    BUILT: ("has been built", "Its page has the PDF and what the checks say. Look at both and write the texts."),
    FAILED: ("could not be built", "Its page says why. Once that is mended, the PDF can be made there."),
}


def address(portal_address: str, programme: str, month: str) -> str:
    """Of the page on which the return is opened."""
    return f"{portal_address}/returns?{urlencode({'programme': programme, 'month': month})}"


def write_notices(is_submitted: IsSubmitted, today: date | None = None) -> list[str]:
    """Put what is due today into the outbox; sentences about what was done, and about what could not be.

    SomeFailed, after all, where some failed.
    """
    settings, today = load_settings().mail, today or datetime.now(LONDON).date()
    scope, apart, said = server_scope(SCHEDULE), Apart(), []
    sent = notices.written(scope)
    for one in list_programmes(scope):
        with apart.one(f"Telling of the return of {one.code}"):
            programme = get_programme(scope, one.code)
            for notice in _due(scope, today, programme, is_submitted, sent, settings):
                said.append(_write(scope, notice, today, programme, settings))
    return apart.said([line for line in said if line])


def _due(
    scope: Scope,
    today: date,
    programme: Programme,
    is_submitted: IsSubmitted,
    sent: Collection[tuple[str, str, str]],
    settings: MailSettings,
) -> list[Notice]:
    last = last_month(today)
    options = {
        "draft_day": settings.draft_day,
        "reminder_days": settings.reminder_days,
        "draft": partial(draft_of, scope),
    }
    # Whether a month is held takes a while to find out, so it is asked only of programmes that something is due for.
    perhaps = due_notices(today, [programme], {programme.code: (last,)}, is_submitted, sent, **options)
    months = {notice.programme: returnable_months(scope, notice.programme) for notice in perhaps}
    return due_notices(today, [programme], months, is_submitted, sent, **options)


def _write(scope: Scope, notice: Notice, today: date, programme: Programme, settings: MailSettings) -> str:
    what = f"The {notice.kind} notice of {programme.code} for {formats.month(notice.month)}"
    if not settings.host:
        return f"{what} is due. {NOT_SET}"
    people = [account.email for account in people_of(scope, programme.code) if account.role is Role.MANAGER]
    if not people:
        return f"{what} has nobody to go to: no active account manages the programme."
    mails = [mail_of(notice, today, programme, to, settings) for to in people]
    if notices.write(scope, notice.programme, notice.month, notice.kind, notice.due, mails):
        return f"{what} goes to {len(mails)} {'person' if len(mails) == 1 else 'people'}."
    return ""


def people_of(scope: Scope, code: str) -> list[Account]:
    """Active accounts of the programme that e-mail reaches; demonstration accounts have no letter box."""
    return [
        account
        for account in list_accounts(scope)
        if account.active and code in account.programmes and not account.email.endswith(f"@{DOMAIN}")
    ]


def mail_of(notice: Notice, today: date, programme: Programme, to: str, settings: MailSettings) -> Mail:
    """The e-mail of a notice: programme, month, what is asked, by when, and a link. No data."""
    name, month = one_line(programme.name), f"{parse_month(notice.month):%B %Y}"
    if notice.kind in _DRAFT_WORDS:
        what, then = _DRAFT_WORDS[notice.kind]
        subject = f"Monthly return of {name}, {month}: the draft {what}"
        asked = f"The draft of the monthly return of {name} for {month} {what}.\n{then}"
    else:
        due = long_day(notice.due) if notice.due else ""
        subject = f"Monthly return of {name}, {month}: due on {due}"
        asked = f"The monthly return of {name} for {month} is due on {due} and has not been submitted."
    body = (
        f"{asked}\n\n{due_line(notice.due, today)}"
        + f"Open it: {address(settings.portal_address, notice.programme, notice.month)}\n\n"
        "You get this because your account manages this programme. This e-mail holds no data; sign in to see it.\n"
    )
    return Mail(to, subject, body, _not_after(notice, today))


def long_day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def due_line(due: date | None, today: date) -> str:
    if due is None:
        return ""
    return f"{'Due' if today <= due else 'It was due'}: {long_day(due)}\n"


def _not_after(notice: Notice, today: date) -> datetime:
    """The end of the day it is due, or of this month: afterwards it would mislead."""
    last = notice.due if notice.due and today <= notice.due else month_end(today.replace(day=1))
    return datetime.combine(last + timedelta(days=1), time())
