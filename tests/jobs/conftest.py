"""A real database of one programme and its people, and a way to run jobs as the worker does."""

from __future__ import annotations

import email
import socket
import sys
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from data_access import accounts
from data_access.engine import get_engine
from data_access.schema import metadata
from domain.roles import Role
from domain.scope import Scope, scope_for, server_scope
from jobs.supervise import STOPPING
from tests.factories import Maker

ODD = (sys.executable, "-P", str(Path(__file__).with_name("odd_kinds.py")))
MANAGER, OTHER, FUNDER = "mary@test.example.org", "omar@test.example.org", "fiona@test.example.org"


def scope_of(email: str, role: Role = Role.MANAGER, *codes: str) -> Scope:
    return scope_for(email, role, frozenset(codes or ("TEST",)))


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database file, made once."""
    folder = tmp_path_factory.mktemp("jobs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder))
        patch.delenv("DATABASE_URL", raising=False)
        engine = get_engine()
        metadata.create_all(engine)
        with engine.begin() as conn:
            made = Maker(conn, fund={"name": "Test fund", "return_due_day": 15})
            made.areas()
            made.crimes([{"day": date(2024, 4, 3), "spot": "HS1"}], period=(date(2022, 10, 1), date(2024, 4, 30)))
            Maker(conn, code="OTHER", name="Hidden town")
        for email, role in ((MANAGER, Role.MANAGER), (OTHER, Role.MANAGER), (FUNDER, Role.FUNDER)):
            accounts.add_account(
                server_scope(), email=email, name="A person", role=role, programmes=["TEST"], password_hash="x"
            )
        engine.dispose()
    return (folder / "portal.sqlite3").read_bytes()


@pytest.fixture
def data_dir(filled: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_DIR with a database of its own."""
    (tmp_path / "portal.sqlite3").write_bytes(filled)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name in ("DATABASE_URL", "REDIS_URL", "SMTP_HOST", "JOB_MEMORY_MB", "JOB_SECONDS", "PORTAL_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    STOPPING.clear()
    monkeypatch.setattr("jobs.process.GRACE_SECONDS", 0.5)
    return tmp_path


@pytest.fixture
def mary(data_dir: Path) -> Scope:
    return scope_of(MANAGER)


class LetterBox:
    """Keeps what it is given; ``answer`` is what it says instead of yes."""

    def __init__(self) -> None:
        self.held: list[Envelope] = []
        self.answer = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.held.append(envelope)
        return "250 OK"

    @property
    def messages(self) -> list[EmailMessage]:
        return [email.message_from_bytes(e.content, policy=default) for e in self.held]  # type: ignore[misc]


@pytest.fixture
def box(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LetterBox]:
    found = LetterBox()
    running = Controller(found, hostname="127.0.0.1", port=free_port())
    running.start()
    values = {
        "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(running.port), "SMTP_STARTTLS": "0",
        "MAIL_FROM": "portal@test.example.org", "PORTAL_ADDRESS": "https://portal.example.org",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    yield found
    running.stop()
