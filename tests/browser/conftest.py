"""A real portal served by gunicorn, a real Chromium, and what a person would notice gone wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, expect

from access.demo_accounts import PASSPHRASE, sign_ins
from domain.roles import Role
from tests.conftest import ROOT, portal_environment

# resultTypes: what passed is not written out, which takes longer than the checks on a page of long tables.
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
NO_WIDER = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# What is expected comes late on a machine that runs other tests beside; that it comes is what is tested.
expect.set_options(timeout=15_000)
EMAILS = {one.role: one.email for one in reversed(sign_ins())}  # the first manager of two


@pytest.fixture(scope="session")
def address(demonstration: Path) -> Iterator[str]:
    """Address of a portal served as make run serves it."""
    yield from served(demonstration)


def served(folder: Path) -> Iterator[str]:
    """The portal of a DATA_DIR, until the generator is closed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--no-control-socket", "app:server"]
    env = portal_environment(folder, PORT=str(port), HOST="127.0.0.1", WORKERS="1")
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_up(url, server)
            yield url
        finally:
            server.terminate()


def _wait_until_up(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert server.poll() is None, "gunicorn stopped before it answered"
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2)
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("The portal did not answer within 90 seconds.")


class Person:
    """Someone at a browser: notes every console error, page error and request that leaves the host."""

    def __init__(self, browser: Browser, address: str, width: int) -> None:
        self.address = address
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": 900}, accept_downloads=True
        )
        self.page: Page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on(
            "console", lambda m: self._note(f"console {m.type}: {m.text}") if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda e: self._note(f"page error: {e}"))
        self.page.on("request", lambda r: self._note(f"request off the host: {r.url}") if self._leaves(r.url) else None)

    def _leaves(self, url: str) -> bool:
        return not url.startswith((self.address, "data:", "blob:", "about:"))

    def _note(self, trouble: str) -> None:
        self.troubles.append(f"{self.page.url}: {trouble}")

    def sign_in(self, role: Role, email: str = "") -> None:
        self.page.goto(f"{self.address}/sign-in")
        self.page.locator("input[name=email]").fill(email or EMAILS[role])
        self.page.locator("input[type=password]").fill(PASSPHRASE)
        self.page.locator("main button[type=submit]").click()
        self.page.wait_for_selector("main h1")
        self.page.wait_for_load_state("networkidle")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")
        self.page.wait_for_selector("main h1")
        self.page.wait_for_load_state("networkidle")


def violations(person: Person) -> list[str]:
    """Of WCAG 2.2 AA, on the page as it stands."""
    found = Axe().run(person.page, options=WCAG).response["violations"]
    return [f"{v['id']} ({v['impact']}): {v['nodes'][0]['html'][:160]}" for v in found]


def too_wide_for_a_phone(person: Person, path: str) -> list[str]:
    """The page as it stands, made as narrow as a phone, and wide again."""
    wide = person.page.viewport_size
    person.page.set_viewport_size({"width": 320, "height": 900})
    try:
        person.page.wait_for_function(NO_WIDER, timeout=3000)
    except TimeoutError:
        return [f"{path}: the page scrolls sideways on a phone"]
    finally:
        person.page.set_viewport_size(wide)
    return []


@pytest.fixture
def person(chromium: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Person]:
    """Parametrised indirectly with a width; 1280 pixels otherwise."""
    someone = Person(chromium, address, getattr(request, "param", 1280))
    yield someone
    someone.context.close()
