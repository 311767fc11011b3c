"""How much of a crime falls into the hours of the service, when only "between then and then" is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.periods import LONDON

MINUTES_IN_DAY = 1440
_SECOND = np.timedelta64(1, "s")
RULE = (
    "A crime with one known time counts 1 in the hours that hold it and 0 elsewhere. A crime known only to lie between "
    "two times is spread evenly over the time that passed between them, and counts by the share inside the hours."
)


def window_weights(
    start: Sequence[object] | pd.Series, end: Sequence[object] | pd.Series, window: tuple[int, int]
) -> pd.DataFrame:
    """Aoristic weight of each crime in a daily window of hours, by local day.

    weight = |[start, end) n [window of that day)| / (end - start), both in time that really passed; a crime without an
    interval (no end, or end <= start) weighs 1 where start lies in [from, to) and 0 elsewhere. Over windows that
    share out the day, the weights of one crime sum to 1.

    Parameters
    ----------
    start, end : (n,) sequences of datetime
        First and last possible moment of each crime; without a zone they are UTC. ``end`` may be missing (NaT).
    window : (int, int)
        Minutes after local midnight, from (included) and to (excluded), 0 <= from < to and at most a day long;
        ``to`` over 1440 reaches into the next day, and the window belongs to the day on which it begins:
        20:00 to 02:00 is (1200, 1560).

    Returns
    -------
    DataFrame
        ``crime`` (position 0..n-1), ``local_date`` (date) and ``weight`` (0 < weight <= 1), one row a crime and day with
        any weight, by crime and day. A crime that spans midnight has a row for each day it reaches into. Crimes
        without a start are left out.

    Notes
    -----
    Clock changes: the edges of the window are clock times in London and the share is of real time, so that the night
    in March has one hour less. A clock time that comes twice in October means its first; one skipped in March means
    the moment of the change.

    How it can mislead: the even spread is an assumption. Burglaries with long intervals are more often early or late in
    them than this says, and weights blur what patrols did at the edge of their hours.

    References
    ----------
    Ratcliffe, J. H. & McCullagh, M. J. (1998). International Journal of Geographical Information Science 12(7), 751-764.

    Examples
    --------
    >>> window_weights(["2023-02-06 13:00", "2023-02-06 15:30"], ["2023-02-06 15:00", None], (840, 1200))
       crime  local_date  weight
    0      0  2023-02-06     0.5
    1      1  2023-02-06     1.0
    """
    low, high = window
    if not 0 <= low < high <= low + MINUTES_IN_DAY:
        raise ValueError(f"window={window}: 0 <= from < to, at most a day long, is needed.")
    first, last = _utc(start), _utc(end)
    known = np.flatnonzero(~np.isnat(first))
    first, last = first[known], last[known]
    last = np.where(np.isnat(last) | (last < first), first, last)
    # A window that begins yesterday may reach into today, so the day before the first is tried too.
    from_day, to_day = _local_day(first) - np.timedelta64(1, "D"), _local_day(last)
    tries = (to_day - from_day).astype(np.int64) + 1
    row = np.repeat(np.arange(len(known)), tries)
    step = np.arange(len(row)) - np.repeat(np.cumsum(tries) - tries, tries)
    day = from_day[row] + step.astype("timedelta64[D]")
    opens, closes = _edges(day, low, high)
    weight = _share(first[row], last[row], opens, closes)
    kept = weight > 0
    days = day[kept].astype(object)
    return pd.DataFrame({"crime": known[row[kept]], "local_date": days, "weight": weight[kept]})


def _utc(times: Sequence[object] | pd.Series) -> npt.NDArray[np.datetime64]:
    found = pd.Series(pd.to_datetime(pd.Series(times), utc=True)).dt.tz_localize(None)
    return found.to_numpy().astype("datetime64[s]")


def _local_day(utc: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    local = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(LONDON).tz_localize(None)
    return local.to_numpy().astype("datetime64[D]")


def _edges(
    day: npt.NDArray[np.datetime64], low: int, high: int
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """UTC moments at which the window of each local day opens and closes (each distinct day looked up once)."""
    distinct, at = np.unique(day, return_inverse=True)

    def moments(minute: int) -> npt.NDArray[np.datetime64]:
        clock = pd.DatetimeIndex(distinct.astype("datetime64[s]")) + pd.Timedelta(minutes=minute)
        twice = np.ones(len(clock), bool)
        local = clock.tz_localize(LONDON, ambiguous=twice, nonexistent="shift_forward")
        return local.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]")[at]

    return moments(low), moments(high)


def _share(
    first: npt.NDArray[np.datetime64],
    last: npt.NDArray[np.datetime64],
    opens: npt.NDArray[np.datetime64],
    closes: npt.NDArray[np.datetime64],
) -> npt.NDArray[np.float64]:
    length = (last - first) / _SECOND
    overlap = np.maximum(0.0, (np.minimum(last, closes) - np.maximum(first, opens)) / _SECOND)
    inside = ((opens <= first) & (first < closes)).astype(np.float64)
    found: npt.NDArray[np.float64] = np.where(length > 0, overlap / np.where(length > 0, length, 1.0), inside)
    return found
