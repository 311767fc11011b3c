"""What somebody did to a file after its last seal, in words, for the person who has to ask them.

That the file was changed is already certain; this only explains. The file may be made to harm whoever reads it, so it
is read in a process of its own with little memory and time. That process runs this file alone.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf

SECONDS, MEMORY = 20, 1 << 30
MOST_PAGES, MOST_SENTENCES, LONGEST_ANSWER = 2000, 12, 10_000
UNREADABLE = "What was added cannot be read."
_ABOUT = {"/Title": "title", "/Author": "author", "/Subject": "subject", "/Keywords": "keywords"}
_CATALOG = {
    "/OpenAction": "what happens when the file is opened", "/AA": "what happens when the file is opened or closed",
    "/Lang": "the language", "/StructTreeRoot": "the tags for screen readers", "/Outlines": "the bookmarks",
    "/AcroForm": "the form and its fields",
}  # fmt: skip


def what_changed(before: bytes, after: bytes) -> tuple[str, ...]:
    """How ``after`` differs from ``before``, its beginning; none where it looks the same; never raises."""
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(Path(__file__).resolve()), str(len(before))],
            input=after, capture_output=True, timeout=2 * SECONDS, check=True,
        )  # fmt: skip
        found = json.loads(done.stdout[:LONGEST_ANSWER])
        return tuple(str(sentence)[:300] for sentence in found[:MOST_SENTENCES])
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        return (UNREADABLE,)


def compared(before: bytes, after: bytes) -> Iterator[str]:
    with pikepdf.open(BytesIO(before)) as old, pikepdf.open(BytesIO(after)) as new:
        yield from _pages(old, new)
        yield from _attachments(old, new)
        yield from _about(old, new)
        for key, words in _CATALOG.items():
            if _written(old.Root.get(key)) != _written(new.Root.get(key)):
                yield f"The file had {words} changed."


def _pages(old: pikepdf.Pdf, new: pikepdf.Pdf) -> Iterator[str]:
    were, are = len(old.pages), len(new.pages)
    if are != were:
        yield f"The file had {were} page{'s' if were != 1 else ''} and now has {are}."
    for number in range(min(were, are, MOST_PAGES)):
        one, other = old.pages[number].obj, new.pages[number].obj
        where = f"Page {number + 1}"
        if one.get("/Rotate", 0) != other.get("/Rotate", 0):
            yield f"{where} was turned."
        if any(_written(one.get(key)) != _written(other.get(key)) for key in ("/MediaBox", "/CropBox", "/UserUnit")):
            yield f"{where} was given another size."
        if any(_written(one.get(key)) != _written(other.get(key)) for key in ("/Contents", "/Resources")):
            yield f"{where} shows something else."
        held, now = len(one.get("/Annots", [])), len(other.get("/Annots", []))
        if now > held:
            yield f"Annotations were added to page {number + 1}: {now - held}."
        elif _written(one.get("/Annots")) != _written(other.get("/Annots")):
            yield f"{where} had annotations changed or removed."


def _attachments(old: pikepdf.Pdf, new: pikepdf.Pdf) -> Iterator[str]:
    was, now = _embedded(old), _embedded(new)
    for name in sorted(was.keys() | now.keys()):
        if name not in now:
            yield f"The attachment “{name}” was removed."
        elif name not in was:
            yield f"The attachment “{name}” was added."
        elif was[name] != now[name]:
            yield f"The attachment “{name}” was replaced."


def _embedded(pdf: pikepdf.Pdf) -> dict[str, bytes]:
    return {name: _written(spec.obj) for name, spec in pdf.attachments.items()}


def _about(old: pikepdf.Pdf, new: pikepdf.Pdf) -> Iterator[str]:
    was, now = old.trailer.get("/Info", {}), new.trailer.get("/Info", {})
    for key, words in _ABOUT.items():
        if str(was.get(key, "")) != str(now.get(key, "")):
            yield f"The document's {words} was changed."
    if _written(old.Root.get("/Metadata")) != _written(new.Root.get("/Metadata")):
        yield "The document's details (metadata) were changed."


def _written(value: object, depth: int = 6) -> bytes:
    """A value as bytes, with what it points to, as far as ``depth``; streams as they lie in the file, not unpacked.

    A page is named only, so that what points to a page is not changed by what happened to the page.
    """
    if isinstance(value, pikepdf.Dictionary) and value.get("/Type") == pikepdf.Name.Page:
        return b"page %d" % value.objgen[0]
    if not isinstance(value, pikepdf.Object):
        return repr(value).encode()
    if isinstance(value, pikepdf.Stream):
        return _items(value, depth) + value.read_raw_bytes()
    if depth and isinstance(value, pikepdf.Dictionary):
        return _items(value, depth)
    if depth and isinstance(value, pikepdf.Array):
        return b"[" + b" ".join(_written(one, depth - 1) for one in value) + b"]"
    return b"..." if isinstance(value, pikepdf.Dictionary | pikepdf.Array) else value.unparse(resolved=True)


def _items(value: pikepdf.Object, depth: int) -> bytes:
    # Parents and pages lead round the whole file again.
    keys = (key for key in sorted(value.keys()) if key not in ("/P", "/Parent", "/Pg", "/StructParent"))
    return b"<<" + b" ".join(key.encode() + b" " + _written(value.get(key), depth - 1) for key in keys) + b">>"


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    after = sys.stdin.buffer.read()
    try:
        found = list(dict.fromkeys(compared(after[: int(sys.argv[1])], after)))
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, MemoryError, RecursionError):
        found = [UNREADABLE]
    print(json.dumps(found[:MOST_SENTENCES]))


if __name__ == "__main__":
    main()
