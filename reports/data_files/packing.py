"""ZIP files whose bytes depend on nothing but what is put in."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO

from reports.data_files.about import utc


def packed(parts: Iterable[tuple[str, bytes]], moment: datetime, *, plain: str = "") -> bytes:
    """``parts`` in their order, all dated ``moment``; the part called ``plain`` is not compressed."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts:
            info = zipfile.ZipInfo(name, utc(moment).timetuple()[:6])
            info.compress_type = zipfile.ZIP_STORED if name == plain else zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o644 << 16  # the same on every system
            archive.writestr(info, body)
    return out.getvalue()
