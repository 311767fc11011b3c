"""What the Data page is told: lists, rejected rows, totals, quality, and which months look short."""

from __future__ import annotations

import pytest

from data_access import loads
from domain.roles import Role
from domain.scope import OutOfScope, scope_for, server_scope
from tests.data_access.loading.test_every_kind import CRIMES


@pytest.fixture
def loaded(door, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(door.folder))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{door.folder / 'portal.sqlite3'}")
    door.crimes = door.load("crimes", CRIMES, "crimes.csv")
    return door


def scope(role: Role, code: str = "TEST"):
    return scope_for("someone@example.org", role, frozenset({code}))


def test_loads_are_listed_newest_first_with_their_counts(loaded):
    frame = loads.list_loads(scope(Role.MANAGER), "TEST")
    assert frame["kind"].tolist() == ["crimes", "hot-spots", "programme"]
    first = frame.iloc[0]
    assert first["rows_read"] == first["rows_loaded"] + first["rows_duplicate"] + first["rows_rejected"]
    assert any("Europe/London" in note for note in first["notes"])


def test_notes_and_differences_do_not_undo_the_rounding(loaded):
    """The note "2 inside, 1 outside" would tell what the quality table rounds."""
    lines = CRIMES.splitlines(keepends=True)
    loaded.load("crimes", "".join(lines[:-1]), "newer.csv")
    told = loads.list_loads(scope(Role.REVIEWER), "TEST")
    assert any("inside" in note for notes in told["notes"] for note in notes)
    assert told["difference"].map(bool).any()
    held = loads.list_loads(scope(Role.INFORMATION_GOVERNANCE), "TEST")
    assert not held["notes"].map(bool).any()
    assert not held["difference"].map(bool).any()
    assert held["rows_read"].tolist() == told["rows_read"].tolist()


def test_rejected_rows_are_for_those_who_may_mend_them(loaded):
    frame = loads.rejects(scope(Role.MANAGER), "TEST", loaded.crimes.load_id)
    assert frame["row_number"].tolist() == [6, 7, 8, 9]
    assert frame["raw"].iloc[0] == CRIMES.splitlines()[5]
    for role in (Role.FUNDER, Role.REVIEWER, Role.APPROVER, Role.ADMINISTRATOR):
        with pytest.raises(OutOfScope):
            loads.rejects(scope(role), "TEST", loaded.crimes.load_id)


def test_rejected_rows_of_another_programme_cannot_be_reached_through_ones_own(loaded):
    other = 'code = "OTHER"\nname = "Other"\nforce = "F"\narea_name = "Other"\n'
    loaded.load("programme", other, "other.toml")
    with pytest.raises(LookupError):
        loads.rejects(scope(Role.MANAGER, "OTHER"), "OTHER", loaded.crimes.load_id)
    with pytest.raises(OutOfScope):
        loads.rejects(scope(Role.MANAGER, "OTHER"), "TEST", loaded.crimes.load_id)


def test_totals_leave_out_what_was_replaced(loaded):
    lines = CRIMES.splitlines(keepends=True)
    loaded.load("crimes", "".join(lines[:-1]), "newer.csv")
    frame = loads.reconciliation(scope(Role.MANAGER), "TEST").set_index("kind")
    assert frame.loc["crimes"].tolist() == [1, 8, 4, 0, 4]


def test_quality_counts_add_up_and_are_rounded_outside_the_operational_roles(loaded):
    exact = loads.quality(scope(Role.MANAGER), "TEST").set_index("measure")
    assert exact["count"].to_dict() == {
        "Crimes and incidents held": 4, "With coordinates": 3, "Without coordinates": 1, "Inside an area": 2,
        "Outside every area": 1, "Crimes not scored for harm": 3, "Rejected rows": 4, "Months that look under-supplied": 0,
    }  # fmt: skip
    assert exact.loc["With coordinates", "share"] == 0.75
    rounded = loads.quality(scope(Role.INFORMATION_GOVERNANCE), "TEST").set_index("measure")
    assert (rounded.loc["With coordinates":"Rejected rows", "count"] % 5 == 0).all()


def test_nobody_sees_loads_without_the_permission(loaded):
    for ask in (loads.list_loads, loads.quality, loads.reconciliation):
        with pytest.raises(OutOfScope):
            ask(scope(Role.FUNDER), "TEST")
    with pytest.raises(OutOfScope):
        loads.undersupplied_months(scope(Role.ADMINISTRATOR), "TEST")


def months_of(counts: dict[str, int]) -> str:
    head = "Month,Reported by,Longitude,Latitude,Crime type\n"
    return head + "".join(f"{month},Test Police,,,Drugs\n" * n for month, n in counts.items())


@pytest.mark.parametrize(
    ("changes", "flagged"),
    [
        ({}, []),
        ({"2023-06": 820}, ["2023-06"]),
        ({"2023-06": 930}, []),  # 7% short
        ({"2023-06": 600, "2023-07": 600}, ["2023-06", "2023-07"]),  # a short neighbour hides nothing
        ({"2023-12": 850}, []),  # the last month has one side only: 15% may be the season
        ({"2023-12": 700}, ["2023-12"]),
        ({"2023-02": 903}, []),  # 28 days' worth
    ],
)
def test_short_months_are_flagged_by_their_neighbours(loaded, changes, flagged):
    counts = {f"2023-{m:02d}": 1000 for m in range(1, 13)} | changes
    loaded.load("police-uk", months_of(counts), "months.csv")
    found = loads.undersupplied_months(server_scope(), "TEST")
    assert [item.month for item in found if "Test Police" in item.sentence] == flagged
    assert all("Nothing was corrected" in item.sentence for item in found)


def test_small_counts_are_not_flagged_for_chance(loaded):
    loaded.load("police-uk", months_of({f"2023-{m:02d}": 20 for m in range(1, 13)} | {"2023-06": 12}), "months.csv")
    assert loads.undersupplied_months(server_scope(), "TEST") == []
