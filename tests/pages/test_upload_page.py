"""A manager sends a file, sees what it holds before anything is stored, and then says yes or no."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from access.passwords import hash_password
from data_access import accounts, schema, uploads
from data_access.engine import get_engine
from domain.roles import Role
from domain.scope import server_scope
from settings import load_settings
from tests.portal import OURS, PASSWORD, Portal, Visitor

PINGS = "Unit;Fix Time;Lat;Lng;Crew\r\n" + "".join(
    f"T9;05/02/2024 14:{minute:02d}:00;52,6355;-1,13{minute:02d};Night\r\n" for minute in range(30)
)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Portal(tmp_path_factory.mktemp("portal"), monkeypatch)


def send(visitor: Visitor, text: str | bytes, kind: str = "pings", name: str = "fixes.csv") -> TestResponse:
    token = visitor.token("/data/upload?programme=TEST")
    content = text.encode() if isinstance(text, str) else text
    form = {"csrf_token": token, "programme": "TEST", "kind": kind, "file": (io.BytesIO(content), name)}
    return visitor.client.post("/data/upload", data=form, headers=OURS)


def post(visitor: Visitor, path: str, page: str, **fields: str) -> TestResponse:
    return visitor.client.post(path, data={"csrf_token": visitor.token(page), **fields}, headers=OURS)


def loads() -> int:
    with get_engine().connect() as conn:
        return conn.execute(select(func.count()).select_from(schema.load)).scalar_one()


def visible(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_nothing_is_stored_before_the_person_says_so(portal: Portal) -> None:
    manager, before = portal.signed_in(Role.MANAGER), loads()
    waiting = send(manager, PINGS + "T9;99/99/2024 10:00;52,6;-1,1;Night\r\n").location
    looked = manager.get(f"{waiting}?provider=outreach")
    assert "31 rows read = 30 loaded + 0 duplicate + 1 rejected" in visible(looked)
    assert "99/99/2024" in looked.text
    assert loads() == before
    done = post(manager, f"{waiting}/load", waiting, provider="outreach")
    assert done.location == "/data?programme=TEST"
    assert loads() == before + 1
    assert "30 loaded" in manager.page("/data", "?programme=TEST").text
    assert manager.get(waiting).status_code == 404


def test_a_column_can_be_chosen_by_hand(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    odd = PINGS.replace("Unit", "Wotsit").replace(" 14:", " 15:")
    waiting = send(manager, odd).location
    refused = manager.get(f"{waiting}?provider=outreach")
    assert "cannot be loaded as it is" in refused.text
    chosen = manager.get(f"{waiting}?provider=outreach&col-device=Wotsit")
    assert "30 rows read = 30 loaded" in visible(chosen)
    wrong = manager.get(f"{waiting}?provider=outreach&col-device=Wotsit&zone=Mars/Base")
    assert "no time zone" in wrong.text
    assert '<option value="Wotsit" selected>' in wrong.text  # one wrong field does not cost the others
    without = manager.get(f"{waiting}?provider=outreach&col-device=Wotsit&col-team=-")
    assert (
        "Team of every row"
        in visible(without).split("This file cannot be loaded as it is")[1].split("Nothing was stored")[0]
    )
    named = manager.get(f"{waiting}?provider=outreach&col-device=Wotsit&col-team=-&team=Night")
    assert "30 rows read = 30 loaded" in visible(named)
    post(manager, f"{waiting}/discard", waiting)
    assert "was discarded" in manager.page("/data", "?programme=TEST").text


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("pings", b"", "is empty"),
        ("crimes", b"PK\x03\x04 not a workbook", "damaged"),
        ("hot-spots", b"{]", "GeoJSON"),
        ("pings", b"PAR1 and no more", "Parquet"),
        ("costs", b"a,b\n1,2\n", "month"),
        ("programme", b"code = 1", "code"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(portal: Portal, kind: str, content: bytes, said: str) -> None:
    manager, before = portal.signed_in(Role.MANAGER), loads()
    waiting = send(manager, content, kind, "x.csv").location
    looked = manager.get(waiting)
    assert looked.status_code == 200
    assert "cannot be loaded as it is" in looked.text
    assert said in looked.text
    assert "Traceback" not in looked.text
    post(manager, f"{waiting}/load", f"{waiting}")
    assert loads() == before
    assert "was not loaded" in manager.page("/data", "?programme=TEST").text
    post(manager, f"{waiting}/discard", waiting)


def test_only_its_owner_sees_a_waiting_file(portal: Portal) -> None:
    waiting = send(portal.signed_in(Role.MANAGER), PINGS.replace("05/02", "06/02")).location
    accounts.add_account(
        server_scope(), email="second@test.example", name="Second", role=Role.MANAGER, programmes=["TEST"],
        password_hash=hash_password(PASSWORD),
    )  # fmt: skip
    second = portal.visitor()
    second.sign_in("second@test.example")
    assert second.get(waiting).status_code == 404
    for role in (Role.FUNDER, Role.REVIEWER, Role.APPROVER):
        assert portal.signed_in(role).get(waiting).status_code == 403
    assert portal.visitor().get(waiting).status_code == 302


def test_a_waiting_file_is_gone_after_a_day(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = portal.signed_in(Role.MANAGER)
    old = send(manager, PINGS.replace("05/02", "07/02")).location
    monkeypatch.setattr(uploads, "KEPT_FOR", -uploads.KEPT_FOR)
    fresh = send(manager, PINGS.replace("05/02", "08/02")).location
    assert manager.get(old).status_code == 404
    assert manager.get(fresh).status_code == 200


@pytest.mark.parametrize("name", ["../../../evil.csv", "..\\evil.csv", "about.json", "\u202egpj.csv", "." * 300])
def test_a_file_name_never_leaves_its_folder(portal: Portal, name: str) -> None:
    manager = portal.signed_in(Role.MANAGER)
    answer = send(manager, PINGS, "pings", name)
    assert answer.status_code == 302
    kept = [path for path in (load_settings().data_dir / "uploads").rglob("*") if path.is_file()]
    assert all(path.parts[-2] == "file" or path.name == "about.json" for path in kept)
    assert not list(load_settings().data_dir.parent.glob("evil*"))
    assert manager.get(answer.location).status_code == 200


def test_a_form_from_elsewhere_is_refused(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    waiting = send(manager, PINGS.replace("05/02", "09/02")).location
    before = loads()
    assert manager.client.post(f"{waiting}/load", data={"provider": "outreach"}, headers=OURS).status_code == 400
    foreign = {"Origin": "https://elsewhere.example"}
    token = manager.token(waiting)
    assert manager.client.post(f"{waiting}/load", data={"csrf_token": token}, headers=foreign).status_code == 403
    assert loads() == before
