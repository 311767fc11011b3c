"""What a reader noticed, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from data_access.loading.mapping import header_key
from data_access.loading.pings.batches import Names
from data_access.loading.pings.order import JUMP_M_S, Order
from data_access.loading.table import rows_word

if TYPE_CHECKING:
    from data_access.loading.pings.settle import Settler


class Oddity(NamedTuple):
    """Of one device. ``newest_first``: its pings mostly go back in time, so its forward steps are the odd ones."""

    repeats: int
    backward: int
    jumps: int
    newest_first: bool


def oddities(order: Order, names: Names) -> dict[tuple[str, str], Oddity]:
    found = {}
    for code in range(min(len(names.devices), len(order.repeats))):
        back, forth = int(order.backward[code]), int(order.forward[code])
        newest_first = back > forth
        one = Oddity(int(order.repeats[code]), forth if newest_first else back, int(order.jumps[code]), newest_first)
        if any(one):
            found[names.devices[code]] = one
    return found


def sentences(settler: Settler, file: Any, columns: dict[str, str], zone_said: str) -> list[str]:
    counts, clock = settler.counts, settler.clock
    said = [_columns(columns)] if columns else []
    if counts.numbers:
        said.append(f"time: numbers were read as {settler.form.unit} since 1970 ({rows_word(counts.numbers)}).")
    if counts.zoneless:
        why = " because the column is named so" if zone_said else ""
        said.append(f"time: times without a zone were read as {clock.zone.key}{why} ({rows_word(counts.zoneless)}).")
    if clock.told:
        said.append(
            "time: in the hour that comes twice when the clocks go back, the order of each tracker's own pings told which "
            f"of the two was meant ({rows_word(clock.told)})."
        )
    if clock.guessed:
        said.append(
            "time: in the hour that comes twice when the clocks go back, the first of the two was taken where nothing told "
            f"which was meant ({rows_word(clock.guessed)})."
        )
    if counts.converted:
        systems = " and ".join(sorted({p.crs.name for p in settler.pairs if p.crs is not None}))
        said.append(f"Positions were converted from {systems}, within a few metres ({rows_word(counts.converted)}).")
    said += _file(file)
    if counts.accuracy_given:
        said.append(f"Accuracy is given, {counts.accuracy_worst:,.0f} m at worst ({rows_word(counts.accuracy_given)}).")
    return said + _odd(settler.order, settler.names)


def _columns(columns: dict[str, str]) -> str:
    other = [f"{name} from “{header}”" for name, header in columns.items() if header_key(header) != name]
    return f"Columns: {', '.join(other)}." if other else "Columns: as named."


def _file(file: Any) -> list[str]:
    said = []
    if blank := getattr(file, "blank", 0):
        said.append(f"{rows_word(blank)} without any text were passed over.")
    if not getattr(file, "whole_end", True):
        said.append("The last line has no line ending; if the file was cut off there, its last value may be too.")
    if getattr(file, "foreign", 0):
        said.append("Text that is not UTF-8 was read as Windows-1252.")
    if other := getattr(file, "other", 0):
        said.append(f"Waypoints and route points are no pings and were passed over ({other:,}).")
    if named := getattr(file, "named", None):
        said.append(
            f"Trackers are called as their tracks are named ({len(named):,} names); device in a mapping file changes that."
        )
    return said


def _odd(order: Order, names: Names) -> list[str]:
    found = oddities(order, names)
    newest = {key: one for key, one in found.items() if one.newest_first}
    said = []
    if newest:
        said.append(f"The newest pings come first; they are put in order of time ({_trackers(len(newest))}).")
    repeats = _counted(found, lambda one: one.repeats)
    if repeats:
        said.append(f"Of rows that repeat a tracker and time of the file the first was kept: {repeats}.")
    backward = _counted(found, lambda one: one.backward)
    if backward:
        said.append(f"Steps back in time between rows (kept, and put in order of time): {backward}.")
    jumps = _counted(found, lambda one: one.jumps)
    if jumps:
        said.append(
            f"Steps of over {JUMP_M_S:g} m/s (kept: a place that is wrong for a moment costs seconds, leaving pings out would "
            f"make silences): {jumps}."
        )
    if order.seen.untold:
        said.append(
            f"Pings far out of order were not compared with all before them for repeats ({rows_word(order.seen.untold)})."
        )
    return said


def _trackers(count: int) -> str:
    return f"{count:,} tracker" if count == 1 else f"{count:,} trackers"


def _counted(found: dict[tuple[str, str], Oddity], what: Any) -> str:
    """12 (2 trackers, at most 9 of one). Without names: notes are kept longer than positions are."""
    counts = [what(one) for one in found.values() if what(one)]
    if not counts:
        return ""
    most = f", at most {max(counts):,} of one" if len(counts) > 1 else ""
    return f"{sum(counts):,} ({_trackers(len(counts))}{most})"
