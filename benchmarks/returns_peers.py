"""The same return for other printers: one HTML page with everything inside for Chromium, JSON and a template for Typst."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reports.charts import figure_svg
from reports.model import Block, DataTable, Entry, Fact, ReturnContents
from reports.pdf import TEMPLATES, chart_address, metadata_of, render_html

TEMPLATE = Path(__file__).with_name("returns_peer.typ")


def write_for_peers(contents: ReturnContents, folder: Path) -> None:
    """``charts/*.svg``, and ``portal.html`` and ``portal.json``, ``page.html``, ``return.typ`` and ``return.json``."""
    charts = {c.key: figure_svg(c.figure, c.width, c.height) for c in contents.charts()}
    (folder / "charts").mkdir()
    for key, svg in charts.items():
        (folder / "charts" / f"{key}.svg").write_text(svg, encoding="utf-8")
    given = {"accent": contents.accent_colour, "metadata": metadata_of(contents)}
    (folder / "portal.html").write_text(render_html(contents), encoding="utf-8")
    (folder / "portal.json").write_text(json.dumps(given), encoding="utf-8")
    (folder / "page.html").write_text(whole_page(contents, charts), encoding="utf-8")
    (folder / "return.json").write_text(json.dumps(for_typst(contents)), encoding="utf-8")
    shutil.copy(TEMPLATE, folder / "return.typ")


def whole_page(contents: ReturnContents, charts: dict[str, str]) -> str:
    """The HTML that WeasyPrint is given, with its style sheet and charts inside."""
    html = render_html(contents)
    for key, svg in charts.items():
        inside = base64.b64encode(svg.encode()).decode()
        html = html.replace(chart_address(key), f"data:image/svg+xml;base64,{inside}")
    styles = (TEMPLATES / "return.css").read_text(encoding="utf-8")
    accent = f":root {{ --accent: {contents.accent_colour}; }}"
    return html.replace("</head>", f"<style>{styles}\n{accent}</style></head>")


def for_typst(contents: ReturnContents) -> dict[str, Any]:
    """What the template reads: every word in the order of return.html."""
    r = contents
    facts = r.entry("A", "return_id").facts + r.entry("A", "reporting_month").facts
    return {
        **{key: getattr(r, key) for key in ("title", "recipient", "force", "fund", "period", "accent_colour", "source_note")},
        "marking_words": f"{r.marking} – {r.handling}" if r.handling else r.marking,
        "made_at": {key: getattr(r.made_at, key) for key in ("year", "month", "day", "hour", "minute", "second")},
        "demonstration_words": "Demonstration data" if r.demonstration else "",
        "footer": [
            f"{r.programme_name} · {r.period} · {r.status}", f"Data {r.data_hash_short} · {r.narrative}", r.data_as_at,
        ],
        "cover": [
            *([f.label, f.value, f.note] for f in facts),
            ["Marking", f"{r.marking}. {r.handling}" if r.handling else r.marking, ""],
            ["Data (SHA-256)", r.data_sha256, ""],
            ["Narrative", r.narrative, "The hash covers the loaded data, not what people wrote."],
        ],
        "summary": r.summary, "notes": r.notes, "definitions": r.definitions, "symbols": r.symbols,
        "headlines": [[h.label, h.value, h.detail] for h in r.headlines],
        "contents": [*((s.anchor, f"{s.letter} {s.title}") for s in r.sections), ("definitions", "Definitions and symbols")],
        "sections": [
            {"letter": s.letter, "title": s.title, "anchor": s.anchor, "starts_page": s.starts_page,
             "blocks": [_block(block) for block in s.blocks()]}
            for s in r.sections
        ],
    }  # fmt: skip


def _block(block: Block) -> dict[str, Any]:
    if block.is_facts:
        return {"is_facts": True, "heading": block.heading, "facts": [_fact(f) for f in block.facts]}
    return {"is_facts": False, "entry": _entry(block.entries[0])}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "label": entry.field.label,
        "sentences": entry.sentences,
        "facts": [_fact(f) for f in entry.facts],
        "charts": [
            {"key": c.key, "title": c.title, "reading": c.reading, "caption": c.caption, "alt": c.alt, "table": _table(c.table)}
            for c in entry.charts
        ],
        "tables": [_table(t) for t in entry.tables],
        "texts": [(title, [p for p in text.split("\n") if p.strip()]) for title, text in entry.texts],
        "stories": [asdict(s) for s in entry.stories],
    }  # fmt: skip


def _fact(fact: Fact) -> dict[str, Any]:
    return {"label": fact.label, "value": fact.value, "note": fact.note, "long": fact.is_long}


def _table(table: DataTable) -> dict[str, Any]:
    kinds = [table.column_class(at) for at in range(len(table.head))]
    return {"caption": table.caption, "head": table.head, "rows": table.rows, "note": table.note, "columns": kinds}
