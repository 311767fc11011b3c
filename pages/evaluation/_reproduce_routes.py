"""The reproducibility bundle as one file to take away."""

from __future__ import annotations

from flask import Flask, Response, abort, request

from access.requires import route_requires
from access.viewer import current_programme, current_scope
from data_access import audit
from domain.roles import Permission
from domain.scope import OutOfScope
from reports.evaluation_bundle import bundle_files, zipped

PATH = "/evaluation/reproduce/bundle.zip"


def register(server: Flask) -> None:
    @server.get(PATH)
    @route_requires(Permission.INSPECT_EVALUATION)
    def evaluation_bundle() -> Response:
        """Everything that is needed to compute the evaluation again; the same bytes for the same data."""
        scope = current_scope()
        try:
            code = current_programme(dict(request.args.items()))
            content = zipped(bundle_files(scope, code), f"{code}-evaluation".lower())
        except OutOfScope:
            abort(403)
        audit.note(actor=scope.actor, event="downloaded", detail={"what": "evaluation bundle"}, programme_code=code)
        name = f"{code}-evaluation.zip".lower()
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, mimetype="application/zip", headers=headers)
