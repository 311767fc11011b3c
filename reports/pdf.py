"""A return as PDF: Jinja2 (autoescape on) to HTML, WeasyPrint to tagged PDF, then the finishing pass.

Nothing is fetched but the stylesheet and charts handed over here; whatever else the HTML might ask for is refused.
The same contents give the same bytes: dates come from the data, ids are seeded, fonts are fixed.
"""

from __future__ import annotations

import io
import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import weasyprint
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from reports.charts import figure_svg
from reports.finishing import Attachment, AttachmentError, finish
from reports.model import Chart, ReturnContents
from settings import VERSION

TEMPLATES = Path(__file__).resolve().parent / "templates"

LANGUAGE = "en-GB"
# Complaints are read from a shared log, so one PDF at a time in a process; that bounds memory too.
_ONE_AT_A_TIME = threading.Lock()
_COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$")
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


Drawings = Mapping[str, tuple[bytes, str]]  # address in the template -> SVG and its type


class PdfError(RuntimeError):
    """The PDF could not be made as it must be; nothing was written. The message says why."""


class _OnlyOurs(URLFetcher):
    """Gives what was handed over under ``portal:`` and the PNG cells inside our own charts; refuses the rest."""

    def __init__(self, resources: Mapping[str, tuple[bytes, str]]) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self._resources = resources

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        if url in self._resources:
            body, kind = self._resources[url]
            return URLFetcherResponse(url, body, {"Content-Type": kind})
        if url.startswith("data:image/png;base64,"):
            return super().fetch(url, headers)
        raise FatalURLFetchingError(f"The return asked for “{url[:80]}”, which is not part of it.")


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _errors_raised() -> Iterator[None]:
    """WeasyPrint logs a missing image or alt text and goes on; a return must not."""
    handler, logger = _Complaints(), logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    if handler.messages:
        raise PdfError("The PDF was not made: " + "; ".join(dict.fromkeys(handler.messages)) + ".")


class _Links(HTMLParser):
    """The words of every link and heading, so that each link annotation can say where it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self._target: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._target = (dict(attrs).get("href") or "").removeprefix("#")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._target = None

    def handle_data(self, data: str) -> None:
        if self._target and data.strip():
            before = self.texts.get(self._target, "")
            self.texts[self._target] = f"{before} {data.strip()}".strip()


def chart_address(key: str) -> str:
    return f"portal:charts/{key}.svg"


def fill_template(name: str, **values: object) -> str:
    """A template as HTML; every value was written before, templates only place them."""
    return _ENVIRONMENT.get_template(name).render(
        chart_address=chart_address, language=LANGUAGE, version=VERSION, **values
    )


def render_html(contents: ReturnContents) -> str:
    """The whole return as HTML."""
    return fill_template("return.html", r=contents)


def html_to_pdf(
    html: str,
    resources: Mapping[str, tuple[bytes, str]],
    *,
    accent: str,
    metadata: Mapping[str, str],
    stylesheet: str = "return.css",
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """PDF/A-3a and PDF/UA-1 bytes from HTML that asks for nothing but ``resources`` (address -> bytes, type).

    ``attachments`` travel inside the file, in any order; PdfError when one of them cannot.
    """
    if not _COLOUR.match(accent):
        raise PdfError(f"The accent colour “{accent}” is not of the form #12436D; set ACCENT_COLOUR.")
    fetcher = _OnlyOurs(resources)
    styles = [
        weasyprint.CSS(filename=TEMPLATES / stylesheet, url_fetcher=fetcher),
        weasyprint.CSS(string=f":root {{ --accent: {accent}; }}", url_fetcher=fetcher),
    ]
    out = io.BytesIO()
    try:
        with _ONE_AT_A_TIME, _errors_raised():
            document = weasyprint.HTML(string=html, base_url="portal:", url_fetcher=fetcher)
            # Not packed: finishing would unpack every page, and packs what it saves.
            document.write_pdf(out, stylesheets=styles, pdf_variant="pdf/a-3a", pdf_tags=True, uncompressed_pdf=True)
    except FatalURLFetchingError as problem:
        raise PdfError(f"The PDF was not made. {problem}") from problem
    links = _Links()
    links.feed(html)
    try:
        return finish(out.getvalue(), metadata, links.texts, attachments)
    except AttachmentError as problem:
        raise PdfError(f"The PDF was not made. {problem}") from problem


def metadata(title: str, author: str, subject: str, made_at: datetime) -> dict[str, str]:
    """What both metadata places of a file say alike; ``made_at`` is of the data, never of the printing."""
    return {
        "title": title,
        "author": author,
        "subject": subject,
        "language": LANGUAGE,
        "moment": made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "creator": f"Hot spots reporting portal {VERSION}",
        "producer": f"WeasyPrint {weasyprint.__version__}",
    }


def metadata_of(contents: ReturnContents) -> dict[str, str]:
    subject = f"{contents.marking}. {contents.status}. Data {contents.data_sha256}."
    return metadata(contents.title, contents.recipient or contents.force, subject, contents.made_at)


def drawings(charts: Iterable[Chart]) -> Drawings:
    return {
        chart_address(chart.key): (figure_svg(chart.figure, chart.width, chart.height).encode(), "image/svg+xml")
        for chart in charts
    }


def build_pdf(contents: ReturnContents, attachments: Sequence[Attachment] = ()) -> bytes:
    """The return as PDF/A-3a and PDF/UA-1 in one file; PdfError when it cannot be made whole."""
    return html_to_pdf(
        render_html(contents), drawings(contents.charts()), accent=contents.accent_colour, metadata=metadata_of(contents),
        attachments=attachments,
    )  # fmt: skip
