"""E-mail by a real SMTP server on this computer: what arrives is what was meant, for whom it was meant, once."""

from __future__ import annotations

import email
import ssl
from datetime import UTC, date, datetime, timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from data_access import mail_outbox, schema
from data_access.engine import get_engine, utc_now
from data_access.mail_outbox import OVERTAKEN, Mail
from data_access.returns import narrative
from domain.scope import server_scope
from jobs.mail import MailError, compose, send_waiting
from jobs.schedule import write_notices
from settings import MailSettings, SettingsError, load_settings
from tests.jobs.conftest import LetterBox, free_port, scope_of

TO = "mary@test.example.org"
SENDER = MailSettings(sender="portal@test.example.org", portal_address="https://portal.example.org")
LATER = timedelta(minutes=5)


def put(to: str = TO, subject: str = "Return", body: str = "Open it.\n", for_days: int = 3) -> None:
    with get_engine().begin() as conn:
        mail_outbox.put(conn, Mail(to, subject, body, utc_now() + timedelta(days=for_days)))


def unsent() -> list[Mail]:
    return mail_outbox.unsent(server_scope())


def test_what_is_sent_arrives_once_with_proper_headers(box: LetterBox) -> None:
    put(subject="Return of Test city – May", body="One\n.\n..two dots\n\n.end – £\n")
    assert send_waiting() == ""
    assert send_waiting() == ""
    (message,) = box.messages
    (envelope,) = box.held
    assert (envelope.mail_from, envelope.rcpt_tos) == ("portal@test.example.org", [TO])
    assert message["Subject"] == "Return of Test city – May"
    assert message["From"] == "portal@test.example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@test.example.org>")
    assert abs(message["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == "One\n.\n..two dots\n\n.end – £\n"
    assert unsent() == []


def test_without_a_server_set_nothing_is_sent_and_that_is_said(data_dir: Path) -> None:
    put()
    assert send_waiting() == "SMTP_HOST is not set, so no e-mail is sent. Waiting in the outbox: 1."
    assert [mail.attempts for mail in unsent()] == [0]


def test_a_server_that_is_away_is_noted_and_tried_again_ever_later(box: LetterBox, monkeypatch: Any) -> None:
    there = load_settings().mail.port
    put()
    monkeypatch.setenv("SMTP_PORT", "1")
    now = utc_now()
    assert "could not be sent" in send_waiting(now)
    assert "refused" in unsent()[0].last_error
    assert send_waiting(now + timedelta(minutes=1)) == ""  # not yet
    send_waiting(now + timedelta(minutes=2))
    assert unsent()[0].attempts == 2
    monkeypatch.setenv("SMTP_PORT", str(there))
    assert send_waiting(now + timedelta(minutes=3)) == ""
    assert len(unsent()) == 1
    assert send_waiting(now + timedelta(minutes=6)) == ""
    assert len(box.messages) == 1


@pytest.mark.parametrize(("answer", "tries"), [("450 Try later", 2), ("550 No such person", 1)])
def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(box: LetterBox, answer: str, tries: int) -> None:
    put()
    box.answer = answer
    now = utc_now()
    send_waiting(now)
    send_waiting(now + LATER)
    (mail,) = unsent()
    assert mail.attempts == tries
    assert answer[4:] in mail.last_error


def test_one_bad_address_does_not_keep_the_others_waiting(box: LetterBox) -> None:
    put(to="a,b@test.example.org")
    put(to="omar@test.example.org")
    assert "is not an address" in send_waiting()
    assert [envelope.rcpt_tos for envelope in box.held] == [["omar@test.example.org"]]
    assert send_waiting(utc_now() + LATER) == ""  # given up


def test_what_would_come_too_late_is_not_sent(box: LetterBox) -> None:
    put(for_days=1)
    send_waiting(utc_now() + timedelta(days=2))
    assert box.held == []
    assert "too late" in unsent()[0].last_error


def test_a_reminder_of_what_was_submitted_while_it_waited_is_not_sent(
    box: LetterBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETURN_BUILD_DRAFTS", "0")
    assert write_notices(lambda *_: False, date(2024, 5, 8))[0].startswith("The reminder 7 notice")
    held = narrative.save(scope_of(TO), "TEST", "2024-04", {"highlights": "Words"}, 0)
    now = datetime(2024, 5, 8, 9)
    box.answer = "450 Try later"
    send_waiting(now)
    assert [mail.attempts for mail in unsent()] == [1, 1], "a step that is not the last overtakes no reminder"
    with get_engine().begin() as conn:
        v = schema.return_version
        conn.execute(update(v).where(v.c.id == held.id).values(state="submitted", revision=held.revision + 1))
    box.answer = ""
    send_waiting(now + LATER)
    assert box.held == []
    assert all(mail.last_error.startswith(OVERTAKEN) for mail in unsent())


def test_of_two_workers_one_sends_it(box: LetterBox) -> None:
    put()
    now = utc_now()
    (mail_id,) = mail_outbox.due(now)
    assert mail_outbox.take(mail_id, now) is not None
    assert mail_outbox.take(mail_id, now) is None


HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
BODY_HEADERS = ["Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
breaks = st.sampled_from(
    ["\r\nBcc: eve@evil.example", "\nTo: eve@evil.example\n\nbody", "\r", "\x85x: y", "\u2028", "\0"]
)
texts = st.lists(st.one_of(st.text(max_size=60), breaks), max_size=4).map("".join)


@given(subject=texts, body=texts)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_name_or_text_can_add_a_header(subject: str, body: str) -> None:
    surrogates = any(0xD800 <= ord(c) <= 0xDFFF for c in subject + body)
    mail = Mail(TO, subject, body, utc_now(), 1, utc_now())
    if surrogates:
        return
    sent = compose(mail, SENDER).as_bytes()
    read = email.message_from_bytes(sent, policy=default)
    assert sorted(read.keys()) == sorted(HEADERS + BODY_HEADERS)
    assert read["To"] == TO
    assert "\n" not in read["Subject"]


@given(to=st.one_of(texts, texts.map(lambda t: f"mary@test.example.org{t}"), texts.map(lambda t: f"{t}@x.example")))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_address_can_add_a_header_or_another_person(to: str) -> None:
    try:
        message = compose(Mail(to, "Return", "Open it.", utc_now(), 1, utc_now()), SENDER)
    except MailError:
        return
    read = email.message_from_bytes(message.as_bytes(), policy=default)
    assert sorted(read.keys()) == sorted(HEADERS + BODY_HEADERS)
    assert [a.addr_spec for a in read["To"].addresses] == [to]


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return cert, secret


def test_the_password_travels_encrypted_and_only_to_a_server_that_is_trusted(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(data_dir)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    found, tried = LetterBox(), []

    def check(_server: Any, session: Any, _envelope: Any, _mechanism: str, given_: Any) -> AuthResult:
        tried.append((session.ssl is not None, given_.login, given_.password))
        return AuthResult(success=True)

    running = Controller(
        found, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True, authenticator=check
    )
    running.start()
    try:
        values = {
            "SMTP_HOST": "localhost", "SMTP_PORT": str(running.port), "SMTP_USER": "portal", "SMTP_PASSWORD": "lamps",
            "SMTP_STARTTLS": "1", "MAIL_FROM": "portal@test.example.org", "PORTAL_ADDRESS": "https://portal.example.org",
        }  # fmt: skip
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        put()
        assert "certificate" in send_waiting()
        assert tried == []
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        assert send_waiting(utc_now() + LATER) == ""
        assert tried == [(True, b"portal", b"lamps")]
        assert len(found.held) == 1
    finally:
        running.stop()


def test_a_password_is_not_sent_in_the_clear(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "SMTP_HOST": "smtp.test.example", "SMTP_USER": "portal", "SMTP_STARTTLS": "0",
        "MAIL_FROM": "portal@test.example.org", "PORTAL_ADDRESS": "https://portal.example.org",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    put()
    assert "in the clear" in send_waiting()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MAIL_FROM", "no address", "MAIL_FROM"),
        ("PORTAL_ADDRESS", "portal.example.org", "write what people type"),
        ("RETURN_REMINDER_DAYS", "7,x", "numbers of days"),
        ("REDIS_URL", "http://x", "redis://"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    box: LetterBox, monkeypatch: Any, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said) as refused:
        load_settings()
    assert name in str(refused.value)
