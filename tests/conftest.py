"""What several rooms' tests share: one demonstration database for the whole run, made as a newcomer makes it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests first: their files take longest, and whichever is begun last keeps the run waiting alone."""
    items.sort(key=lambda item: "/browser/" not in item.path.as_posix())


def portal_environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of a portal of its own, whatever the developer's shell has set."""
    ours = (
        "DATA_DIR", "DATABASE_URL", "PING_STORE", "PING_RETENTION_DAYS", "HOST", "PORT", "HTTPS", "TILE_URL",
        "TRUSTED_PROXIES", "DEMO_ACCOUNTS",
    )  # fmt: skip
    groups = ("REDIS_", "JOB_", "SMTP_", "MAIL_", "PORTAL_ADDRESS", "RETURN_", "SEAL_")
    kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith(groups)}
    return {**kept, "DATA_DIR": str(data_dir), "DEMO_ACCOUNTS": "1", "SIGN_INS_PER_MINUTE": "100000", **more}


def run_command(data_dir: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """``flask --app app WORDS`` in a process of its own, as a user runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *words],
        cwd=ROOT, env=portal_environment(data_dir), capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert not check or done.returncode == 0, (
        f"flask {' '.join(words)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    )
    return done


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """DATA_DIR of a database with the demonstration programme and its sign-ins; made once for all workers.

    Tests read it; one that changes something copies it first.
    """
    base = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    folder = base / "demonstration"
    with open(base / "demonstration.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            folder.mkdir(exist_ok=True)
            run_command(folder, "prepare")
            (folder / "ready").touch()
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one real browser of a run: two of Playwright's loops cannot live in one process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
