"""Killed at any moment and started again: nothing lost, nothing doubled, nothing left over."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from data_access.engine import make_engine
from data_access.loading import load_file
from data_access.migrate import upgrade
from tests import interrupted
from tests.data_access.loading.conftest import HOT_SPOTS, PROGRAMME, collection, square

PINGS = "device,time,longitude,latitude,provider,team\n"
CRIMES = "reference,occurred_from,offence_group,longitude,latitude\n"
SMALLER = collection(HS1=square(-1.130, 52.630, 0.001), HS2=square(-1.120, 52.635), HS3=square(-1.110, 52.640))


def shift(day: int, provider: str, device: str, minutes: int = 40) -> str:
    """To and fro across the boundary of HS1, over midnight, a ping every 20 seconds."""
    rows = []
    for n in range(minutes * 3):
        minute, second = divmod(n * 20, 60)
        hour, minute = divmod(22 * 60 + 45 + minute, 60)
        lon = -1.13 + (n % 17 - 8) * 0.0004
        rows.append(f"{device},2023-06-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}Z,{lon:.5f},52.63,{provider},A\n")
    return "".join(rows)


@pytest.fixture(scope="module")
def extracts(tmp_path_factory) -> list[tuple[str, str]]:
    """Pings, crimes, pings that replace others, boundaries that count everything again, another provider."""
    folder = tmp_path_factory.mktemp("extracts")
    first = shift(5, "outreach", "A1") + shift(5, "outreach", "A2")
    crimes = "".join(f"R{n},2023-06-{n % 28 + 1:02d} 21:00,Violence,-1.13,52.63{n % 10}\n" for n in range(60))
    contents = (
        ("pings", "june.csv", PINGS + first + shift(6, "outreach", "A1", 20)),
        ("crimes", "crimes.csv", CRIMES + crimes),
        ("pings", "june-corrected.csv", PINGS + first + shift(6, "outreach", "A1") + shift(7, "outreach", "A2")),
        ("hot-spots", "smaller.geojson", SMALLER),
        (
            "crimes",
            "crimes-corrected.csv",
            CRIMES + crimes.replace("R7,", "R77,") + "R90,nonsense,Violence,-1.13,52.63\n",
        ),
        ("pings", "police.csv", PINGS + shift(6, "police-overtime", "P1") + "P1,never,0,0,police-overtime,A\n"),
    )
    for _, name, content in contents:
        (folder / name).write_text(content)
    return [(kind, str(folder / name)) for kind, name, _ in contents]


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    begin(f"sqlite:///{folder / 'portal.sqlite3'}", folder)
    return folder


def begin(url: str, folder: Path) -> None:
    """A programme and its hot spots."""
    (folder / "programme.toml").write_text(PROGRAMME)
    (folder / "spots.geojson").write_text(HOT_SPOTS)
    engine = make_engine(url)
    upgrade(engine)
    load_file(engine, "programme", folder / "programme.toml", actor="test")
    load_file(engine, "hot-spots", folder / "spots.geojson", programme_code="TEST", actor="test")
    engine.dispose()


@pytest.fixture
def fresh(template, tmp_path) -> Callable[[], str]:
    """Addresses of new databases, each in a folder of its own."""
    numbers = iter(range(1000))

    def make() -> str:
        folder = shutil.copytree(template, tmp_path / str(next(numbers)))
        return f"sqlite:///{folder / 'portal.sqlite3'}"

    return make


@pytest.fixture(scope="module")
def start():
    return interrupted.starter()


@pytest.fixture(scope="module")
def undisturbed(template, tmp_path_factory, extracts, start):
    """What an undisturbed run leaves, how long it takes and how often it touches files."""
    folder = shutil.copytree(template, tmp_path_factory.mktemp("undisturbed") / "data")
    url = f"sqlite:///{folder / 'portal.sqlite3'}"
    assert interrupted.run(start.Process(target=interrupted.load_all, args=(url, []))) == 0  # everything is imported
    touched = start.Value("i", 0)
    began = time.monotonic()
    assert interrupted.run(start.Process(target=interrupted.load_all, args=(url, extracts, 0, touched))) == 0
    took = time.monotonic() - began
    engine = make_engine(url)
    found = interrupted.state(engine)
    assert len(found["visit"]) > 5
    assert len(found["crime"]) == 60
    assert [row[0] for row in found["reject"]] == ["crimes-corrected.csv", "police.csv"]
    engine.dispose()
    return found, took, touched.value


def finish(url, extracts, start, undisturbed, store="") -> None:
    """Start once more and let it end: all is as if nothing had happened."""
    assert interrupted.run(start.Process(target=interrupted.load_all, args=(url, extracts, 0, None, store))) == 0
    engine = make_engine(url)
    assert interrupted.state(engine) == undisturbed[0]
    # The next write takes away what the last killed one may have left.
    extra = Path(extracts[0][1]).with_name("next.csv")
    extra.write_text(CRIMES + "R1,2024-01-01 21:00,Violence,-1.13,52.63\n")
    load_file(engine, "crimes", extra, programme_code="TEST", actor="test")
    there, named = interrupted.files_in_store(engine)
    assert there == named
    engine.dispose()


@pytest.mark.parametrize("seed", range(4))
def test_killed_after_a_random_time_again_and_again(fresh, extracts, start, undisturbed, seed):
    chance, most_s = random.Random(seed), undisturbed[1]
    url, codes = fresh(), [0]
    while codes[-1] == 0:  # this computer was quicker than it had been: once more, with less time
        most_s *= 0.8
        url, codes = fresh(), []
        for _ in range(3):
            process = start.Process(target=interrupted.load_all, args=(url, extracts))
            codes.append(interrupted.run(process, chance.uniform(0.02, most_s)))
            most_s *= 0.8
    assert set(codes) <= {-9, 0}
    finish(url, extracts, start, undisturbed)


@pytest.mark.parametrize("seed", range(8))
def test_killed_while_touching_a_file(fresh, extracts, start, undisturbed, seed):
    at = random.Random(seed).sample(range(1, undisturbed[2] + 1), 2)
    url = fresh()
    codes = [interrupted.run(start.Process(target=interrupted.load_all, args=(url, extracts, n))) for n in at]
    assert codes[0] == -9
    finish(url, extracts, start, undisturbed)


def test_two_at_once_load_everything_once(fresh, extracts, start, undisturbed):
    url = fresh()
    pair = [start.Process(target=interrupted.load_all, args=(url, extracts)) for _ in range(2)]
    for process in pair:
        process.start()
    for process in pair:
        process.join()
    assert [process.exitcode for process in pair] == [0, 0]
    finish(url, extracts, start, undisturbed)


def test_one_of_two_is_killed_and_the_other_goes_on(fresh, extracts, start, undisturbed):
    url = fresh()
    other = start.Process(target=interrupted.load_all, args=(url, extracts))
    other.start()
    killed = start.Process(target=interrupted.load_all, args=(url, extracts))
    assert interrupted.run(killed, undisturbed[1] / 2) in (-9, 0)
    other.join()
    assert other.exitcode == 0
    finish(url, extracts, start, undisturbed)


@pytest.mark.parametrize("seed", range(1))
def test_killed_on_postgresql(postgresql, tmp_path, monkeypatch, extracts, start, undisturbed, seed):
    store = str(tmp_path / "pings")
    monkeypatch.setenv("PING_STORE", store)
    url = postgresql.url(f"killed-{seed}")
    begin(url, tmp_path)
    chance = random.Random(seed)
    for _ in range(3):
        process = start.Process(target=interrupted.load_all, args=(url, extracts, 0, None, store))
        interrupted.run(process, chance.uniform(0.02, undisturbed[1]))
    finish(url, extracts, start, undisturbed, store)
    assert len(list(Path(store).rglob("*.parquet"))) > 3
