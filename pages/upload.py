"""Loading a file from the Data page: send it, see what it holds and how it is read, then say yes.

Plain forms and not Dash: dcc.Upload cannot be used by keyboard (WCAG 2.1.1), and a file input of the form
library cannot keep its file.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NoReturn
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from access.requires import route_requires
from access.viewer import current_programme, current_scope
from data_access import programmes, uploads
from data_access.engine import get_engine
from data_access.loading import ALREADY_LOADED, KINDS, LoadOptions, LoadRefused, LoadResult, load_file
from data_access.loading.glance import COLUMNS, Glance, glance
from data_access.loading.mapping import Mapping, checked
from data_access.loading.words import KIND_NAMES
from data_access.uploads import BeingLoaded, Busy, NoSuchUpload, Upload, UploadRefused
from domain import formats
from domain.periods import Period
from domain.roles import Permission
from pages._upload_words import AGAIN, LABELS, REPLACE, SOURCE, TEXTS, USUAL, for_the_page

bp = Blueprint("upload", __name__, template_folder="templates")

OPTIONS = ("source", "provider", "team", "code_property", "name_property", "edition", "index", "basis", "sheet", "crs")
MOST_SAID = 300  # characters of a message that is shown on the next page
_LATER = {
    "pings": "Visits and minutes are counted when the file is loaded.",
    "hot-spots": "Crimes are placed and minutes counted again when the file is loaded.",
    "crimes": "Which hot spot each crime lies in is found when the file is loaded.",
    "police-uk": "Which hot spot each crime lies in is found when the file is loaded.",
    "weights": "The harm of the crimes held is worked out when the file is loaded.",
}
NOT_IN_FILE = "-"  # chosen by hand for a column that would be recognised


def register(server: Flask) -> None:
    server.register_blueprint(bp)
    uploads.remove_old()  # a server that nobody sends files to keeps the last ones no longer for it


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
    try:
        upload, dropped = uploads.keep(current_scope(), programme.code, kind, sent.filename, sent.stream)
    except (UploadRefused, SQLAlchemyError) as reason:
        said = str(reason) if isinstance(reason, UploadRefused) else "The database did not answer. Send the file again."
        return _form(programme, kind, said), 503
    if dropped:
        limits = f"{uploads.MOST_WAITING} files and {uploads.MOST_BYTES >> 20} MB"
        _flash(f"No longer waiting, to make room ({limits} at most): {formats.joined(dropped)}.", "problem")
    return redirect(f"/data/upload/{upload.token}")


def _upload(token: str) -> Upload:
    try:
        return uploads.find(current_scope(), token)
    except NoSuchUpload as reason:
        _gone(reason)


def _gone(reason: NoSuchUpload) -> NoReturn:
    """As after "back" in the browser: the way on, not a dead end."""
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
        return Glance()  # what is wrong with it the loader says


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


def _flash(message: str, category: str) -> None:
    """Messages travel in the session's cookie, which takes 4 kB; what is longer stands on the file's own page."""
    kept = [(c, m) for c, m in session.pop("_flashes", [])][-2:]
    session["_flashes"] = kept
    flash(message if len(message) <= MOST_SAID else message[: MOST_SAID - 1].rstrip() + "…", category)


def _busy(upload: Upload, reason: Busy, given: dict[str, str]) -> Response:
    """Not a failure: what goes on, and where to look in a moment."""
    if isinstance(reason, BeingLoaded) or uploads.being_loaded(upload):
        title, code, link = (
            "This file is being loaded",
            409,
            (f"/data?programme={upload.programme}", "See what is loaded"),
        )
        said = f"{upload.path.name} is being loaded. What came of it will stand under Data."
    else:
        asked = f"?{urlencode(given)}" if given else ""
        title, code, link = "The portal is busy", 503, (f"/data/upload/{upload.token}{asked}", "Look again")
        said = f"{reason} Your file waits; nothing of it was stored."
    return make_response(render_template("problem.html", title=title, sentences=[said], link=link), code)


@bp.get("/data/upload/<token>")
@route_requires(Permission.LOAD_DATA)
def preview(token: str) -> str | Response:
    upload, given = _upload(token), _given(request.args)
    try:
        with uploads.turn(current_scope()):
            seen, (result, refused) = _glance(upload, given), _looked(upload, given)
    except Busy as reason:
        return _busy(upload, reason, given)
    if refused:
        _upload(token)  # discarded in between: said as such
    texts = TEXTS.get(upload.kind, (SOURCE,))
    return render_template(
        "upload_preview.html", title="Look before loading", csrf=generate_csrf(), upload=upload, given=given, chosen=list(given.items()),
        programme=_programme(upload.programme), refused=refused, seen=seen, labels=LABELS, usual=USUAL, texts=texts,
        unseen=_unseen(given, seen, texts), most_columns=COLUMNS, replace=REPLACE, again=AGAIN, sentence=_sentence(result), lines=_lines(result),
        later=_LATER.get(upload.kind, "") if result and result.status != ALREADY_LOADED else "",
        examples=result.examples if result else [], rejected=result.rejected if result else 0,
    )  # fmt: skip


def _looked(upload: Upload, given: dict[str, str]) -> tuple[LoadResult | None, str]:
    """(what loading would come to, why it would not)."""
    try:
        return _load(upload, given, dry_run=True), ""
    except LoadRefused as reason:
        return None, for_the_page(str(reason))


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
        with uploads.claimed(current_scope(), token), uploads.turn(current_scope()):
            result = _load(upload, given, dry_run=False)
            uploads.remove_loaded(upload)
    except NoSuchUpload as reason:
        _gone(reason)
    except Busy as reason:
        return _busy(upload, reason, given)
    except LoadRefused as reason:
        _flash(f"{_short(upload)} was not loaded. {for_the_page(str(reason))}", "problem")
        return redirect(f"/data?programme={upload.programme}")
    said = _sentence(result) if result.status == ALREADY_LOADED else f"It is loaded: {_counts(result)}."
    _flash(f"{_short(upload)}. {said}", "done")
    return redirect(f"/data?programme={upload.programme}")


def _short(upload: Upload) -> str:
    name = upload.path.name
    return name if len(name) <= 80 else f"{name[:60]}…{name[-15:]}"


@bp.post("/data/upload/<token>/discard")
@route_requires(Permission.LOAD_DATA)
def discard(token: str) -> Response:
    upload = _upload(token)
    try:
        uploads.discard(current_scope(), token)
    except NoSuchUpload as reason:
        _gone(reason)
    except Busy as reason:
        return _busy(upload, reason, {})
    _flash(f"{_short(upload)} was discarded; nothing of it was stored.", "done")
    return redirect(f"/data?programme={upload.programme}")
