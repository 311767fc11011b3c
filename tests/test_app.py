"""Assembly: what create_app promises whoever starts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.roles import Role
from settings import ROOT, SettingsError, load_settings
from tests.portal import Portal


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Portal:
    return Portal(tmp_path, monkeypatch)


def test_app_stays_readable() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) < 120


def test_first_answers_are_whole_ones(portal: Portal) -> None:
    """The callback table is complete before the first visitor (PLATFORM, Dash 5)."""
    assert portal.dash._got_first_request == {"pages": True, "setup_server": True}
    assert portal.dash.callback_map


def test_one_viewer_s_page_is_not_in_everyone_s(portal: Portal) -> None:
    assert portal.dash.config.suppress_callback_exceptions is True
    assert portal.dash.validation_layout is None


def test_the_shell_names_person_role_and_what_the_role_may_see(portal: Portal) -> None:
    funder = portal.signed_in(Role.FUNDER).get("/_dash-layout").text
    assert "Person funder" in funder
    assert "Trends" in funder
    assert "Returns" not in funder
    assert "Manage accounts" not in funder
    assert "Demonstration data" in funder
    administrator = portal.signed_in(Role.ADMINISTRATOR).get("/_dash-layout").text
    assert "Manage accounts" in administrator
    assert "Trends" not in administrator


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "eight", "PORT is “eight”"),
        ("ACCENT_COLOUR", "red", "six hexadecimal digits"),
        ("ACCENT_COLOUR", "#ffdd00", "too light"),
        ("WORKERS", "0", "from 1 to 64"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=words):
        load_settings()
