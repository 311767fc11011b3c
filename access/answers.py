"""What routes answer with: a file to keep, or a plain sentence. Caching is forbidden for both in access.headers."""

from __future__ import annotations

from flask import Response


def file_answer(body: bytes, mime: str, name: str) -> Response:
    """``body`` as a download called ``name``, which is ours: ASCII letters, digits, dots and hyphens."""
    return Response(body, content_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def sentence_answer(sentence: str, status: int) -> Response:
    return Response(f"{sentence}\n", status=status, mimetype="text/plain")
