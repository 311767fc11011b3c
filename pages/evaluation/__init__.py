"""The evaluation pages: one question a page; the funder's summary first."""

from __future__ import annotations

import sys

from flask import Flask


def register(server: Flask) -> None:
    """Routes of this room's modules; ``server.register_each`` looks at the top of a package alone."""
    from server import register_each  # server.py imports the commands, which a test of one page does without

    register_each(sys.modules[__name__], server)
