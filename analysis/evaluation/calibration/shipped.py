"""The shipped calibration table, as data. Written by ``flask --app app calibrate --ship``; not edited by hand."""

from __future__ import annotations

MEASURED_ON = ""
CODE_VERSION = ""
SEED = 0
DESIGN = ""
QUOTED: dict[str, str] = {}
ROWS: tuple[
    tuple[str, str, int, int, float, float | None, float | None, float | None, float | None, float | None], ...
] = ()
