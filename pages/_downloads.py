"""CSV downloads: /download/<block>.csv with the page's own query string, so the file holds what the screen shows."""

from __future__ import annotations

from flask import Flask, Response, abort, request

from access.requires import route_requires
from access.viewer import current_programme, current_scope
from components.block import BLOCKS, block_csv, frame_csv
from data_access import audit, loads
from data_access.crimes import NoDayLevel
from domain.roles import Permission
from domain.scope import OutOfScope
from pages._frame import ANY_DATA, NoSuchHotSpot, make_view


def _csv(text: str, name: str) -> Response:
    # A byte order mark: spreadsheet programs then read £ and – as they are meant.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + text, mimetype="text/csv", headers=headers)


def register(server: Flask) -> None:
    @server.get("/download/<block_id>.csv")
    @route_requires(Permission.OWN_ACCOUNT)
    def download_block(block_id: str) -> Response:
        """Each block carries its own, stricter permission, checked here."""
        block = BLOCKS.get(block_id)
        if block is None:
            abort(404)
        scope = current_scope()
        if not scope.may(block.permission):
            abort(403)
        query = dict(request.args.items())
        try:
            view = make_view(scope, query, path_code=query.pop("hot_spot", ""), bounds=ANY_DATA)
            text = block_csv(block, view)
        except NoDayLevel as reason:
            return Response(f"{reason}\n", status=409, mimetype="text/plain")
        except OutOfScope:
            abort(403)
        except NoSuchHotSpot:
            abort(404)
        name = f"{view.programme.code}-{block_id}-{view.filters.period.start}-{view.filters.period.end}.csv".lower()
        what = {"what": f"{block_id}: {view.sentence()}"}
        audit.note(actor=scope.actor, event="downloaded", detail=what, programme_code=view.programme.code)
        # A byte order mark: spreadsheet programs then read £ and – as they are meant.
        return Response(
            "\ufeff" + text, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )

    @server.get("/data/rejects/<code>/<int:load_id>.csv")
    @route_requires(Permission.SEE_REJECTS)
    def download_rejects(code: str, load_id: int) -> Response:
        """Rejected rows of one load: file, row number, field, reason and the text as it came."""
        try:
            frame = loads.rejects(current_scope(), code, load_id)
        except OutOfScope:
            abort(403)
        except LookupError:
            abort(404)
        audit.note(
            actor=current_scope().actor,
            event="downloaded",
            detail={"what": f"rejected rows of load {load_id}"},
            programme_code=code,
        )
        return _csv(frame_csv(frame), f"{code}-rejects-{load_id}.csv".lower())

    @server.get("/data/loads.csv")
    @route_requires(Permission.VIEW_DATA)
    def download_loads() -> Response:
        """Every file loaded to the programme, with its reconciliation."""
        try:
            code = current_programme(dict(request.args.items()))
            frame = loads.list_loads(current_scope(), code)
        except OutOfScope:
            abort(403)
        text = frame_csv(frame.drop(columns=["notes", "difference"]))
        audit.note(
            actor=current_scope().actor, event="downloaded", detail={"what": "list of files"}, programme_code=code
        )
        return _csv(text, f"{code}-loads.csv".lower())
