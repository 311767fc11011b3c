"""Accounts from the command line."""

from __future__ import annotations

import subprocess
import sys

from data_access.engine import get_engine
from domain.roles import Role
from tests.portal import PASSWORD, Portal, email_of


def run(portal: Portal, *arguments: str, typed: str = "") -> tuple[int, str]:
    result = portal.server.test_cli_runner().invoke(args=list(arguments), input=typed)
    return result.exit_code, result.output


def test_add_list_disable_password(portal: Portal) -> None:
    code, said = run(
        portal, "account", "add", "cli@test.example", "--name", "From the line", "--role", "reviewer",
        "--programme", "TEST", typed=f"{PASSWORD}\n",
    )  # fmt: skip
    assert (code, said) == (0, "Added cli@test.example, reviewer, programmes: TEST.\n")
    assert "cli@test.example\treviewer\tactive\tTEST\tFrom the line" in run(portal, "account", "list")[1]
    assert portal.visitor().sign_in("cli@test.example").status_code == 302
    assert run(portal, "account", "password", "cli@test.example", typed="green hill seven\n")[0] == 0
    assert portal.visitor().sign_in("cli@test.example", "green hill seven").status_code == 302
    assert run(portal, "account", "disable", "cli@test.example")[0] == 0
    assert portal.visitor().sign_in("cli@test.example", "green hill seven").status_code == 401


def test_mistakes_say_what_to_do_and_change_nothing(portal: Portal) -> None:
    for arguments, typed, words in (
        (("account", "disable", "nobody@test.example"), "", "No account has the e-mail address"),
        (("account", "password", email_of(Role.FUNDER)), "short\n", "at least 12 characters"),
        (("account", "disable", email_of(Role.ADMINISTRATOR)), "", "Add another administrator first"),
    ):
        code, said = run(portal, *arguments, typed=typed)
        assert code == 1
        assert said.startswith("Nothing was changed.")
        assert words in said


def test_health_and_init(portal: Portal) -> None:
    assert run(portal, "health") == (0, "The database answers.\n")
    assert run(portal, "init-db")[0] == 0
    assert get_engine().url.database


def test_commands_do_not_build_dash(portal: Portal) -> None:
    """They would otherwise pay for every page and component library."""
    code = "import app, sys; app.app; print('dash' in sys.modules and 'pages.trends' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
