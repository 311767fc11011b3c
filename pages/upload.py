"""Loading a file from the Data page: send it, see what it holds and how it is read, then say yes.

Plain forms and not Dash: dcc.Upload cannot be used by keyboard (WCAG 2.1.1), and a file input of the form
library cannot keep its file.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

from flask import Blueprint, Flask, abort, current_app, flash, make_response, redirect, render_template, request
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from access.requires import route_requires
from access.viewer import current_programme, current_scope
from data_access import programmes, uploads
from data_access.engine import get_engine
from data_access.loading import ALREADY_LOADED, KINDS, LoadOptions, LoadRefused, LoadResult, load_file
from data_access.loading.glance import Glance, glance
from data_access.loading.mapping import Mapping, checked
from data_access.loading.words import KIND_NAMES
from data_access.uploads import NoSuchUpload, Upload
from domain import formats
from domain.periods import Period
from domain.roles import Permission
from pages._upload_words import AGAIN, LABELS, REPLACE, SOURCE, TEXTS, USUAL, for_the_page

bp = Blueprint("upload", __name__, template_folder="templates")

OPTIONS = ("source", "provider", "team", "code_property", "name_property", "edition", "index", "basis", "sheet", "crs")
NOT_IN_FILE = "-"  # chosen by hand for a column that would be recognised


def register(server: Flask) -> None:
    server.register_blueprint(bp)


def _programme(asked: str) -> Any:
    scope = current_scope()
    return programmes.get_programme(scope, current_programme({"programme": asked}))


def _form(programme: Any, kind: str = "pings", problem: str = "") -> str:
    return render_template(
        "upload.html", title="Load a file", csrf=generate_csrf(), programme=programme, kinds=list(KIND_NAMES.items()), kind=kind,
        problem=problem, most_mb=current_app.config["PORTAL"].max_upload_mb, local_time=formats.local_time,
        waiting=uploads.waiting(current_scope(), programme.code),
    )  # fmt: skip


@bp.get("/data/upload")
@route_requires(Permission.LOAD_DATA)
def choose() -> str:
    return _form(_programme(request.args.get("programme", "")), request.args.get("kind", "pings"))


@bp.post("/data/upload")
@route_requires(Permission.LOAD_DATA)
def send() -> Response | tuple[str, int]:
    programme, kind = _programme(request.form.get("programme", "")), request.form.get("kind", "")
    sent = request.files.get("file")
    if kind not in KINDS:
        return _form(programme, problem="Say what the file holds."), 400
    if sent is None or not sent.filename:
        return _form(programme, kind, "Choose a file to send."), 400
    upload = uploads.keep(current_scope(), programme.code, kind, sent.filename, sent.stream)
    return redirect(f"/data/upload/{upload.token}")


def _upload(token: str) -> Upload:
    try:
        return uploads.find(current_scope(), token)
    except NoSuchUpload as reason:  # as after "back" in the browser: the way on, not a dead end
        abort(make_response(_form(_programme(""), problem=str(reason)), 404))


def _given(form: Any) -> dict[str, str]:
    """What the person chose, and nothing else."""
    names = {"sheet", "replace", "again"} | {text[0] for texts in TEXTS.values() for text in texts}
    return {k: v.strip()[:200] for k, v in form.items() if (k in names or k.startswith("col-")) and v.strip()}


def _mapping(given: dict[str, str], zone: str = "") -> Mapping:
    columns = {key.removeprefix("col-"): value for key, value in given.items() if key.startswith("col-")}
    return Mapping(columns={name: "" if head == NOT_IN_FILE else head for name, head in columns.items()}, zone=zone)


def _options(given: dict[str, str]) -> LoadOptions:
    mapping = checked(_mapping(given, given.get("zone", "")), "Time zone")
    said = {name: given.get(name, "") for name in OPTIONS}
    return LoadOptions(mapping=mapping, replace="replace" in given, again="again" in given, **said)


def _glance(upload: Upload, given: dict[str, str]) -> Glance:
    """For the form, which must keep what was chosen whatever else is wrong with it."""
    try:
        return glance(upload.path, upload.kind, LoadOptions(mapping=_mapping(given), sheet=given.get("sheet", "")))
    except LoadRefused:
        return Glance()


def _load(upload: Upload, given: dict[str, str], *, dry_run: bool) -> LoadResult:
    """LoadRefused in words, whatever goes wrong."""
    try:
        return load_file(
            get_engine(), upload.kind, upload.path, programme_code=upload.programme, actor=current_scope().actor,
            options=_options(given), dry_run=dry_run,
        )  # fmt: skip
    except SQLAlchemyError as problem:
        said = str(getattr(problem, "orig", None) or type(problem).__name__).splitlines()[0]
        raise LoadRefused(f"The database did not take the file: {said}. Try again when it answers.") from None


@bp.get("/data/upload/<token>")
@route_requires(Permission.LOAD_DATA)
def preview(token: str) -> str:
    upload, given = _upload(token), _given(request.args)
    result, refused, seen = None, "", _glance(upload, given)
    texts = TEXTS.get(upload.kind, (SOURCE,))
    try:
        result = _load(upload, given, dry_run=True)
    except LoadRefused as reason:
        refused = for_the_page(str(reason))
    return render_template(
        "upload_preview.html", title="Look before loading", csrf=generate_csrf(), upload=upload, given=given, chosen=list(given.items()),
        programme=_programme(upload.programme), refused=refused, seen=seen, labels=LABELS, usual=USUAL, texts=texts,
        unseen=_unseen(given, seen, texts), replace=REPLACE, again=AGAIN, sentence=_sentence(result), lines=_lines(result),
        examples=result.examples if result else [], rejected=result.rejected if result else 0,
    )  # fmt: skip


def _unseen(given: dict[str, str], seen: Glance, texts: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str]]:
    """Choices that have no field on this page: they go along, or looking again would lose them."""
    shown = {f"col-{name}" for name in seen.canonical} | {text[0] for text in texts} | {"replace", "again"}
    shown |= {"sheet"} if len(seen.sheets) > 1 else set()
    return [(key, value) for key, value in given.items() if key not in shown]


def _counts(result: LoadResult) -> str:
    n = formats.number
    rows = "row" if result.read == 1 else "rows"
    return f"{n(result.read)} {rows} read = {n(result.loaded)} loaded + {n(result.duplicate)} duplicate + {n(result.rejected)} rejected"


def _sentence(result: LoadResult | None) -> str:
    if result is None:
        return ""
    if result.status == ALREADY_LOADED:
        return "This very file is loaded already; loading it again changes nothing."
    return f"Loading it would come to: {_counts(result)}."


def _lines(result: LoadResult | None) -> list[str]:
    if result is None:
        return []
    lines = [for_the_page(note) for note in result.notes]
    if result.period:
        first, last = (date.fromisoformat(day) for day in result.period)
        lines.insert(0, f"It covers {formats.span(Period(first, last))}.")
    difference = result.difference or {}
    if "rows_before" in difference:
        rows = f"{difference['rows_before']:,} rows before, {difference['rows_after']:,} after"
        lines.insert(0, f"It replaces an older file: {rows}.")
    if "changed" in difference:
        changed = formats.joined([name.replace("_", " ") for name in difference["changed"]])
        lines.insert(0, f"It replaces the programme's settings; these differ: {changed or 'none'}.")
    return lines


@bp.post("/data/upload/<token>/load")
@route_requires(Permission.LOAD_DATA)
def load(token: str) -> Response:
    upload, given = _upload(token), _given(request.form)
    try:
        result = _load(upload, given, dry_run=False)
    except LoadRefused as reason:
        _upload(token)  # gone in between: said as such
        flash(f"{upload.path.name} was not loaded. {for_the_page(str(reason))}", "problem")
        return redirect(f"/data?programme={upload.programme}")
    with suppress(NoSuchUpload):  # a second click on the button has discarded it by now
        uploads.discard(current_scope(), token)
    said = _sentence(result) if result.status == ALREADY_LOADED else f"It is loaded: {_counts(result)}."
    flash(f"{upload.path.name}. {said}", "done")
    return redirect(f"/data?programme={upload.programme}")


@bp.post("/data/upload/<token>/discard")
@route_requires(Permission.LOAD_DATA)
def discard(token: str) -> Response:
    upload = _upload(token)
    uploads.discard(current_scope(), token)
    flash(f"{upload.path.name} was discarded; nothing of it was stored.", "done")
    return redirect(f"/data?programme={upload.programme}")
