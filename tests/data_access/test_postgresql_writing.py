"""Writing to PostgreSQL: all or nothing, one writer at a time, and the same outcome as SQLite."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from access.passwords import hash_password
from data_access import accounts, schema, sessions, sign_in
from data_access.engine import get_engine, make_engine, utc_now, writing
from data_access.loading import ALREADY_LOADED, LOADED, REPLACED, LoadRefused, load_file
from data_access.migrate import upgrade
from data_access.reading import opened
from data_access.returns import narrative, signing, versions
from data_access.returns.changing import StaleVersion
from domain.roles import Role
from domain.scope import scope_for, server_scope
from tests.data_access.loading.conftest import HOT_SPOTS, PROGRAMME, TODAY, Door
from tests.data_access.returns.conftest import frozen

PLACES = "month,place,crimes\n2023-01,Aston,5\n2023-02,Aston,7\n"
PINGS = "device,time,longitude,latitude,provider,team\n"
LIMITS = sessions.Limits(timedelta(minutes=30), timedelta(hours=8))
_numbers = itertools.count()


@pytest.fixture
def doors(postgresql, tmp_path, monkeypatch):
    """(SQLite, PostgreSQL), each with two providers and three hot spots; the portal is set to PostgreSQL."""
    monkeypatch.setenv("PING_STORE", str(tmp_path / "pings"))
    urls = (f"sqlite:///{tmp_path / 'portal.sqlite3'}", postgresql.url(f"writing-{next(_numbers)}"))
    made = []
    for url in urls:
        engine = make_engine(url)
        upgrade(engine)
        made.append(Door(engine, tmp_path))
        made[-1].load("programme", PROGRAMME, "programme.toml")
        made[-1].load("hot-spots", HOT_SPOTS, "spots.geojson")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", urls[1])
    yield tuple(made)
    for one in made:
        one.engine.dispose()
    get_engine().dispose()


def pings(minutes: range) -> str:
    rows = [f"A1,2023-06-05T15:{m:02d}:{s:02d}Z,-1.13,52.63,outreach,A" for m in minutes for s in (0, 20, 40)]
    return PINGS + "\n".join(rows) + "\n"


def outcome(door: Door, kind: str, content: str, name: str) -> tuple[object, ...]:
    r = door.load(kind, content, name)
    return r.status, r.read, r.loaded, r.duplicate, r.rejected, r.period, r.difference, r.notes


def test_a_newer_file_replaces_and_the_same_file_changes_nothing(doors):
    steps = [
        ("pings", pings(range(30)), "june.csv"), ("pings", pings(range(40)), "june-again.csv"),
        ("pings", pings(range(40)), "june-copy.csv"), ("comparators", PLACES, "p.csv"),
        ("comparators", PLACES.replace("7", "8"), "p2.csv"),
    ]  # fmt: skip
    answers = [[outcome(door, *step) for step in steps] for door in doors]
    assert answers[0] == answers[1]
    assert [a[0] for a in answers[1]] == [LOADED, REPLACED, ALREADY_LOADED, LOADED, REPLACED]
    assert doors[0].everything() == doors[1].everything()
    visits = [door.rows(schema.visit).drop(columns="id") for door in doors]
    assert len(visits[0]) == 1
    assert visits[0].equals(visits[1])


REFUSED = [
    ("crimes", "occurred_from,offence_title\n2023-02-01,Theft\n", "no-place.csv"),
    ("comparators", "month,place,crimes\n2023-01,,x\n", "all-rejected.csv"),
    ("hot-spots", HOT_SPOTS.replace("Place HS2", "Place\\u0000HS2"), "nul.geojson"),
    ("programme", PROGRAMME.replace("Test city centre", "Test\\u0000centre"), "nul.toml"),
    ("case-studies", '{"case_studies": [{"reference": "\\ud800"}]}', "half-a-character.json"),
]


@pytest.mark.parametrize(("kind", "content", "name"), REFUSED, ids=[r[2] for r in REFUSED])
def test_a_refused_file_changes_nothing(doors, kind, content, name):
    said = []
    for door in doors:
        before = door.everything()
        with pytest.raises(LoadRefused) as refusal:
            door.load(kind, content, name)
        assert door.everything() == before
        said.append(str(refusal.value))
    assert said[0] == said[1]
    assert name in said[0]


def test_what_the_database_refuses_half_way_leaves_nothing_and_says_so(doors):
    door = doors[1]
    with door.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE comparator ADD CONSTRAINT few CHECK (crimes < 7)")
    before = door.everything()
    with pytest.raises(LoadRefused, match="refused a row"):
        door.load("comparators", PLACES, "places.csv")
    assert door.everything() == before


LONG = "x" * 700
LENGTHS = [
    (
        "crimes",
        "crime_ref,occurred_from,offence_code,offence_title,offence_group,longitude,latitude\n"
        f"{LONG},2023-02-01 10:00,{LONG},{LONG},{LONG},-1.13,52.63\n",
    ),
    (
        "plan",
        f"date,hot_spot,provider,planned_minutes,abstraction_reason\n2023-02-01,HS1,outreach,15,{LONG}\n"
        f"2023-02-02,{LONG},outreach,15,\n",
    ),
    ("costs", f"month,category,flow,amount_gbp,note\n2023-02,Fuel,spend,1e12,{LONG}\n2023-02,{LONG},spend,1,\n"),
    ("weights", f"edition,offence_title,harm_days\n{LONG},{LONG},10\n"),
    ("comparators", f"month,place,crimes\n2023-01,{LONG},1\n2023-02,Aston,2147483647\n2023-03,Aston,2147483648\n"),
    ("engagements", "date,provider,measure,count\n2023-02-01,outreach,stop_and_search,2147483648\n2023-02-02,x,y,1\n"),
    ("pings", f"{pings(range(2))}{LONG},2023-06-05T16:00:00Z,-1.13,52.63,outreach,A\n"),
]


@pytest.mark.parametrize(("kind", "content"), LENGTHS, ids=[kind for kind, _ in LENGTHS])
def test_long_texts_and_large_numbers_meet_the_same_limits(doors, kind, content):
    """SQLite keeps what is too long for its column; PostgreSQL would refuse the file."""
    answers = []
    for door in doors:
        try:
            answers.append(outcome(door, kind, content, f"{'n' * 240}.csv"))
        except LoadRefused as refusal:
            answers.append(str(refusal))
            assert "the database refused" not in answers[-1]
    assert answers[0] == answers[1]


def test_the_same_file_from_two_people_at_once_is_stored_once(doors):
    door, together = doors[1], Barrier(4)
    path = door.write("places.csv", PLACES)

    def load(_number: int) -> str:
        together.wait(10)
        return load_file(door.engine, "comparators", path, actor="test", today=TODAY).status

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(load, range(4)))
    assert statuses == [ALREADY_LOADED] * 3 + [LOADED]
    assert door.everything()["comparator"] == 2


def test_a_reader_sees_one_state_from_start_to_end(doors):
    count = select(func.count()).select_from(schema.comparator)
    with opened(server_scope(), "TEST") as o:
        assert o.conn.execute(count).scalar_one() == 0
        doors[1].load("comparators", PLACES, "places.csv")
        assert o.conn.execute(count).scalar_one() == 0
    with opened(server_scope(), "TEST") as o:
        assert o.conn.execute(count).scalar_one() == 2


def _account(email: str = "mary@example.org") -> accounts.Account:
    return accounts.add_account(
        server_scope(), email=email, name="Mary", role=Role.MANAGER, programmes=["TEST"], password_hash=hash_password("three random words"),
    )  # fmt: skip


def test_sign_in_session_and_audit(doors):
    mary = _account()
    account, token = sign_in.open_session(mary, LIMITS)
    found = sessions.account_of(token, account.session_version, LIMITS)
    assert found == account
    assert found.created_at == mary.created_at  # to the microsecond
    sign_in.close_session(account.email, token)
    assert sessions.account_of(token, account.session_version, LIMITS) is None
    with get_engine().connect() as conn:
        rows = conn.execute(select(schema.audit).order_by(schema.audit.c.id)).all()
    assert [row.event for row in rows][-3:] == ["account added", "signed in", "signed out"]
    assert rows[-3].detail == {"account": "mary@example.org", "role": "manager", "programmes": ["TEST"]}


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_audit_log_is_only_ever_added_to(doors, change):
    engine = doors[1].engine
    with engine.connect() as conn:
        before = conn.execute(select(schema.audit)).all()
    assert before
    with pytest.raises(DBAPIError, match="only ever added to"), engine.begin() as conn:
        conn.exec_driver_sql(change)
    with engine.connect() as conn:
        assert conn.execute(select(schema.audit)).all() == before


def test_wrong_tries_at_once_are_all_counted(doors):
    mary = _account()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: sign_in.record_failure(mary.email, "password"), range(sign_in.TRIES_BEFORE_LOCK)))
    with get_engine().connect() as conn:
        assert sign_in.is_locked(accounts.account_by_email(conn, mary.email))


def test_people_can_sign_in_while_a_file_loads(doors):
    mary = _account()
    with ThreadPoolExecutor(1) as pool, writing(doors[1].engine).begin():
        account, token = pool.submit(sign_in.open_session, mary, LIMITS).result(timeout=10)
    assert sessions.account_of(token, account.session_version, LIMITS)


def test_of_two_who_save_a_narrative_at_once_one_is_told(doors):
    people = [scope_for(f"{'m' * 150}{n}@example.org", Role.MANAGER, frozenset({"TEST"})) for n in range(2)]
    together = Barrier(2)

    def save(who):
        together.wait(10)
        try:
            return narrative.save(who, "TEST", "2023-02", {"summary": "Words\0"}, 0).revision
        except StaleVersion:
            return "told"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(str, pool.map(save, people))) == ["1", "told"]


def test_a_return_is_signed_once_and_then_kept_by_the_database_itself(doors):
    code, month = "TEST", "2023-02"
    mary, ben, olive, fay = (
        scope_for(f"{name}@example.org", role, frozenset({code}))
        for name, role in (
            ("mary", Role.MANAGER), ("ben", Role.MANAGER), ("olive", Role.APPROVER), ("fay", Role.FINANCE),
        )
    )  # fmt: skip
    at, together = utc_now(), Barrier(2)
    v = narrative.save(mary, code, month, {"highlights": "Siân’s words"}, 0)
    seen = frozen(code=code)
    others = [ben, scope_for("carl@example.org", Role.MANAGER, frozenset({code}))]

    def sign(who):
        together.wait(10)
        try:
            return signing.check(who, code, month, v.revision, seen).state.value
        except StaleVersion:
            return "told"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(sign, others)) == ["checked", "told"]
    v = signing.approve(olive, code, month, v.revision + 1, b"%PDF", at)
    v = signing.certify(fay, code, month, v.revision, b"%PDF c", at)
    v = signing.submit(mary, code, month, v.revision, b"%PDF c s", at)
    assert versions.sealed_pdf(mary, code, v) == b"%PDF c s"
    second = signing.open_correction(mary, code, month, v.revision, "A crime was recorded late.")
    second = signing.drop_correction(mary, code, month, second.revision, "It was recorded in another month.")
    for statement in (
        "UPDATE return_version SET pdf = 'x'", "UPDATE return_version SET narrative = '{}'", "DELETE FROM return_version",
        "UPDATE return_version SET reasons = '{}', narrative = '{}' WHERE number = 2",
        "UPDATE return_version SET state = 'draft' WHERE number = 2", "DELETE FROM return_version WHERE number = 2",
        "UPDATE return_step SET actor = 'x'", "DELETE FROM return_step",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match=r"does not change|only ever added to"), writing().begin() as conn:
            conn.exec_driver_sql(statement)
    assert versions.of_month(mary, code, month) == [v, second]
    with pytest.raises(StaleVersion, match="version 2 was dropped"):
        signing.open_correction(mary, code, month, v.revision, "A crime was recorded late.")
    third = signing.open_correction(mary, code, month, second.revision, "A crime was recorded late.")
    assert (third.number, third.corrects) == (3, 1)
    assert versions.get(mary, code, month, 1).state.value == "submitted"
