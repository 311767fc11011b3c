"""Whatever is done to a file: every row is accounted for, or the file is refused and nothing changes."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import schema as s
from data_access.loading import LoadRefused
from tests.data_access.loading.conftest import HOT_SPOTS, PROGRAMME

FILES = {
    "police-uk": (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\n"
        'a1,2023-01,Test Police,Test Police,-1.130,52.630,"On or near A, B",E01,Here,Drugs,Under investigation,\n'
        ",2023-01,Test Police,Test Police,-1.130,52.630,On or near ,E01,Here,Anti-social behaviour,,\n"
    ),
    "crimes": (
        "crime_ref;occurred_from;occurred_to;offence_code;offence_group;easting;northing\n"
        "r1;13/02/2023 14:05;13/02/2023 15:05;8/06;Violence;458900,5;304100\nr2;2023-02-14;;;Theft;;\n"
    ),
    "pings": "device\ttime\tlon\tlat\tprovider\tteam\nd1\t2023-02-13T14:00:00Z\t-1.13\t52.63\toutreach\tA\nd1\t1676296860\t-1.13\t52.63\toutreach\tA\n",
    "plan": "date,hot_spot,provider,planned_minutes,planned_start,abstracted_minutes\n2023-02-13,HS1,outreach,40,14:00,5\n2023-02-14,HS2,outreach,40,,\n",
    "costs": 'month,provider,category,flow,amount_gbp,note\n2023-02,outreach,Staff,spend,"£1,234.50",x\n2023-03,,Training,forecast,5,\n',
    "engagements": "date,provider,measure,count,hot_spot\n2023-02-13,outreach,arrests,2,HS1\n2023-02-13,outreach,safeguarding,1,\n",
    "comparators": "month,place,crimes,role\n2023-02,Derby,40,\n2023-03,Derby,41,comparator\n2023-03,North Street,4,candidate\n",
    "conditions": "date,event,rain_mm,temperature_c\n2023-02-13,1,0.4,7.5\n2023-02-14,,,-2\n",
    "weights": "offence_code,offence_title,offence_group,harm_days,edition\n8/06,Assault,,19,e1\n,,Theft,2,e1\n",
    "hot-spots": HOT_SPOTS,
    "programme": PROGRAMME,
    "case-studies": json.dumps({"case_studies": [dict.fromkeys(
        ("reference", "theme", "title", "situation", "action", "outcome", "author"), "x")]}),
}  # fmt: skip
NASTY = ["", ",", ";", "\t", '"', "\n", "\r", "\r\n", "\0", "\ufeff", "é", "\u2028", "\x0b", "\x1a", "-", "0", "9" * 400, "1e999",
         "NaN", "inf", "9999-12-31", "0001-01-01", "2023-03-26 01:30", "2023-02-30", "null", "{", "[", "}", "]", "=1+1", " "]  # fmt: skip


def mutate(text: str, seed: int, times: int) -> bytes:
    rng = random.Random(seed)
    for _ in range(times):
        at, to = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        if to - at > 40 and rng.random() < 0.8:
            to = at + rng.randint(0, 6)
        kind = rng.random()
        if kind < 0.5:
            text = text[:at] + rng.choice(NASTY) + text[to:]
        elif kind < 0.7:
            text = text[:at] + text[at:to] * 2 + text[to:]
        elif kind < 0.9:
            lines = text.split("\n")
            rng.shuffle(lines)
            text = "\n".join([text.split("\n")[0], *lines]) if rng.random() < 0.7 else "\n".join(lines)
        else:
            text = text[:to]
    data = text.encode(rng.choice(["utf-8", "utf-8", "cp1252", "utf-16"]), errors="replace")
    if rng.random() < 0.1 and data:
        spot = rng.randrange(len(data))
        data = data[:spot] + bytes([rng.randrange(256)]) + data[spot + 1 :]
    return data


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(seed=st.integers(0, 10**6), times=st.integers(1, 4))
def test_rows_are_accounted_for_or_the_file_is_refused(door, kind, seed, times):
    before = door.everything()
    content = mutate(FILES[kind], seed, times)
    name = {"hot-spots": "f.geojson", "programme": "f.toml", "case-studies": "f.json"}.get(kind, "f.csv")
    try:
        result = door.load(kind, content, name, code_property="")
    except LoadRefused:
        assert door.everything() == before
        return
    assert result.read == result.loaded + result.duplicate + result.rejected
    after = door.everything()
    if result.status == "already loaded":
        assert after == before
        return
    load = door.rows(s.load).iloc[-1]
    assert (load["rows_read"], load["rows_rejected"]) == (result.read, result.rejected)
    assert after["reject"] - before["reject"] == result.rejected
    assert after["audit"] - before["audit"] == 1
    assert json.dumps(result.as_dict())
