"""A DATA_DIR copied while this process may have its database open."""

from __future__ import annotations

import subprocess
from pathlib import Path


def copy_folder(folder: Path, to: Path) -> None:
    """By another process: when this one closes any file of an open SQLite database, POSIX drops all its locks on it, and
    the next process to leave the database then takes the journal away from under our connections ("disk I/O error")."""
    subprocess.run(["cp", "-r", str(folder), str(to)], check=True)
