"""Frames to figures: pure functions, keyword-only, the same figure for the screen and the PDF.

Bars start at zero and page furniture (title, caption) is not part of a figure.
"""

from components.figures.compared import dots_with_intervals, paired_dots, ranked_bars
from components.figures.series import monthly_line, planned_and_delivered, small_multiples
from components.figures.spread import DAYS, heat, hot_spot_outline, hour_by_weekday, visit_lengths
from components.figures.style import blank

__all__ = [
    "DAYS",
    "blank",
    "dots_with_intervals",
    "heat",
    "hot_spot_outline",
    "hour_by_weekday",
    "monthly_line",
    "paired_dots",
    "planned_and_delivered",
    "ranked_bars",
    "small_multiples",
    "visit_lengths",
]
