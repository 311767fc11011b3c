"""E-mails by SMTP: plain text, a link and never data."""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from data_access import mail_outbox
from data_access.engine import utc_now
from data_access.mail_outbox import Mail
from settings import MailSettings, load_settings

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 20
NOT_SET = "SMTP_HOST is not set, so no e-mail is sent."
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailError(ValueError):
    """An e-mail cannot be written or sent as it is; the message says why."""


def one_line(text: str) -> str:
    """Without line breaks and control characters: nothing that a name holds may begin a header of its own."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def compose(mail: Mail, settings: MailSettings) -> EmailMessage:
    """The message, with every header in its right form; MailError for an address that is none."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(settings.sender)
    message["To"] = _address(mail.to)
    created = (mail.created_at or utc_now()).replace(tzinfo=UTC)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = created
    # The same on every try: a server that took it although we did not learn of it can tell the two are one.
    message["Message-ID"] = f"<portal-{mail.id}-{created:%Y%m%d%H%M%S%f}@{settings.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence notes do not answer it
    message.set_content(mail.body, cte="quoted-printable")
    return message


def _address(text: str) -> Address:
    """One person's; quotes, lists and other alphabets are more than accounts need and than every server takes."""
    if not _PLAIN_ADDRESS.fullmatch(text):
        raise MailError(f"“{one_line(text)}” is not an address that e-mail can be sent to.")
    try:
        return Address(addr_spec=text)
    except (MessageError, ValueError) as problem:
        raise MailError(f"“{text}” is not an address that e-mail can be sent to.") from problem


@contextmanager
def _connected(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    if settings.user and not settings.starttls and settings.host not in _LOOPBACK:
        raise MailError("SMTP_USER is set without SMTP_STARTTLS=1: the password would travel in the clear.")
    with smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_SECONDS) as server:
        if settings.starttls:
            server.starttls(context=ssl.create_default_context())
        if settings.user:
            server.login(settings.user, settings.password)
        yield server


def send_waiting(now: datetime | None = None) -> str:
    """Send what waits in the outbox; a sentence when something needs to be said, else ""."""
    settings, now = load_settings().mail, now or utc_now()
    waiting = mail_outbox.due(now)
    if not waiting:
        return ""
    if not settings.host:
        return f"{NOT_SET} Waiting in the outbox: {len(waiting)}."
    try:
        with _connected(settings) as server:
            problems = [problem for mail_id in waiting if (problem := _send(server, mail_id, settings, now))]
    except (OSError, smtplib.SMTPException, MailError) as problem:
        problems = [_note(mail_id, problem, now) for mail_id in waiting]
    return problems[0] if problems else ""


def _send(server: smtplib.SMTP, mail_id: int, settings: MailSettings, now: datetime) -> str:
    mail = mail_outbox.take(mail_id, now)
    if mail is None:
        return ""
    try:
        server.send_message(compose(mail, settings))
    except (OSError, smtplib.SMTPException, MailError, UnicodeError) as problem:
        return _failed(mail_id, problem)
    mail_outbox.sent(mail_id)
    return ""


def _note(mail_id: int, problem: Exception, now: datetime) -> str:
    """The server could not be reached: counted as a try of each that waits."""
    return _failed(mail_id, problem) if mail_outbox.take(mail_id, now) else ""


def _failed(mail_id: int, problem: Exception) -> str:
    said = one_line(str(problem) or type(problem).__name__)
    mail_outbox.failed(mail_id, said, for_good=_is_for_good(problem))
    log.warning("E-mail %d could not be sent: %s", mail_id, said)
    return f"An e-mail could not be sent: {said}"


def _is_for_good(problem: Exception) -> bool:
    """The server refused this very e-mail for ever (5xx), or it cannot be written. Trouble with signing in may pass."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _said in problem.recipients.values())
    if isinstance(problem, smtplib.SMTPDataError):
        return problem.smtp_code >= 500
    return isinstance(problem, MailError | UnicodeError)
