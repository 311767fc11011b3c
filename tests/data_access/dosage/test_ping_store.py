"""The ping store gives back exactly what was written, or says which load to load again."""

from __future__ import annotations

import stat
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data_access import ping_store
from data_access.schema import ping_part, programme
from domain.periods import LONDON, Period
from tests.factories import NOW, Maker, new_database


def frame_of(rows) -> pd.DataFrame:
    """Rows (provider, device, team, UTC text, lon, lat)."""
    table = pd.DataFrame(rows, columns=["provider", "device", "team", "t", "lon", "lat"])
    when = pd.to_datetime(table.pop("t"), utc=True)
    table["t_utc_ms"] = when.dt.as_unit("ms").astype("int64")
    table["local_date"] = when.dt.tz_convert(LONDON).dt.tz_localize(None).dt.normalize()
    return table


ROWS = [
    ("outreach", "d2", "A", "2023-06-05T22:59:59Z", -1.13, 52.63),
    ("outreach", "d2", "A", "2023-06-05T23:00:00Z", -1.1312345, 52.6312345),  # the next local day
    ("outreach", "d1", "A", "2023-06-05T10:00:10Z", -1.12, 52.62),
    ("outreach", "d1", "B", "2023-06-05T10:00:00Z", 1.12, -52.62),
    ("police", "d1", "A", "2023-06-05T10:00:00Z", 0.0, 52.5),
]


@pytest.fixture
def engine(tmp_path):
    engine = new_database(tmp_path / "portal.sqlite3")
    with engine.begin() as conn:
        Maker(conn).load("pings")
    yield engine
    engine.dispose()


def write(engine, frame) -> None:
    with ping_store.transaction(engine) as conn:
        assert ping_store.write(conn, 1, 1, frame) == len(frame)


def fail_after(engine, act) -> None:
    """A transaction that does something and then fails."""

    def run() -> None:
        with ping_store.transaction(engine) as conn:
            act(conn)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()


def files(engine):
    with engine.connect() as conn:
        root = ping_store.root_of(conn)
    return sorted(p for p in root.rglob("*") if p.is_file())


def held(engine, provider="outreach", days=None):
    with engine.connect() as conn:
        found = ping_store.read(conn, 1, provider, days)
    b = found.batch
    names = [(found.devices[d], found.teams[t]) for d, t in zip(b.device, b.team, strict=True)]
    return list(zip(names, b.t_ms.tolist(), b.lon_e7.tolist(), b.lat_e7.tolist(), strict=True))


def test_pings_lie_by_provider_and_local_day_for_their_owner_alone(engine, tmp_path):
    write(engine, frame_of(ROWS))
    found = files(engine)
    assert [p.parent.relative_to(tmp_path / "pings").parts[1:] for p in found] == [
        ("provider=outreach", "date=2023-06-05"), ("provider=outreach", "date=2023-06-06"),
        ("provider=police", "date=2023-06-05"),
    ]  # fmt: skip
    assert {stat.S_IMODE(p.stat().st_mode) for p in found} == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "pings").rglob("*") if p.is_dir()} == {0o700}


def test_what_is_read_is_what_was_written_in_order_of_device_and_time(engine):
    write(engine, frame_of(ROWS))
    rows = held(engine)
    assert [(device, lon, lat) for (device, _), _, lon, lat in rows] == [
        ("d1", 11_200_000, -526_200_000), ("d1", -11_200_000, 526_200_000),
        ("d2", -11_300_000, 526_300_000), ("d2", -11_312_345, 526_312_345),
    ]  # fmt: skip
    assert [team for (_, team), *_ in rows] == ["B", "A", "A", "A"]
    assert held(engine, days=Period(date(2023, 6, 6), date(2023, 6, 6))) == rows[3:]
    assert [d for d, *_ in held(engine, "police")] == [("d1", "A")]
    assert held(engine, "nobody") == []


def test_a_transaction_that_fails_leaves_no_file(engine):
    seen = []

    def act(conn) -> None:
        ping_store.write(conn, 1, 1, frame_of(ROWS))
        seen.extend(files(engine))

    fail_after(engine, act)
    assert len(seen) == 4  # three days and the list of them
    assert files(engine) == []
    assert held(engine) == []


def test_files_of_a_removed_load_go_once_that_is_committed(engine):
    write(engine, frame_of(ROWS))
    before = files(engine)
    fail_after(engine, lambda conn: ping_store.remove(conn, 1, [1]))
    assert files(engine) == before
    with ping_store.transaction(engine) as conn:
        ping_store.remove(conn, 1, [1])
        assert set(before) < set(files(engine))
    assert files(engine) == []


@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_a_file_that_is_not_whole_is_never_read_as_fewer_pings(engine, harm):
    write(engine, frame_of(ROWS))
    path = files(engine)[0]
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:-9] if harm == "cut" else data[:40] + bytes([data[40] ^ 1]) + data[41:])
    said = "is not there" if harm == "gone" else "is damaged"
    with pytest.raises(ping_store.StoreError, match=rf"5 Jun 2023.*{said}.*pings.csv \(load 1\).*--again"):
        held(engine)
    assert held(engine, days=Period(date(2023, 6, 6), date(2023, 6, 6)))


def test_pings_replaced_while_they_are_read_are_not_called_lost(engine):
    write(engine, frame_of(ROWS))
    with engine.connect() as reader:
        part = ping_store.parts(reader, 1)[0]  # the reader's view of the data begins here
        with ping_store.transaction(engine) as conn:
            ping_store.remove(conn, 1, [1])
        with pytest.raises(ping_store.StoreError, match="changed while they were being read"):
            ping_store.read_part(reader, part)


def test_left_overs_of_an_interrupted_write_go_and_nothing_else_does(engine, tmp_path, monkeypatch):
    write(engine, frame_of(ROWS))
    whole = files(engine)
    with monkeypatch.context() as patch:
        patch.setattr(ping_store, "_follow_outcome", lambda *_: None)  # as if the process had ended here
        fail_after(engine, lambda conn: ping_store.write(conn, 1, 1, frame_of(ROWS)))
    stranger = whole[0].with_name("load-of-somebody-else.parquet")
    stranger.write_bytes(b"not on any list")
    assert len(files(engine)) > len(whole) + 1
    with ping_store.transaction(engine) as conn:
        ping_store.finish_interrupted(conn, 1)
    assert files(engine) == sorted([*whole, stranger])


def test_two_databases_in_one_folder_keep_apart(engine, tmp_path):
    other = new_database(tmp_path / "other.sqlite3")
    with other.begin() as conn:
        Maker(conn).load("pings")
        conn.execute(programme.update().values(created_at=NOW.replace(microsecond=1)))
    write(engine, frame_of(ROWS))
    write(other, frame_of(ROWS[:1]))
    with ping_store.transaction(other) as conn:
        ping_store.remove(conn, 1, [1])
        ping_store.finish_interrupted(conn, 1)
    assert len(held(engine)) == 4
    other.dispose()


times = st.integers(1_685_000_000_000, 1_688_000_000_000)
degrees = st.integers(-(2**31) + 1, 2**31 - 1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("XY"), times, degrees, degrees), min_size=1))
def test_any_pings_come_back_exactly(tmp_path_factory, rows):
    engine = new_database(tmp_path_factory.mktemp("store") / "portal.sqlite3")
    with engine.begin() as conn:
        Maker(conn).load("pings")
    frame = pd.DataFrame(rows, columns=["device", "team", "t_utc_ms", "lon", "lat"])
    frame[["lon", "lat"]] /= 1e7
    local = pd.to_datetime(frame["t_utc_ms"], unit="ms", utc=True).dt.tz_convert(LONDON).dt.tz_localize(None)
    write(engine, frame.assign(provider="p", local_date=local.dt.normalize()))
    found = [(d, t, ms, lon, lat) for (d, t), ms, lon, lat in held(engine, "p")]
    assert sorted(found) == sorted(rows)
    by_device = [[ms for d, _, ms, *_ in found if d == device] for device in dict.fromkeys(d for d, *_ in found)]
    assert [ms for times in by_device for ms in times] == [ms for _, _, ms, *_ in found]
    assert all(times == sorted(times) for times in by_device)
    with engine.connect() as conn:
        assert sum(conn.execute(select(ping_part.c.pings)).scalars()) == len(rows)
    engine.dispose()
    assert np.all([p.name.startswith("load-1-") for p in files(engine)])
