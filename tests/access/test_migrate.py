"""Migrations make the schema the code expects, once, whoever starts first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from data_access import audit, migrate, ping_store
from data_access.engine import make_engine
from data_access.returns import versions
from data_access.schema import metadata
from tests.factories import Maker


def test_head_is_the_newest_file() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_migrations_make_exactly_the_schema(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert migrate.upgrade(engine) is True
    assert migrate.upgrade(engine) is False
    with engine.connect() as conn:
        context = MigrationContext.configure(conn)
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_the_audit_log_is_only_ever_added_to(tmp_path: Path, change: str) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    migrate.upgrade(engine)
    with engine.begin() as conn:
        audit.record(conn, actor="mary@example.org", event="signed in", detail={"account": "mary@example.org"})
    with pytest.raises(IntegrityError, match="only ever added to"), engine.begin() as conn:
        conn.execute(text(change))
    with engine.connect() as conn:
        assert conn.execute(text("SELECT actor FROM audit")).scalars().all() == ["mary@example.org"]


def test_reasons_loaded_as_free_text_become_reasons_of_the_list(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with monkeypatched_head("0001"):
        migrate.upgrade(engine)
    with engine.begin() as conn:
        made = Maker(conn)
        made.areas()
        texts = ("PC 1234 Smith off sick", "arrest", "PC 1234 Smith's dog", " ", None)
        made.plan([{"spot": "HS1", "day": date(2023, 2, 1), "abstraction_reason": text} for text in texts])
    assert migrate.upgrade(engine) is True
    with engine.connect() as conn:
        found = conn.execute(text("SELECT abstraction_reason FROM plan ORDER BY id")).scalars().all()
    assert found == ["sickness or absence", "arrest or custody", "other", None, None]


def test_a_draft_saved_before_there_was_a_register_is_version_1_with_its_words(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with monkeypatched_head("0004"):
        migrate.upgrade(engine)
    with engine.begin() as conn:
        Maker(conn).areas()
        conn.execute(
            text(
                "INSERT INTO return_draft (programme_id, month, narrative, revision, updated_at, updated_by) VALUES "
                "(1, '2023-06', '{\"highlights\": \"Siân’s words\"}', 3, '2023-07-01 09:30:00.000000', 'mary@example.org')"
            )
        )
    assert migrate.upgrade(engine) is True
    with engine.connect() as conn:
        (held,) = versions.held(conn, 1, "2023-06")
    assert (held.number, held.state.value, held.revision) == (1, "draft", 3)
    assert held.narrative == {"highlights": "Siân’s words"}
    assert (held.authors, held.updated_at) == (("mary@example.org",), datetime(2023, 7, 1, 9, 30))
    assert [s.note for s in held.steps] == ["Carried over from an earlier version of the portal."]


def test_emails_that_wait_know_whose_return_they_tell_of(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with monkeypatched_head("0007"):
        migrate.upgrade(engine)
    written = [
        ("Return TEST-2024-04, revision 3: it is your turn to approve it", "Open it: https://x/returns?programme=TEST&month=2024-04\n"),
        ("Monthly return of Test city, April 2024: due on 15 May 2024", "Open it: https://x/returns?programme=TEST&month=2024-04\n"),
        ("Of a programme that is not there", "Open it: https://x/returns?programme=GONE&month=2024-04\n"),
        ("Of none", "Hello"),
    ]  # fmt: skip
    with engine.begin() as conn:
        Maker(conn)
        for subject, body in written:
            conn.execute(
                text(
                    'INSERT INTO mail_outbox ("to", subject, body, created_at, not_after, attempts, last_error) VALUES '
                    "('mary@example.org', :subject, :body, '2024-05-01', '2024-05-08', 0, '')"
                ),
                {"subject": subject, "body": body},
            )
    assert migrate.upgrade(engine) is True
    with engine.connect() as conn:
        found = conn.execute(text("SELECT programme_id, month, revision FROM mail_outbox ORDER BY id")).all()
    assert found == [(1, "2024-04", 3), (1, "2024-04", None), (None, None, None), (None, None, None)]


def test_pings_kept_as_rows_become_files_and_visits_by_the_rules_of_today(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with monkeypatched_head("0002"):
        migrate.upgrade(engine)
    start = 1_686_006_000_000  # 5 June 2023, 23:00 UTC: the local day is the next one
    row = "INSERT INTO ping (programme_id, load_id, provider, team, device, t_utc_ms, lon, lat) VALUES "
    with engine.begin() as conn:
        made = Maker(conn)
        made.areas()
        load_id = made.load("pings", date(2023, 6, 5), date(2023, 6, 6))
        for n in range(-30, 31):
            conn.execute(text(f"{row}(1, {load_id}, 'outreach', 'A', 'd1', {start + n * 20_000}, -1.129, 52.631)"))
    assert migrate.upgrade(engine) is True
    with engine.connect() as conn:
        held = ping_store.read(conn, 1, "outreach")
        days = [part.local_date for part in ping_store.parts(conn, 1)]
        visits = conn.execute(text("SELECT local_date, patrol_minutes FROM visit ORDER BY local_date")).all()
        dose = conn.execute(text("SELECT rule_patrol_minutes FROM dose_day ORDER BY local_date")).scalars().all()
    assert held.batch.t_ms.tolist() == [start + n * 20_000 for n in range(-30, 31)]
    assert (held.devices, held.teams) == (["d1"], ["A"])
    assert set(zip(held.batch.lon_e7.tolist(), held.batch.lat_e7.tolist(), strict=True)) == {(-11_290_000, 526_310_000)}
    assert days == [date(2023, 6, 5), date(2023, 6, 6)]
    assert visits == [("2023-06-05", 10.0), ("2023-06-06", 10.0)]
    assert dose == [10.0, 10.0]
    assert b"-1.129" not in (tmp_path / "old.sqlite3").read_bytes()


def test_pings_stay_rows_when_moving_them_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with monkeypatched_head("0002"):
        migrate.upgrade(engine)
    with engine.begin() as conn:
        made = Maker(conn)
        load_id = made.load("pings", date(2023, 6, 5), date(2023, 6, 5))
        values = f"(1, {load_id}, 'outreach', 'A', 'd1', 1686000000000, -1.129, 52.631)"
        conn.execute(
            text(
                "INSERT INTO ping (programme_id, load_id, provider, team, device, t_utc_ms, lon, lat) VALUES " + values
            )
        )
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "_count_again", lambda _conn: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            migrate.upgrade(engine)
    assert [p for p in (tmp_path / "pings").rglob("*") if p.is_file()] == []
    with engine.connect() as conn:
        assert conn.execute(text("SELECT count(*) FROM ping")).scalar_one() == 1
    assert migrate.upgrade(engine) is True
    assert len([p for p in (tmp_path / "pings").rglob("*") if p.is_file()]) == 1


@contextmanager
def monkeypatched_head(revision: str) -> Iterator[None]:
    """The portal as it was when its newest migration was ``revision``."""
    real = command.upgrade
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", lambda config, _head: real(config, revision))
        yield


def test_workers_starting_together(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'together.sqlite3'}"
    with ThreadPoolExecutor(6) as pool:
        changed = list(pool.map(lambda _: migrate.upgrade(make_engine(url)), range(6)))
    assert sorted(changed) == [False] * 5 + [True]


def test_a_database_from_the_future_is_refused_with_words(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'future.sqlite3'}")
    migrate.upgrade(engine)
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.MigrationError, match="newer version"):
        migrate.upgrade(engine)
