"""Files that commands write: the old one stays until the new one is complete, and nobody else may read it."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, readable by its owner alone."""
    part = path.with_name(path.name + ".part")
    fd = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(fd, "wb") as handle:
        handle.write(content)
    os.replace(part, path)
