"""A manager sends a file, sees what it holds before anything is stored, and then says yes or no."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from access.passwords import hash_password
from data_access import accounts, schema, uploads
from data_access.engine import get_engine
from data_access.loading import LoadOptions, LoadRefused
from data_access.loading import glance as of_a_file
from data_access.loading.glance import glance
from domain.roles import Role
from domain.scope import scope_for, server_scope
from pages import upload
from server import create_server
from settings import load_settings
from tests.portal import OURS, PASSWORD, Portal, Visitor, email_of

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
    assert "Team of every row" in visible(without).split("What is in the way")[1].split("Nothing was stored")[0]
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


@pytest.mark.parametrize("kind", ["pings", "crimes", "hot-spots", "programme", "costs"])
@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"%PDF-1.7 \xff"])
def test_a_picture_is_not_offered_columns(portal: Portal, kind: str, content: bytes) -> None:
    manager = portal.signed_in(Role.MANAGER)
    looked = visible(manager.get(send(manager, content, kind, "map.png").location))
    assert "map.png cannot be loaded as it is" in looked
    assert "Choose the file that holds the data" in looked
    assert "is this what you mean" not in looked
    assert "Read it another way" not in looked


def test_everything_that_is_missing_is_said_at_once(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    waiting = send(manager, "Lat,Lng,Wotsit\n52.6,-1.1,a\n").location
    looked = visible(manager.get(waiting))
    for missing in ("“Tracker” (device)", "“Time of the position” (time)", "provider or team"):
        assert missing in looked
    waiting = send(manager, PINGS.replace("Crew", "Other")).location
    assert "no column provider and no column team" in visible(manager.get(waiting))


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("when", ["Occurred from", "Wotsit"])
def test_of_a_workbook_the_sheet_that_is_read_is_shown(portal: Portal, when: str) -> None:
    """Also where nothing in it is recognised, or its columns could not be chosen."""
    manager = portal.signed_in(Role.MANAGER)
    extract = [["Extract of June"], [], [when, "Offence", "Lon", "Lat"], ["2023-06-01 10:00", "Theft", -1.13, 52.63]]
    content = workbook(("Readme", [["How to read this"], ["Ask Pat"]]), ("Extract", extract))
    waiting = send(manager, content, "crimes", "june.xlsx").location
    looked = manager.get(waiting)
    assert "The first rows of the sheet “Extract”" in visible(looked)
    assert "How to read this" not in looked.text
    assert f'<th scope="col">{when}</th>' in looked.text
    chosen = manager.get(f"{waiting}?col-occurred_from={when}")
    assert "1 row read = 1 loaded" in visible(chosen)
    readme = manager.get(f"{waiting}?sheet=Readme")
    assert "The first rows of the sheet “Readme”" in visible(readme)


def test_a_file_of_very_many_columns_stays_a_small_page(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    heads = [f"c{i}" for i in range(100_000)]
    wide = ",".join(heads) + "\n" + ",".join("x" * 100 for _ in heads[:1000]) + "\n"
    looked = manager.get(send(manager, wide).location)
    assert "the first 60 of 100,000 columns" in looked.text
    assert len(looked.data) < 500_000
    assert "x" * 61 not in looked.text


def parquet(table: pa.Table, **how: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **how)
    return out.getvalue()


def test_the_first_rows_of_parquet_are_read_and_no_more(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = portal.signed_in(Role.MANAGER)
    columns = {"Unit": ["T" * 5000] * 9, "path": [[1.0] * 999] * 9, "ok": [None, *range(8)]}
    columns |= {f"more{i}": [i] * 9 for i in range(100)}
    looked = manager.get(send(manager, parquet(pa.table(columns)), name="g.parquet").location)
    assert "the first 60 of 103 columns" in looked.text
    assert "T" * 60 in looked.text
    assert "T" * 61 not in looked.text
    assert "list&lt;" in looked.text
    assert "1.0, 1.0" not in looked.text
    monkeypatch.setattr(of_a_file, "_MOST_UNPACKED", 1 << 20)
    large = parquet(pa.table({"Unit": ["A"] * 5, "blob": [b"1" * (1 << 18)] * 5}), use_dictionary=False)
    looked = manager.get(send(manager, large, name="large.parquet").location)
    assert '<th scope="col">blob</th>' in looked.text
    assert "<td>A</td>" not in looked.text


@pytest.mark.parametrize("seed", range(40))
def test_parquet_that_is_broken_anywhere_is_refused_in_words(seed: int, tmp_path: Path) -> None:
    sound = parquet(pa.table({"a": ["x", "y"] * 50, "b": range(100), "c": [[1]] * 100}))
    chance, broken = random.Random(seed), bytearray(sound)
    for _ in range(1 + seed % 5):
        broken[chance.randrange(4, len(broken) - 8)] = chance.randrange(256)
    path = tmp_path / "x.parquet"
    path.write_bytes(broken)
    with suppress(LoadRefused):
        assert len(glance(path, "pings", LoadOptions()).headers) <= 200


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


def age(waiting: str, hours: int) -> Path:
    """Make a sent file that old; its folder."""
    folder = load_settings().data_dir / "uploads" / waiting.rsplit("/", 1)[1]
    about = json.loads((folder / "about.json").read_text())
    sent = datetime.fromisoformat(about["sent_at"]) - timedelta(hours=hours)
    (folder / "about.json").write_text(json.dumps(about | {"sent_at": sent.isoformat()}))
    return folder


def audited(event: str) -> list[dict[str, Any]]:
    with get_engine().connect() as conn:
        query = select(schema.audit.c.actor, schema.audit.c.detail).where(schema.audit.c.event == event)
        return [{"actor": row.actor, **row.detail} for row in conn.execute(query.order_by(schema.audit.c.id))]


def test_a_waiting_file_is_gone_after_a_day(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    waiting = send(manager, PINGS.replace("05/02", "07/02")).location
    age(waiting, 23)
    assert manager.get(waiting).status_code == 200
    folder = age(waiting, 1)
    assert manager.get(waiting).status_code == 404
    assert post(manager, f"{waiting}/load", "/data/upload?programme=TEST", provider="outreach").status_code == 404
    manager.get("/data/upload?programme=TEST")
    assert not folder.exists()
    assert audited("file discarded")[-1]["because"] == "waited for a day"


@pytest.mark.parametrize("command", [["pings", "expire"], ["pings", "sweep"], None])
def test_what_nobody_asks_for_goes_too(portal: Portal, command: list[str] | None) -> None:
    """With the daily command, and when the server starts."""
    folder = age(send(portal.signed_in(Role.MANAGER), PINGS).location, 25)
    half_sent = folder.with_name("A" * 22)
    half_sent.mkdir()
    os.utime(half_sent, (0, 0))
    if command:
        done = create_server().test_cli_runner().invoke(args=command)
        assert "not loaded within a day: 2 files" in done.output
        assert done.exit_code == 0
    else:
        upload.register(Flask("another"))
    assert not folder.exists()
    assert not half_sent.exists()


def test_a_long_name_keeps_its_end(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    answer = send(manager, gzip.compress(PINGS.encode()), "pings", "\u1e9e" * 120 + ".csv.gz")
    assert answer.status_code == 302
    assert "30 rows read" in visible(manager.get(f"{answer.location}?provider=outreach"))
    assert all(
        (folder / "about.json").exists()
        for folder in load_settings().data_dir.glob("uploads/*")
        if len(folder.name) == 22
    )


def test_sending_and_discarding_leave_a_trace(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    waiting = send(manager, PINGS, name="traced.csv").location
    said = {"actor": email_of(Role.MANAGER), "kind": "pings", "file_name": "traced.csv", "size_bytes": len(PINGS)}
    assert audited("file sent")[-1] == said
    post(manager, f"{waiting}/discard", waiting)
    assert audited("file discarded")[-1] == {**said, "because": "by its owner"}


def test_the_oldest_files_make_room_and_the_person_is_told(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = portal.signed_in(Role.MANAGER)
    first = send(manager, PINGS, name="first.csv").location
    second = send(manager, PINGS, name="second.csv").location
    monkeypatch.setattr(uploads, "MOST_BYTES", 2 * len(PINGS))
    third = send(manager, PINGS, name="third.csv").location
    assert [manager.get(one).status_code for one in (first, second, third)] == [404, 200, 200]
    told = visible(manager.page("/data", "?programme=TEST"))
    assert "No longer waiting, to make room" in told
    assert "first.csv" in told
    assert audited("file discarded")[-1]["because"] == "made room for a newer file"


def test_a_full_disk_is_said_and_nothing_is_kept(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = portal.signed_in(Role.MANAGER)
    before = set(load_settings().data_dir.glob("uploads/*"))
    monkeypatch.setattr(uploads, "FREE_AT_LEAST", 1 << 60)
    answer = send(manager, PINGS)
    assert answer.status_code == 503
    assert "so the file was not kept" in answer.text
    assert set(load_settings().data_dir.glob("uploads/*")) == before


def test_one_file_is_read_at_a_time(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    waiting = send(manager, PINGS.replace("05/02", "10/02")).location
    me = scope_for(email_of(Role.MANAGER), Role.MANAGER, frozenset({"TEST"}))
    others = [scope_for(f"{n}@test.example", Role.MANAGER, frozenset({"TEST"})) for n in range(2)]
    for at_work in ([me], others):
        with ExitStack() as stack:
            for somebody in at_work:
                stack.enter_context(uploads.turn(somebody))
            for answer in (
                manager.get(f"{waiting}?provider=outreach"),
                post(manager, f"{waiting}/load", "/data/upload?programme=TEST", provider="outreach"),
            ):
                assert answer.status_code == 503
                assert "busy with another file; look again in a moment" in answer.text
                assert f"{waiting}?provider=outreach" in answer.text
        assert manager.get(f"{waiting}?provider=outreach").status_code == 200


def test_a_second_click_and_a_discard_wait_for_the_load(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    waiting = send(manager, PINGS.replace("05/02", "11/02")).location
    me = scope_for(email_of(Role.MANAGER), Role.MANAGER, frozenset({"TEST"}))
    with uploads.claimed(me, waiting.rsplit("/", 1)[1]), uploads.turn(me):
        age(waiting, 48)
        uploads.remove_old()  # what is being loaded stays, however old
        age(waiting, -48)
        for answer in (
            post(manager, f"{waiting}/load", "/data/upload?programme=TEST", provider="outreach"),
            post(manager, f"{waiting}/discard", "/data/upload?programme=TEST"),
            manager.get(waiting),
        ):
            assert answer.status_code == 409
            assert "is being loaded" in answer.text
    done = post(manager, f"{waiting}/load", waiting, provider="outreach")
    assert done.status_code == 302
    assert "It is loaded: 30 rows read" in visible(manager.page("/data", "?programme=TEST"))


def test_what_is_gone_already_does_not_undo_a_load(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    waiting = send(manager, PINGS.replace("05/02", "12/02")).location
    me = scope_for(email_of(Role.MANAGER), Role.MANAGER, frozenset({"TEST"}))
    with uploads.claimed(me, waiting.rsplit("/", 1)[1]) as mine:
        uploads.remove_loaded(mine)
        uploads.remove_loaded(mine)
    assert not mine.folder.exists()


def test_messages_fit_into_the_cookie(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    waiting = send(manager, "\u1e9e" * 9000 + ",b\n1,2\n", name="\u1e9e" * 200 + ".csv").location
    for _ in range(4):
        answer = post(manager, f"{waiting}/load", "/data/upload?programme=TEST")
    assert all(len(cookie) < 4000 for cookie in answer.headers.getlist("Set-Cookie"))
    assert "was not loaded" in manager.page("/data", "?programme=TEST").text


@pytest.mark.parametrize("name", ["../../../evil.csv", "..\\evil.csv", "about.json", "\u202egpj.csv", "." * 300])
def test_a_file_name_never_leaves_its_folder(portal: Portal, name: str) -> None:
    manager = portal.signed_in(Role.MANAGER)
    answer = send(manager, PINGS, "pings", name)
    assert answer.status_code == 302
    kept = [path for path in (load_settings().data_dir / "uploads").rglob("*") if path.is_file()]
    assert all(path.parts[-2] in ("file", "locks") or path.name == "about.json" for path in kept)
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
