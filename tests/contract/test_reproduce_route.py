"""The evaluation's bundle as a download: for reviewers and managers of the programme alone, and logged."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from sqlalchemy import select

from data_access import schema
from data_access.engine import get_engine
from domain.roles import PERMISSIONS, Permission, Role
from reports.evaluation_bundle import MANIFEST
from tests.portal import Portal

BUNDLE = "/evaluation/reproduce/bundle.zip?programme=TEST"


def test_a_reviewer_takes_the_bundle_away_and_it_is_logged(portal: Portal) -> None:
    answer = portal.signed_in(Role.REVIEWER).get(BUNDLE)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="test-evaluation.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as held:
        assert held.testzip() is None
        assert any(name.endswith(MANIFEST) for name in held.namelist())
    with get_engine().connect() as conn:
        log = schema.audit.c
        last = conn.execute(select(log.event, log.detail).order_by(log.id.desc())).first()
    assert last is not None
    assert (last.event, last.detail["what"]) == ("downloaded", "evaluation bundle")


@pytest.mark.parametrize("role", [role for role in Role if Permission.INSPECT_EVALUATION not in PERMISSIONS[role]])
def test_nobody_else_gets_it(portal: Portal, role: Role) -> None:
    answer = portal.signed_in(role).get(BUNDLE)
    assert answer.status_code == 403
    assert answer.data[:2] != b"PK"


def test_a_programme_that_is_not_theirs_is_refused(portal: Portal) -> None:
    answer = portal.signed_in(Role.REVIEWER).get(BUNDLE.replace("TEST", "HIDDEN"))
    assert answer.status_code == 403


def test_the_page_links_to_it_and_names_the_data_version(portal: Portal) -> None:
    said = json.dumps(portal.signed_in(Role.REVIEWER).page("/evaluation/reproduce", "?programme=TEST").get_json())
    assert BUNDLE in said
    assert "Data, SHA-256" in said
