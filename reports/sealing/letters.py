"""Letters that do not show but act: they break a line, steer a terminal or turn the direction of reading round."""

from __future__ import annotations

import unicodedata


def acts(letter: str) -> bool:
    """A no-break space, say in a name, does not; ``str.isprintable`` would refuse it."""
    category = unicodedata.category(letter)
    return category[0] == "C" or category in ("Zl", "Zp")


def one_line(text: str) -> bool:
    return not any(map(acts, text))
