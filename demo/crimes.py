"""Dated crimes and anti-social behaviour incidents, calibrated to the published counts and harm.

Counts of the two windows are drawn as a multinomial (that is, Poisson counts given their total) over
hot spot-days whose rates carry season, weekday, the 2020-21 lockdowns, patrols and extra variation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from demo.calendar import BEFORE, CRIME_DAYS, DURING, SERVICE_FROM, day_at, day_index, stream
from demo.offences import ASB_GROUP, ASB_TITLES, OFFENCES, SCORED, Offence
from demo.places import PLACES, points_in, points_outside, polygons
from domain.periods import Period

# Published results of the practice note the demonstration is shaped after. Only this generator knows them.
CRIMES_BEFORE, CRIMES_DURING = 416, 252
HARM_BEFORE, HARM_DURING = 60_314, 38_421

PATROL_DAY_RATIO = 0.8
SEASON = (0.90, 0.92, 0.97, 1.00, 1.05, 1.08, 1.10, 1.07, 1.02, 1.04, 0.98, 0.93)
WEEKDAY = (0.86, 0.84, 0.88, 0.96, 1.20, 1.34, 0.92)
LOCKDOWNS = (
    (Period(date(2020, 3, 23), date(2020, 6, 14)), 0.38),
    (Period(date(2020, 6, 15), date(2020, 11, 4)), 0.66),  # Leicester stayed restricted longest
    (Period(date(2020, 11, 5), date(2021, 4, 11)), 0.48),
    (Period(date(2021, 4, 12), date(2021, 7, 18)), 0.80),
)
HEADER = (
    "crime_ref",
    "occurred_from",
    "occurred_to",
    "offence_code",
    "offence_title",
    "offence_group",
    "longitude",
    "latitude",
)


@dataclass
class Crime:
    day: date
    offence: Offence | None  # None: an anti-social behaviour incident
    place: int | None  # None: outside every hot spot


def _level(day: date) -> float:
    """Slow change: a first effect of the 15-minute visits, then a gradual one as practice improved."""
    if day < SERVICE_FROM:
        return 1.0
    if day < DURING.start:
        return 0.90
    done = (min(day, DURING.end) - DURING.start).days / DURING.days
    return 1.12 - 0.22 * done


def _lockdown(day: date) -> float:
    return next((share for period, share in LOCKDOWNS if period.start <= day <= period.end), 1.0)


def daily_rates(patrolled: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Relative rates (places, days) with extra variation by hot spot and week."""
    days = np.array([SEASON[d.month - 1] * WEEKDAY[d.weekday()] * _lockdown(d) * _level(d) for d in CRIME_DAYS])
    weeks = np.arange(len(CRIME_DAYS)) // 7
    extra = rng.gamma(7.0, 1 / 7.0, (len(PLACES), weeks[-1] + 1))[:, weeks]
    shares = np.array([p.share for p in PLACES])[:, None]
    return shares * days * extra * np.where(patrolled, PATROL_DAY_RATIO, 1.0)


def _columns(period: Period) -> slice:
    return slice(day_index(period.start), day_index(period.end) + 1)


def draw_counts(rates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Crimes by place and day: exact totals in the two windows, Poisson at the same level elsewhere."""
    before, during = _columns(BEFORE), _columns(DURING)
    counts = np.zeros(rates.shape, int)
    scale = CRIMES_BEFORE / rates[:, before].sum()
    counts[:, : before.start] = rng.poisson(rates[:, : before.start] * scale)
    scale = CRIMES_DURING / rates[:, during].sum()
    counts[:, during.stop :] = rng.poisson(rates[:, during.stop :] * scale)
    for columns, total in ((before, CRIMES_BEFORE), (during, CRIMES_DURING)):
        share = rates[:, columns] / rates[:, columns].sum()
        counts[:, columns] = rng.multinomial(total, share.ravel()).reshape(share.shape)
    return counts


def _offences(count: int, pool: tuple[Offence, ...], rng: np.random.Generator) -> list[Offence]:
    mix = np.array([o.mix for o in pool])
    return [pool[i] for i in rng.choice(len(pool), size=count, p=mix / mix.sum())]


def match_harm(offences: list[Offence], total: int, rng: np.random.Generator) -> list[Offence]:
    """Change a few offences, each time the one that comes nearest, until the weights add up to ``total`` exactly."""
    found, left = list(offences), total - sum(o.harm_days or 0 for o in offences)
    order = [int(i) for i in rng.permutation(len(found))]
    while left:
        changes = (
            (abs(left - _change(found[i], new)), n, m) for n, i in enumerate(order) for m, new in enumerate(SCORED)
        )
        distance, n, m = min(changes, default=(abs(left), 0, 0))
        if distance >= abs(left):
            raise ValueError(f"No mix of {len(found)} offences has a harm of {total} days.")
        index = order[n]
        left -= _change(found[index], SCORED[m])
        found[index] = SCORED[m]
    return found


def _change(old: Offence, new: Offence) -> int:
    return (new.harm_days or 0) - (old.harm_days or 0)


def _crimes_of(counts: np.ndarray) -> list[Crime]:
    return [Crime(day_at(int(c)), None, int(p)) for p, c in np.argwhere(counts) for _ in range(counts[p, c])]


def hot_spot_crimes(patrolled: np.ndarray, rng: np.random.Generator) -> list[Crime]:
    counts = draw_counts(daily_rates(patrolled, rng), rng)
    crimes = _crimes_of(counts)
    for period, harm in ((BEFORE, HARM_BEFORE), (DURING, HARM_DURING)):
        inside = [c for c in crimes if period.start <= c.day <= period.end]
        offences = match_harm(_offences(len(inside), SCORED, rng), harm, rng)
        for crime, offence in zip(inside, offences, strict=True):
            crime.offence = offence
    rest = [c for c in crimes if c.offence is None]
    for crime, offence in zip(rest, _offences(len(rest), OFFENCES, rng), strict=True):
        crime.offence = offence
    return crimes


def hot_spot_incidents(rng: np.random.Generator) -> list[Crime]:
    """Anti-social behaviour in hot spots: about 45 a month, fewer in lockdown and a little fewer in service."""
    days = np.array(
        [
            SEASON[d.month - 1] * _lockdown(d) * (0.5 + 0.5 * _level(d)) * (1.5 if d < SERVICE_FROM else 1.35)
            for d in CRIME_DAYS
        ]
    )
    shares = np.array([p.share for p in PLACES])[:, None]
    extra = rng.gamma(5.0, 1 / 5.0, (len(PLACES), len(CRIME_DAYS)))
    return _crimes_of(rng.poisson(shares * days * extra))


def elsewhere(rng: np.random.Generator) -> list[Crime]:
    """Crimes and incidents around the hot spots, about 150 and 60 a month."""
    base = np.array([SEASON[d.month - 1] * WEEKDAY[d.weekday()] * (0.25 + 0.75 * _lockdown(d)) for d in CRIME_DAYS])
    found: list[Crime] = []
    for daily, scored in ((5.0, True), (2.0, False)):
        counts = rng.poisson(base * daily * rng.gamma(12.0, 1 / 12.0, len(base)))
        offences = iter(_offences(int(counts.sum()), OFFENCES, rng))
        for column in np.flatnonzero(counts):
            found += [
                Crime(day_at(int(column)), next(offences) if scored else None, None) for _ in range(counts[column])
            ]
    return found


def _times(crime: Crime, rng: np.random.Generator) -> tuple[datetime, datetime]:
    """Start and end: evenings for violence, shop hours for theft; one in seven is known only within hours."""
    rhythm = crime.offence.rhythm if crime.offence else "any"
    mean, spread = {"night": (20.6, 3.4), "day": (15.4, 2.8), "any": (17.6, 4.2)}[rhythm]
    # Kept to 02:05-23:55, so that no start falls into the hour the clocks skip or repeat; a later one is in the small hours.
    hour = rng.normal(mean, spread)
    minute = int(np.clip(hour if hour <= 23.9 else hour - 21.8, 2.1, 23.9) * 60)
    start = datetime.combine(crime.day, datetime.min.time()) + timedelta(minutes=minute)
    known_within = rng.choice((120, 180, 240, 360, 540)) if rng.random() < 0.14 else rng.choice((0, 0, 5, 10, 15, 30))
    end = start + timedelta(minutes=int(known_within))
    return start, end - timedelta(hours=1) if end.hour == 1 else end  # nor any end


def crime_rows(seed: int, patrolled: np.ndarray) -> list[list[str]]:
    """Rows of the crimes extract, in order of time."""
    rng = stream(seed, "crimes")
    crimes = hot_spot_crimes(patrolled, rng) + hot_spot_incidents(rng) + elsewhere(rng)
    snaps = [np.round(points_in(p, 14, rng, 12.0), 6) for p in polygons()]
    around = np.round(points_outside(260, rng, 25.0), 6)
    rows = []
    for crime in crimes:
        start, end = _times(crime, rng)
        points = around if crime.place is None else snaps[crime.place]
        lon, lat = points[int(len(points) * rng.random() ** 1.5)]
        known = crime.place is not None or rng.random() > 0.035
        title = crime.offence.title if crime.offence else str(rng.choice(ASB_TITLES))
        rows.append(
            [
                f"{start:%Y-%m-%d %H:%M}",
                f"{end:%Y-%m-%d %H:%M}",
                crime.offence.code if crime.offence else "",
                title,
                crime.offence.group if crime.offence else ASB_GROUP,
                f"{lon:.6f}" if known else "",
                f"{lat:.6f}" if known else "",
            ]
        )
    rows.sort()
    return [[f"DEMO/{row[0][2:4]}/{number:06d}", *row] for number, row in enumerate(rows, 1)]
