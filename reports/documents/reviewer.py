"""Reviewer pack: the design, the plan and its deviations, every estimate with what it rests on, and how to reproduce it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.evaluation.calibration.designs import SITUATIONS
from analysis.evaluation.calibration.gate import LEAST_ALARMS, LEAST_COVERAGE, MOST_ALARMS, judge
from analysis.evaluation.calibration.table import Row, provenance, rows
from analysis.evaluation.catalogue import title_of
from analysis.evaluation.claims import MARYLAND
from analysis.evaluation.record import CODE_VERSION, Refusal, ResultRecord
from analysis.evaluation.section import Section
from analysis.evaluation.suite import SECTIONS
from components.columns import Column, count, decimal, text
from data_access.evaluation import plan as plans
from data_access.evaluation.inputs import data_version as evaluation_hash
from data_access.evaluation.plan import RETROSPECTIVE
from data_access.evaluation.plan_now import as_run
from data_access.evaluation.sections import section
from data_access.evaluation.summary import EvaluationSummary, evaluation_summary
from data_access.evaluation.tried import tried_count
from data_access.evaluation.windows import service_window
from domain import formats
from domain.programme import Provider
from domain.roles import Permission
from domain.scope import Scope
from reports.documents.choices import data_version
from reports.documents.estimates import (
    assumptions_table,
    checks_table,
    meanings_table,
    p_words,
    records_tables,
    three_ways_facts,
)
from reports.documents.model import ChoiceKind, Contents, Document, Part, laid_out
from reports.documents.writing import Reader, contents, draw_parts, table
from reports.evaluation_bundle import environment_lines, source_sha256
from reports.model import DataTable, Fact

KEY, KIND = "reviewer-pack", "Reviewer pack"
NOT_STATED = "Not stated in the programme's settings."
NOT_COMPARED = "for people to keep; not compared"
CURVES = {
    "curve-patrol-days": "Patrol days, analysed every way",
    "curve-before-after": "Before and after, analysed every way",
    "curve-comparators": "Comparators, analysed every way",
}
TITLES = {name: name.replace("-", " ").capitalize() for name in SECTIONS}


def build(scope: Scope, code: str, choice: str) -> Contents:
    scope.require(Permission.INSPECT_EVALUATION)
    r, found = Reader(scope, code), evaluation_summary(scope, code)
    sections = {name: section(scope, code, name) for name in SECTIONS}
    registered = plans.plans(scope, code)
    parts = (
        _design(r, found), _plan(r, registered), _deviations(r, registered), _headlines(found, sections),
        *(_estimates(name, made) for name, made in sections.items()),
        _assumptions(sections), *_checks(sections), *_sensitivity(sections["robustness"]), _error_rates(),
        # Tries last: what stands above runs every section, which is counted.
        _tried(r), _reproduce(r, sections),
    )  # fmt: skip
    return contents(
        r, key=KEY, choice=choice, kind=KIND, period=_reach(r), lead=(found.claim.sentence,), parts=parts,
        moments=[p.registered_at for p in registered], with_contents=True,
        source_notes=("Every estimate is that of the registered analysis: nothing chosen by a reader.",),
    )  # fmt: skip


def _reach(r: Reader) -> str:
    return f"data to {formats.day(r.as_at.crimes_to)}" if r.as_at.crimes_to else "no crimes loaded"


# --- design and plan ------------------------------------------------------------------------------------------------


def _design(r: Reader, found: EvaluationSummary) -> Part:
    p, level = r.programme, found.claim.maryland_level
    hours = service_window(p)
    facts = (
        Fact("How the places were chosen", p.selection_method or NOT_STATED),
        Fact("Chosen on counts of", formats.period(p.evaluation.selection) if p.evaluation.selection else NOT_STATED),
        Fact("Places", f"{len(r.defaults.hot_spot_names)} {r.defaults.area_word} in {p.area_name or p.name}"),
        Fact("Service", p.service_name or NOT_STATED),
        Fact("Service live from", formats.day(p.service_live_from) if p.service_live_from else NOT_STATED),
        Fact("Hours of the service", f"{hours[0]:%H:%M} to {hours[1]:%H:%M}" if hours else NOT_STATED),
        *(
            Fact(f"Window: {name}", f"{formats.period(w.period)}. {w.label}" if w else NOT_STATED)
            for name, w in (("before", p.before), ("during", p.during))
        ),
        *(Fact(provider.name, _provider(provider)) for provider in p.providers),
        Fact("Funded by", p.fund or NOT_STATED),
        Fact("About the data", p.data_note or "–"),
    )  # fmt: skip
    ladder = laid_out(
        DataTable(
            "The claim ladder: how strong a design is (Maryland scale)", ("Level", "Design", "Here"),
            tuple((str(n), MARYLAND[n], "the headline claim" if n == level else "–") for n in sorted(MARYLAND, reverse=True)), (1, 2),
        ), 10, 60, 30,
    )  # fmt: skip
    return Part("Design", warnings=(found.overlap.sentence(),) if found.overlap else (), facts=facts, tables=(ladder,))


def _provider(provider: Provider) -> str:
    doses = [f"{d.minutes:g} minutes a visit from {formats.day(d.start)}" for d in provider.planned_dose]
    return f"{provider.kind}; planned: {formats.joined(doses) or 'no dose set'}."


def _plan(r: Reader, registered: tuple[plans.Plan, ...]) -> Part:
    title = "Analysis plan"
    if not registered:
        return Part(title, (
            "No analysis plan is registered for this programme, so every choice here may have been made after seeing the data.",
        ))  # fmt: skip
    newest = registered[-1]
    late = " It could be written knowing the results, so it does not protect against choosing among them."
    said = (
        f"Plan {newest.version} of {len(registered)} was registered on {formats.day(newest.registered_at)} and is "
        f"{newest.timing}. {newest.timing_reason}{late if newest.timing == RETROSPECTIVE else ''}"
    )
    now = as_run(r.scope, r.code, newest.settings)
    settings = tuple(
        (
            label,
            said_,
            now.get(label, NOT_COMPARED),
            "–" if label not in now else "yes" if now[label] == said_ else "no",
        )
        for label, said_ in newest.settings.items()
    )
    versions = tuple(
        (str(p.version), p.file_name, formats.day(p.registered_at), p.timing, p.sha256) for p in registered
    )
    tables = (
        laid_out(
            DataTable("Planned, and what runs now", ("Setting", "Planned", "Runs now", "Same"), settings, (1, 2, 3)),
            26,
            33,
            33,
            8,
        ),
        laid_out(
            DataTable(
                "Versions of the plan", ("Version", "File", "Registered", "Timing", "SHA-256"), versions, (1, 2, 3, 4)
            ),
            10,
            20,
            14,
            16,
            40,
        ),
    )
    return Part(title, (said,), tables=tables)


def _deviations(r: Reader, registered: tuple[plans.Plan, ...]) -> Part:
    title = "Deviations from the plan"
    if not registered:
        return Part(title, ("There is no plan to deviate from.",))
    found = plans.deviations(r.scope, r.code)
    listed = [(d.found, d.setting, d.planned, d.instead) for d in (*found.now, *found.revised)]
    listed += [
        (f"recorded {formats.day(d.decided_on)}, plan {d.version}", d.what, "–", d.reason) for d in found.recorded
    ]
    if not listed:
        return Part(
            title, ("What runs now is as planned in every setting that can be compared, and no deviation is recorded.",)
        )
    head = ("Found", "What", "Planned", "Instead, or the reason")
    said = (
        f"{formats.counted(len(found.now), 'setting')} not as planned now, {formats.counted(len(found.revised), 'change')} "
        f"between versions of the plan, {formats.counted(len(found.recorded), 'deviation')} recorded in words."
    )
    return Part(
        title, (said,), tables=(laid_out(DataTable("Every deviation", head, tuple(listed), (1, 2, 3)), 18, 26, 26, 30),)
    )


# --- estimates -----------------------------------------------------------------------------------------------------


def _headlines(found: EvaluationSummary, sections: Mapping[str, Section]) -> Part:
    compared = found.before_after
    record = compared if isinstance(compared, Refusal) else compared.default
    facts = (
        three_ways_facts(record)
        if isinstance(record, ResultRecord)
        else (Fact("Headline", formats.UNAVAILABLE, record.reason),)
    )
    registered = records_tables(
        "The registered headline of every section", {n: s.headline for n, s in sections.items()}
    )
    note = (
        "Rows answer different questions and share data, so they are neither independent of each other nor to be "
        "averaged. Level: strength of the design on the Maryland scale. False alarms and holds the truth: measured by simulation."
    )
    return Part("Headline estimates", facts=facts, tables=registered, notes=(note,), wide=True)


def _estimates(name: str, made: Section) -> Part:
    """Below 1 of a ratio, below 0 of a difference: fewer."""
    counted = formats.counted(len(made.records), "record")
    refused = sum(isinstance(record, Refusal) for record in made.records.values())
    said = f"{counted}, {refused} of them without an estimate; {formats.counted(made.tried, 'analysis').replace('analysiss', 'analyses')} run."
    return Part(
        f"Estimates: {TITLES[name].lower()}",
        (said,),
        tables=records_tables(f"Every estimate of {TITLES[name].lower()}", made.records),
        wide=True,
    )


def _assumptions(sections: Mapping[str, Section]) -> Part:
    records = ((f"{name}, {key}", record) for name, made in sections.items() for key, record in made.records.items())
    return Part("Assumptions", tables=(assumptions_table(records),), wide=True)


def _checks(sections: Mapping[str, Section]) -> list[Part]:
    made = [checks_table(f"Checks of {TITLES[name].lower()}", s.records) for name, s in sections.items()]
    shown = tuple(t for t in made if t)
    judged = [
        c
        for made_ in sections.values()
        for record in made_.records.values()
        for c in record.checks
        if c.passed is not None
    ]
    failed = sum(not c.passed for c in judged)
    said = (
        f"{failed} of {len(judged)} checks that can fail were not passed. Those “for information” cannot fail."
        if judged
        else "No check was made."
    )
    meanings = meanings_table(record for made_ in sections.values() for record in made_.records.values())
    return [Part("Checks", (said,), tables=(*shown, meanings), wide=True)]


# --- sensitivity ---------------------------------------------------------------------------------------------------

CURVE_COLUMNS = (
    text("outcome", "Outcome"), text("adjusted", "Adjusted for"), text("compared", "Compared within"), text("days", "Days or windows"),
    text("error", "Error or estimator"), decimal("ratio", "Ratio", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
    Column("p", "p", p_words, numeric=True), count("events", "Events"), text("registered", "Registered", lambda v: "yes" if v else "no"),
)  # fmt: skip
TEST_COLUMNS = (
    text("test", "Test"), decimal("ratio", "Ratio", 2), decimal("low", "95% interval from", 2), decimal("high", "to", 2),
    *(Column(name, head, p_words, numeric=True) for name, head in (
        ("p", "p alone"), ("holm", "Holm"), ("bonferroni", "Bonferroni"), ("bh", "Benjamini-Hochberg"))),
)  # fmt: skip


def _sensitivity(made: Section) -> list[Part]:
    tests = made.tables.get("tests", pd.DataFrame())
    first = (table("The headline tests counted as one family", tests, TEST_COLUMNS),) if len(tests) else ()
    why = () if first else ("None of the headline tests could be made.",)
    parts = [Part("Sensitivity", (str(made.facts["claim"]), *why), tables=first, wide=True)]
    for key, title in CURVES.items():
        frame = made.tables.get(key, pd.DataFrame())
        if frame.empty:
            parts.append(Part(title, (f"{formats.UNAVAILABLE} {made.facts[f'why-{key}']}",), wide=True))
        else:
            parts.append(
                Part(title, (str(made.facts[key]),), tables=(_curve(title, frame),), notes=_why_none(frame), wide=True)
            )
    return parts


def _curve(title: str, frame: pd.DataFrame) -> DataTable:
    """Settings that this question does not have are left out."""
    settings = [c for c in CURVE_COLUMNS[:5] if frame[c.name].astype(str).str.strip().ne("").any()]
    columns = [*settings, *CURVE_COLUMNS[5:]]
    return laid_out(
        table(f"{title}, lowest ratio first", frame.sort_values("ratio", kind="stable"), columns),
        *[16] * len(settings),
        7,
        9,
        7,
        8,
        8,
        11,
    )


def _why_none(frame: pd.DataFrame) -> tuple[str, ...]:
    reasons = frame.loc[frame["ratio"].isna(), "why"].value_counts()
    return tuple(f"{formats.counted(int(n), 'row')} without an estimate: {reason}" for reason, n in reasons.items())


def _error_rates() -> Part:
    """The shipped measurements, where nothing happened: what “error rate” means above."""
    shown = tuple(_rate_row(row) for row in rows() if row.situation in SITUATIONS and SITUATIONS[row.situation].null)
    head = ("Method", "What was simulated", "Signals", "Holds the truth", "Runs", "Against the limits")
    made = provenance()
    note = "; ".join(f"{key.replace('_', ' ')}: {value}" for key, value in made.items())
    said = (
        "How often each method signals in simulated data in which nothing happened. Limits: signals in "
        f"{LEAST_ALARMS:.0%} to {MOST_ALARMS:.0%} of runs, and at least {LEAST_COVERAGE:.0%} of intervals that hold the truth."
    )
    return Part(
        "Error rates",
        (said,),
        tables=(laid_out(DataTable("Measured error rates", head, shown, (1, 5)), 26, 40, 8, 8, 7, 20),),
        notes=(f"Measured with {note}.",),
        wide=True,
    )


def _rate_row(row: Row) -> tuple[str, ...]:
    situation = SITUATIONS[row.situation]
    words = situation.words if situation.confounders_measured else f"{situation.words} (not measured)"
    problems = "within" if judge(row).passed else "outside"
    covers = formats.NOT_APPLICABLE if row.coverage is None else formats.percent(row.coverage, 1)
    return title_of(row.method), words, formats.percent(row.alarms, 1), covers, formats.number(row.runs), problems


# --- what was tried, and how to get the same --------------------------------------------------------------------------


def _tried(r: Reader) -> Part:
    found = tried_count(r.scope, r.code)
    columns = [text("section", "Question"), count("settings", "Different settings"), count("analyses", "Analyses")]
    note = "Each different choice of settings is counted once a version of the data, whoever looked. What was tried outside the portal is not in it."
    return Part(
        "Analyses tried",
        (found.sentence(),),
        tables=(table("Counted by question", found.by_section, columns),),
        notes=(note,),
    )


def _reproduce(r: Reader, sections: Mapping[str, Section]) -> Part:
    seeds = sorted(
        {
            rec.seed
            for s in sections.values()
            for rec in s.records.values()
            if isinstance(rec, ResultRecord) and rec.seed is not None
        }
    )
    python, *packages = environment_lines()
    listed = (
        ("Code version", CODE_VERSION), ("Code, SHA-256 over every file of the engine", source_sha256()),
        ("Data of the evaluation, SHA-256 over every frame and setting", evaluation_hash(r.scope, r.code)),
        ("Loaded files, SHA-256", r.as_at.data_sha256), ("Seeds", ", ".join(map(str, seeds)) or "none used"),
        ("Python", python), *((p.split("==")[0], p.split("==")[1]) for p in packages),
    )  # fmt: skip
    said = (
        "The reproducibility bundle holds the plan, de-identified counts, every record, table and figure, the code and a list of "
        "hashes. Made twice from the same data it is the same to the byte. It is the button on the page Reproduce, or the command "
        f"flask --app app evaluate --programme {r.code} --out DIR.",
        "To compute it again: unpack it on a computer with Python 3.11 and run make. It installs the pinned libraries, computes "
        "every record and figure anew and compares byte for byte. The column Record above is the key in its records/*.json.",
        f"This pack again: flask --app app document build --programme {r.code} --document {KEY} --out FILE. The same data, plan and analyses tried give the same bytes.",
    )
    return Part(
        "How to reproduce",
        said,
        tables=(laid_out(DataTable("Code, data and environment", ("What", "Value"), listed, (1,)), 40, 60),),
    )


DOCUMENT = Document(
    key=KEY, title=KIND,
    about="For peer reviewers: the design, the plan and its deviations, every estimate with its interval, error rate and checks, and how to reproduce them.",
    permission=Permission.INSPECT_EVALUATION, choice=ChoiceKind.DATA, choices=data_version,
    why_none="Nothing is loaded for this programme. Load recorded crime first.",
    build=build, pdf=draw_parts,
)  # fmt: skip
