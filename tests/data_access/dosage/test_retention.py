"""Positions of confirmed months go, their visits stay, and nothing that follows changes them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from data_access import confirmed, ping_store, retention
from data_access import schema as s
from data_access.dosage import recompute_visits, rules_as_json
from data_access.dosage_rules import Rules
from data_access.engine import get_engine, utc_now, writing
from data_access.loading import LOADED, REPLACED, LoadRefused, load_file
from domain.periods import Period
from domain.roles import Role
from domain.scope import OutOfScope, scope_for, server_scope
from tests.data_access.loading.conftest import HOT_SPOTS, collection, square
from tests.factories import NOW

SCOPE = server_scope("mary@example.org")
HEADER = "device,time,longitude,latitude,provider,team\n"


def stand(day: str, minutes: int, device: str = "A1", provider: str = "outreach", hour: int = 15) -> str:
    """A device standing in HS1 for so many minutes, a ping every 20 seconds."""
    return "".join(
        f"{device},{day}T{hour:02d}:{m:02d}:{sec:02d}Z,-1.13,52.63,{provider},A\n"
        for m in range(minutes + 1)
        for sec in (0, 20, 40)
    )


@pytest.fixture
def months(door, monkeypatch):
    """May and June of one provider, a visit each; the portal is set to this database."""
    monkeypatch.setenv("DATA_DIR", str(door.folder))
    monkeypatch.setenv("DATABASE_URL", str(door.engine.url))
    for month, day in (("may", "2023-05-10"), ("june", "2023-06-10")):
        door.load("pings", HEADER + stand(day, 20), f"{month}.csv")
    yield door
    get_engine().dispose()


def visits(door):
    rows = door.rows(s.visit)[["local_date", "provider", "patrol_minutes", "area_id"]]
    return [(day, provider, round(float(minutes)), int(spot)) for day, provider, minutes, spot in rows.to_numpy()]


MAY, JUNE = (date(2023, 5, 10), "outreach", 21, 1), (date(2023, 6, 10), "outreach", 21, 1)


def expire(door, month="2023-05"):
    confirmed.confirm_month(SCOPE, "TEST", month)
    return retention.expire(door.engine, 90, now=utc_now() + timedelta(days=91))


def files(door):
    return sorted(p for p in (door.folder / "pings").rglob("*") if p.is_file())


def events(door):
    return [(row.event, row.actor, row.detail) for row in door.rows(s.audit).itertuples() if "month" in row.detail]


def test_positions_go_when_the_time_is_over_and_visits_stay(months):
    before = months.everything()
    confirmed.confirm_month(SCOPE, "TEST", "2023-05")
    assert list(confirmed.confirmed_months(SCOPE, "TEST")) == ["2023-05"]
    assert not retention.expire(months.engine, 90)
    later = utc_now() + timedelta(days=90, minutes=1)
    would = retention.expire(months.engine, 90, dry_run=True, now=later)
    assert len(files(months)) == 2
    assert retention.expire(months.engine, 90, now=later) == would
    assert [(m.month, m.pings, m.files) for m in would.months] == [("2023-05", 63, 1)]
    assert ["date=2023-06-10" in str(path) for path in files(months)] == [True]
    assert visits(months) == [MAY, JUNE]
    assert months.pings()["t_utc_ms"].size == 63
    assert months.everything() == before | {"audit": before["audit"] + 2, "confirmed_month": 1}
    assert events(months)[-1] == ("pings expired", "retention rule", {"month": "2023-05", "pings": 63, "files": 1})
    assert not retention.expire(months.engine, 90, now=later)


def test_rejected_rows_lose_their_positions_with_the_last_of_their_file(months):
    months.load("pings", HEADER + stand("2023-05-11", 5) + "A9,never,-1.1301,52.6301,outreach,A\n", "with-reject.csv")
    assert "52.6301" in months.rows(s.reject)["raw"].iloc[0]
    expire(months)
    assert months.rows(s.reject)[["field", "raw"]].to_numpy().tolist() == [["time", retention.RAW_EXPIRED]]


def expire_again(door, days=91):
    return retention.expire(door.engine, 90, now=utc_now() + timedelta(days=days))


def words(door):
    return " ".join(f"{row.reason} {row.raw}" for row in door.rows(s.reject).itertuples())


SECRET = "A9,2023-05-10T15:00:00Z,-1.13777SECRETC,52.6301,outreach,A\n"


def test_a_replaced_file_s_rejected_rows_lose_their_words_with_its_months(months):
    """Nothing of a replaced file is left in the store, and yet its rejected rows hold positions."""
    may = HEADER + stand("2023-05-20", 10, "B1")
    months.load("pings", may + SECRET, "a.csv")
    months.load("pings", may + stand("2023-05-21", 5, "B1"), "b.csv", replace=True)
    assert months.rows(s.load).set_index("file_name")["status"]["a.csv"] == "superseded"
    assert "SECRETC" in words(months)
    confirmed.confirm_month(SCOPE, "TEST", "2023-05")
    would = retention.expire(months.engine, 90, dry_run=True, now=utc_now() + timedelta(days=91))
    assert [(t.file_name, t.rows) for t in would.texts] == [("a.csv", 1)]
    assert "SECRETC" in words(months), "a dry run removes nothing"
    assert expire_again(months) == would
    assert "SECRETC" not in words(months)
    assert "52.6301" not in words(months)
    assert months.rows(s.reject)["reason"].tolist() == ["The cell (not kept) is not a coordinate."]
    assert not expire_again(months)


def test_a_file_of_nothing_but_duplicates_loses_the_words_of_its_rejected_rows(months):
    months.load("pings", HEADER + stand("2023-05-20", 5, "B1") + stand("2023-05-20", 5, "B2"), "pair.csv")
    result = months.load("pings", HEADER + stand("2023-05-20", 5, "B2") + SECRET, "again.csv")
    assert (result.loaded, result.duplicate, result.rejected) == (0, 18, 1)
    assert [t.file_name for t in expire(months).texts] == ["again.csv"]
    assert "SECRETC" not in words(months)


def test_a_file_of_two_months_keeps_its_rejected_rows_until_both_are_over(months):
    months.load("pings", HEADER + stand("2023-05-20", 5, "B1") + stand("2023-06-20", 5, "B1") + SECRET, "two.csv")
    assert expire(months).texts == []
    assert "SECRETC" in words(months)
    assert [t.file_name for t in expire(months, "2023-06").texts] == ["two.csv"]
    assert "SECRETC" not in words(months)


def test_no_cell_of_any_field_survives_in_a_reason(months):
    bad = (
        "A9,52.6301SECRET,-1.13,52.63,outreach,A\n" + "A9,2023-05-11T10:00:00Z,-1.13,52.6301SECRET,outreach,A\n"
        "A9,2023-05-11T10:00:00Z,-1.13,52.63,52.6301SECRET,A\n"
        '"A9",2023-05-11T10:00:00Z,"52.6301” SECRET “1",52.63,outreach,A\n'
    )  # fmt: skip
    result = months.load("pings", HEADER + stand("2023-05-11", 5) + bad, "bad.csv")
    assert result.rejected == 4
    assert all("SECRET" in reason for reason in months.rows(s.reject)["reason"])
    expire(months)
    assert "SECRET" not in words(months)
    assert all(retention._CELL_GONE in reason for reason in months.rows(s.reject)["reason"])


def test_databases_expired_before_reasons_were_cleaned_are_cleaned_too(months):
    months.load("pings", HEADER + stand("2023-05-11", 5) + SECRET, "bad.csv")
    with writing(months.engine).begin() as conn:
        conn.execute(update(s.reject).values(raw=retention.RAW_EXPIRED))
    assert [t.file_name for t in expire(months).texts] == ["bad.csv"]
    assert "SECRET" not in words(months)


@pytest.mark.parametrize(("reason", "left"), [
    ("“-1.13” is not a coordinate.", "The cell (not kept) is not a coordinate."),
    ("“cut off in the middle", "The cell (not kept)"),
    ("“a “nested” cell” is not a time.", "The cell (not kept) is not a time."),
    ("An empty cell is not a coordinate.", "An empty cell is not a coordinate."),
    ("Accuracy 52.6301 m is worse than the 50 m that are asked for.",
     "The accuracy is worse than the 50 m that are asked for."),
])  # fmt: skip
def test_a_reason_without_the_words_of_its_row(reason, left):
    assert retention.without_cells(reason) == left
    assert retention.without_cells(left) == left


def test_expired_days_keep_their_visits_through_every_recompute(months):
    expire(months)
    with writing(months.engine).begin() as conn:
        done = recompute_visits(conn, 1)
    assert done.kept == (("outreach", date(2023, 5, 10)),)
    assert visits(months) == [MAY, JUNE]


def test_other_boundaries_keep_the_visits_of_expired_days_and_say_so(months):
    expire(months)
    smaller = collection(HS1=square(-1.2, 52.7), HS2=square(-1.120, 52.635), HS3=square(-1.110, 52.640))
    result = months.load("hot-spots", smaller, "moved.geojson")
    assert visits(months) == [MAY]
    assert any("1 day" in note and "have expired" in note and "10 May 2023" in note for note in result.notes)


def test_a_hot_spot_with_visits_that_cannot_be_counted_again_is_not_removed(months):
    expire(months)
    with pytest.raises(LoadRefused, match=r"HS1 \(1 visit on days whose positions have expired\)"):
        months.load("hot-spots", collection(HS2=square(-1.12, 52.635)), "fewer.geojson")
    assert visits(months) == [MAY, JUNE]


def test_pings_of_an_expired_day_are_rejected_with_the_reason(months):
    expire(months)
    content = HEADER + stand("2023-05-10", 30, "A2") + stand("2023-05-11", 30, "A2")
    result = months.load("pings", content, "late.csv")
    assert (result.read, result.loaded, result.rejected) == (186, 93, 93)
    rejected = months.rows(s.reject)
    assert "retention rule" in rejected["reason"].iloc[0]
    assert set(rejected["raw"]) == {retention.RAW_EXPIRED}, "what has expired does not come back as a rejected row"
    assert visits(months) == [MAY, JUNE, (date(2023, 5, 11), "outreach", 31, 1)]
    with pytest.raises(LoadRefused, match="every one of its 93 rows"):
        months.load("pings", HEADER + stand("2023-05-10", 30, "A3"), "late-too.csv")


def test_a_newer_file_takes_the_place_of_what_has_not_expired(months):
    months.load("pings", HEADER + stand("2023-05-20", 10) + stand("2023-07-20", 10), "two-months.csv")
    expire(months)
    result = months.load("pings", HEADER + stand("2023-07-20", 15), "july.csv")
    assert (result.status, result.loaded) == (REPLACED, 48)
    assert result.difference["by_month"] == {"2023-07": [33, 48]}
    loads = months.rows(s.load).set_index("file_name")["status"]
    assert loads["two-months.csv"] == "current", "the visits of May still rest on it"
    assert visits(months) == [MAY, JUNE, (date(2023, 5, 20), "outreach", 11, 1), (date(2023, 7, 20), "outreach", 16, 1)]


@pytest.mark.parametrize("change", ["late pings", "rules", "boundaries"])
def test_a_change_of_a_confirmed_months_minutes_withdraws_the_confirmation(months, change):
    for month in ("2023-05", "2023-06"):
        confirmed.confirm_month(SCOPE, "TEST", month)
    notes = []
    if change == "late pings":
        notes = months.load("pings", HEADER + stand("2023-06-11", 10, "A2"), "late.csv").notes
    elif change == "boundaries":
        moved = HOT_SPOTS.replace('"Place HS1"}', '"Place HS1", "active_to": "2023-06-01"}')
        assert moved != HOT_SPOTS
        notes = months.load("hot-spots", moved, "moved.geojson").notes
    else:
        with writing(months.engine).begin() as conn:
            conn.execute(s.dosage_rules.insert().values(
                programme_id=1, provider="outreach", rules=rules_as_json(Rules(min_dwell_s=22 * 60)), reason="test",
                moved={}, changed_at=NOW, changed_by="test",
            ))  # fmt: skip
            assert recompute_visits(conn, 1, because="rules changed").withdrawn == ("2023-05", "2023-06")
    said = "Minutes of Jun 2023 changed, so its confirmation is withdrawn."
    assert (said in notes) == (change != "rules")
    left = list(confirmed.confirmed_months(SCOPE, "TEST"))
    assert left == ([] if change == "rules" else ["2023-05"])
    event, actor, detail = events(months)[-1]
    assert (event, detail["month"]) == ("month confirmation withdrawn", "2023-06")
    assert detail["because"] == {
        "late pings": "pings loaded from late.csv", "rules": "rules changed",
        "boundaries": "hot spots loaded from moved.geojson",
    }[change]  # fmt: skip
    assert actor == ("the portal" if change == "rules" else "test")


def test_what_changes_no_minute_leaves_the_confirmation(months):
    confirmed.confirm_month(SCOPE, "TEST", "2023-06")
    months.load("pings", HEADER + stand("2023-07-11", 10), "july.csv")
    months.load("hot-spots", HOT_SPOTS.replace("Place HS1", "Clock Tower"), "renamed.geojson")
    assert list(confirmed.confirmed_months(SCOPE, "TEST")) == ["2023-06"]


def test_who_may_confirm_what(months):
    manager = scope_for("m@example.org", Role.MANAGER, frozenset({"TEST"}))
    confirmed.confirm_month(manager, "TEST", "2023-05")
    with pytest.raises(confirmed.ConfirmationRefused, match="already"):
        confirmed.confirm_month(manager, "TEST", "2023-05")
    with pytest.raises(confirmed.ConfirmationRefused, match="why"):
        confirmed.withdraw_confirmation(manager, "TEST", "2023-05", " ")
    confirmed.withdraw_confirmation(manager, "TEST", "2023-05", "A tracker was missing")
    with pytest.raises(confirmed.ConfirmationRefused, match="not confirmed"):
        confirmed.withdraw_confirmation(manager, "TEST", "2023-05", "Again")
    for month, said in (("2023-04", "No positions"), ("2999-01", "not over"), ("May", "YYYY-MM")):
        with pytest.raises(confirmed.ConfirmationRefused, match=said):
            confirmed.confirm_month(manager, "TEST", month)
    for role in (Role.FUNDER, Role.PARTNER, Role.REVIEWER, Role.ADMINISTRATOR, Role.APPROVER):
        viewer = scope_for("x@example.org", role, frozenset({"TEST"}))
        with pytest.raises(OutOfScope):
            confirmed.confirm_month(viewer, "TEST", "2023-05")
        with pytest.raises(OutOfScope):
            confirmed.withdraw_confirmation(viewer, "TEST", "2023-05", "No")
    with pytest.raises(OutOfScope):
        confirmed.confirm_month(scope_for("m@example.org", Role.MANAGER, frozenset()), "TEST", "2023-05")
    assert [e[0] for e in events(months)] == ["month confirmed", "month confirmation withdrawn"]


def test_the_check_finds_what_is_missing_damaged_or_nobodys(months):
    found = retention.check(months.engine)
    assert (found.files, found.pings, found.problems, found.strangers) == (2, 126, [], [])
    first, second = files(months)
    first.unlink()
    second.write_bytes(second.read_bytes()[:-4])
    stranger = second.with_name("load-99-ffffffff.parquet")
    stranger.write_bytes(b"")
    found = retention.check(months.engine)
    assert [("is not there" in p, "is damaged" in p) for p in found.problems] == [(True, False), (False, True)]
    assert [path.rsplit("/", 1)[1] for path in found.strangers] == [stranger.name]
    assert retention.sweep(months.engine) == found.strangers
    assert files(months) == [second]


def test_a_load_whose_file_is_damaged_comes_back_with_its_extract(months):
    path = next(p for p in files(months) if "2023-05" in str(p))
    path.write_bytes(b"something else")
    with pytest.raises(LoadRefused, match=r"10 May 2023 cannot be read.*may.csv \(load 3\)"):
        months.load("pings", HEADER + stand("2023-05-11", 5), "next.csv")
    with pytest.raises(LoadRefused, match=r"may\.csv"):
        months.load("hot-spots", HOT_SPOTS.replace("Place HS1", "Clock Tower"), "other.geojson")
    assert visits(months) == [MAY, JUNE], "never a smaller number"
    result = months.load("pings", HEADER + stand("2023-05-10", 20), "may.csv", again=True)
    assert (result.status, result.loaded, result.difference["rows_before"]) == (REPLACED, 63, 63)
    assert visits(months) == [JUNE, MAY]
    assert retention.check(months.engine).problems == []
    assert len(files(months)) == 2


def test_a_dry_run_says_what_a_load_would_and_leaves_nothing(months):
    before, held = months.everything(), files(months)
    path = months.write("july.csv", HEADER + stand("2023-07-10", 20) + "A9,never,0,0,outreach,A\n")
    would = load_file(months.engine, "pings", path, actor="test", dry_run=True)
    assert (would.status, would.read, would.loaded, would.rejected, would.load_id) == (LOADED, 64, 63, 1, None)
    assert (months.everything(), files(months)) == (before, held)
    real = load_file(months.engine, "pings", path, actor="test")
    assert {**real.as_dict(), "load_id": None} == would.as_dict()


def test_a_day_before_and_after_an_expired_one_is_not_read(months):
    months.load("pings", HEADER + stand("2023-06-01", 20), "june-1.csv")
    expire(months)
    with months.engine.connect() as conn:
        assert not ping_store.read(conn, 1, "outreach", Period(date(2023, 5, 1), date(2023, 5, 31))).batch.t_ms.size
        assert conn.execute(
            select(s.ping_part.c.expired_at).where(s.ping_part.c.local_date < date(2023, 6, 1))
        ).scalar()
    with writing(months.engine).begin() as conn:
        conn.execute(update(s.confirmed_month).values(confirmed_at=NOW))
        assert recompute_visits(conn, 1, Period(date(2023, 6, 1), date(2023, 6, 1))).withdrawn == ()
