"""Roles and the named permissions each holds. Anything not listed here is refused."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    FUNDER = "funder"
    PARTNER = "partner"
    MANAGER = "manager"
    APPROVER = "approver"
    REVIEWER = "reviewer"
    FINANCE = "finance officer"
    INFORMATION_GOVERNANCE = "information governance"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    VIEW_OVERVIEW = "view overview"
    VIEW_TRENDS = "view trends"
    VIEW_HOT_SPOTS = "view hot spots"
    VIEW_PATROLS = "view patrols"
    VIEW_COSTS = "view costs"
    VIEW_CASE_STUDIES = "view case studies"
    RELEASE_CASE_STUDIES = "release case studies"
    VIEW_EVALUATION = "view evaluation"
    INSPECT_EVALUATION = "inspect evaluation"  # every estimate, check and table behind the claim
    COMMENT_ON_EVALUATION = "comment on evaluation"
    RESOLVE_COMMENTS = "resolve comments"
    VIEW_RETURNS = "view returns"
    BUILD_RETURNS = "build returns"
    CHECK_RETURNS = "check returns"
    APPROVE_RETURNS = "approve returns"
    CERTIFY_RETURNS = "certify returns"
    SUBMIT_RETURNS = "submit returns"
    VIEW_DATA = "view data"
    LOAD_DATA = "load data"
    CHANGE_RULES = "change counting rules"
    SEE_REJECTS = "see rejected rows"
    SEE_DAYS = "see day-level figures"
    SEE_SMALL_COUNTS = "see counts of 1 to 4"
    VIEW_METHODS = "view methods"
    MANAGE_ACCOUNTS = "manage accounts"
    OWN_ACCOUNT = "own account"


P = Permission
_EVERYONE = {P.VIEW_METHODS, P.OWN_ACCOUNT}
_DASHBOARDS = {
    P.VIEW_OVERVIEW,
    P.VIEW_TRENDS,
    P.VIEW_HOT_SPOTS,
    P.VIEW_PATROLS,
    P.VIEW_COSTS,
    P.VIEW_CASE_STUDIES,
    P.VIEW_EVALUATION,
}
_OPERATIONAL = {P.SEE_DAYS, P.SEE_SMALL_COUNTS, P.INSPECT_EVALUATION}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.FUNDER: frozenset(_EVERYONE | _DASHBOARDS),
    Role.PARTNER: frozenset(_EVERYONE | _DASHBOARDS),
    Role.MANAGER: frozenset(
        _EVERYONE
        | _DASHBOARDS
        | _OPERATIONAL
        | {P.VIEW_RETURNS, P.BUILD_RETURNS, P.CHECK_RETURNS, P.SUBMIT_RETURNS}
        | {P.VIEW_DATA, P.LOAD_DATA, P.CHANGE_RULES, P.SEE_REJECTS}
        | {P.COMMENT_ON_EVALUATION, P.RESOLVE_COMMENTS}
    ),
    Role.APPROVER: frozenset(
        _EVERYONE
        | _DASHBOARDS
        | _OPERATIONAL
        | {P.VIEW_RETURNS, P.APPROVE_RETURNS, P.SUBMIT_RETURNS, P.VIEW_DATA, P.RELEASE_CASE_STUDIES}
    ),
    # Sees the dashboards as funders do; the return they certify is one document, the same for all who may open it.
    Role.FINANCE: frozenset(_EVERYONE | _DASHBOARDS | {P.VIEW_RETURNS, P.CERTIFY_RETURNS}),
    Role.REVIEWER: frozenset(_EVERYONE | _DASHBOARDS | _OPERATIONAL | {P.VIEW_DATA, P.COMMENT_ON_EVALUATION}),
    Role.INFORMATION_GOVERNANCE: frozenset(
        _EVERYONE | {P.VIEW_OVERVIEW, P.VIEW_CASE_STUDIES, P.RELEASE_CASE_STUDIES, P.VIEW_DATA}
    ),
    Role.ADMINISTRATOR: frozenset(_EVERYONE | {P.MANAGE_ACCOUNTS}),
}
