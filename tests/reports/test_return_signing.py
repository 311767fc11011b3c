"""A return from draft to submission, its correction, and what later data do to it: nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from sqlalchemy import select

from commands.returns import returns
from data_access import schema
from data_access.engine import get_engine, make_engine, utc_now, writing
from data_access.migrate import upgrade
from data_access.returns import narrative, signing, versions
from data_access.returns.changing import StaleVersion
from domain.return_states import Action, NotYours, State
from domain.scope import server_scope
from reports.checks.run import run_checks, texts_of
from reports.contents import bare_contents, build_contents, contents_of
from reports.differences import differences
from reports.files import return_file
from reports.freezing import freeze
from reports.sealing.keys import trusted_certificates
from reports.sealing.verify import verify
from reports.signing import NotReady, sign
from settings import load_settings
from tests.copying import copy_folder
from tests.factories import Maker, audit_events
from tests.pdf_validation.validators import semantics, vera_all
from tests.reports.conftest import DOCUMENT, fill, others
from tests.reports.signed_returns import BEN, FAY, MARY, OLIVE, PLAIN, submitted, take, written

CODE, MONTH, NEXT = "TEST", "2023-10", "2023-11"


def _use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder / 'portal.sqlite3'}")
    monkeypatch.setenv("ACCENT_COLOUR", "#12436D")
    return folder


def _copied(held: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_folder(held, folder / "data")
    return _use(folder / "data", monkeypatch)


@pytest.fixture(scope="module")
def kept_written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programme of the return's tests in a migrated database; October is written and explained."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = _use(tmp_path_factory.mktemp("written"), monkeypatch)
        engine = make_engine(f"sqlite:///{folder / 'portal.sqlite3'}")
        upgrade(engine)
        with engine.begin() as conn:
            fill(Maker(conn, DOCUMENT))
            others(conn)
        engine.dispose()
        written(CODE, MONTH)
    return folder


@pytest.fixture(scope="module")
def kept_checked(kept_written: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = _copied(kept_written, tmp_path_factory.mktemp("checked"), monkeypatch)
        take(BEN, CODE, MONTH, Action.CHECK)
    return folder


@pytest.fixture(scope="module")
def kept_submitted(kept_checked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = _copied(kept_checked, tmp_path_factory.mktemp("submitted"), monkeypatch)
        approved = take(OLIVE, CODE, MONTH, Action.APPROVE)
        (folder / "approved.pdf").write_bytes(versions.sealed_pdf(OLIVE, CODE, approved))
        take(FAY, CODE, MONTH, Action.CERTIFY)
        take(MARY, CODE, MONTH, Action.SUBMIT)
    return folder


@pytest.fixture
def drafted(kept_written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return _copied(kept_written, tmp_path, monkeypatch)


@pytest.fixture
def checked(kept_checked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return _copied(kept_checked, tmp_path, monkeypatch)


@pytest.fixture
def sent(kept_submitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return _copied(kept_submitted, tmp_path, monkeypatch)


def _late_crimes(spots: tuple[str, ...] = ("HS1", "HS2")) -> None:
    """Crimes of October that arrive after everything else."""
    with writing().begin() as conn:
        maker = Maker.__new__(Maker)
        p = schema.programme.c
        maker.conn, maker._row = conn, 900
        maker.programme_id = conn.execute(select(p.id).where(p.code == CODE)).scalar_one()
        maker.code, a = CODE, schema.area.c
        areas = conn.execute(select(a.code, a.id).where(a.programme_id == maker.programme_id))
        maker.area_ids = {row.code: row.id for row in areas}
        maker.crimes(
            [{"day": date(2023, 10, 20), "spot": spot, "minute": 900, "harm": 3.0} for spot in spots],
            period=(date(2023, 10, 1), date(2023, 10, 31)),
        )


def test_from_draft_to_a_sealed_file_that_anybody_can_verify(sent: Path) -> None:
    version = versions.latest(MARY, CODE, MONTH)
    pdf = versions.sealed_pdf(MARY, CODE, version)
    assert pdf.startswith((sent / "approved.pdf").read_bytes()), (
        "what the senior responsible owner sealed is still in the file, byte for byte"
    )
    verdict = verify(pdf, trusted_certificates(load_settings()))
    assert verdict.whole
    assert [(s.step, s.who.split("@")[0]) for s in verdict.seals] == [
        ("approved", "olive"), ("certified", "fay"), ("submitted", "mary"),
    ]  # fmt: skip
    assert all(version.contents_sha256 in s.reason for s in verdict.seals)
    assert "It was due on 15 Nov 2023 and was submitted on" in verdict.seals[-1].reason
    assert sorted(Path(a.name).suffix for a in verdict.attachments) == [".csv", ".json", ".json", ".ods"]
    (as_checked,) = [a for a in verdict.attachments if a.name.endswith("-as-checked.json")]
    assert as_checked.sha256 == version.contents_sha256, "anybody can check what the signatures are for"
    (sent / "r.pdf").write_bytes(pdf)
    text = " ".join(page.extract_text() for page in PdfReader(sent / "r.pdf").pages)
    for word in (
        "Approved by the senior responsible owner",
        "ben@example.org",
        "olive@example.org",
        "Briefings were held",
    ):
        assert word in text, word
    assert "Tŷ Gwyn and Łódź House" in text
    assert "Nobody has signed" not in text
    assert "had not been submitted when it was approved on" in " ".join(text.split())


def test_the_sealed_file_and_a_correction_pass_the_validators(sent: Path) -> None:
    version = versions.latest(MARY, CODE, MONTH)
    opened = signing.open_correction(MARY, CODE, MONTH, version.revision, "Łukasz’s team counted one visit twice.")
    opened = narrative.save(MARY, CODE, MONTH, {**PLAIN, "learning": "Tŷ Gwyn"}, opened.revision)
    paths = [sent / "sealed.pdf", sent / "correction.pdf"]
    paths[0].write_bytes(versions.sealed_pdf(MARY, CODE, version))
    paths[1].write_bytes(return_file(MARY, CODE, opened, "pdf").body)
    names = [set(PdfReader(path).attachments) for path in paths]
    assert not names[0] & names[1], "kept in one folder, neither version's files replace the other's"
    assert all("-v2." in name for name in names[1])
    for (path, flavour), verdict in vera_all(paths).items():
        assert verdict.failures == (), (path.name, flavour)
    for path in paths:
        assert semantics(path) == [], path.name


def test_what_later_data_say_does_not_move_what_was_checked(checked: Path) -> None:
    before = build_contents(OLIVE, CODE, MONTH)
    _late_crimes()
    assert build_contents(OLIVE, CODE, MONTH) == before
    assert take(OLIVE, CODE, MONTH, Action.APPROVE).state is State.APPROVED


def test_nobody_signs_what_they_have_not_seen(drafted: Path) -> None:
    held = versions.latest(MARY, CODE, MONTH)
    with pytest.raises(StaleVersion, match="nothing was signed"):
        sign(BEN, CODE, MONTH, Action.CHECK, held.revision, "another hash")
    with pytest.raises(StaleVersion, match="changed this return since"):
        sign(BEN, CODE, MONTH, Action.CHECK, held.revision - 1, "any")
    with pytest.raises(NotYours, match="nobody judges their own work"):
        take(MARY, CODE, MONTH, Action.CHECK)
    take(BEN, CODE, MONTH, Action.CHECK)
    with pytest.raises(StaleVersion, match="not what would be signed"):
        sign(OLIVE, CODE, MONTH, Action.APPROVE, held.revision + 1, "another hash")
    assert versions.latest(MARY, CODE, MONTH).state is State.CHECKED


def test_findings_stand_in_the_way_until_they_are_mended_or_explained(drafted: Path) -> None:
    explained = versions.latest(MARY, CODE, MONTH)
    version = narrative.save(MARY, CODE, MONTH, {**PLAIN, "highlights": ""}, explained.revision)
    with pytest.raises(NotReady, match="stand in the way"):
        take(BEN, CODE, MONTH, Action.CHECK)
    version = narrative.save(MARY, CODE, MONTH, PLAIN, version.revision)
    kept = take(BEN, CODE, MONTH, Action.CHECK)
    said = versions.checks_of(BEN, CODE, kept)
    reasons = [f["reason"]["text"] for row in said for f in row["findings"]]
    assert reasons == ["Looked at with the provider."] * len(version.reasons)
    assert len(said) == 10, "every check is kept, also those that found nothing"


def test_a_return_is_one_document_for_all_who_may_open_it(drafted: Path) -> None:
    """The finance officer's dashboards hide small counts; the return they certify does not."""
    found = [build_contents(scope, CODE, MONTH) for scope in (MARY, OLIVE, FAY, server_scope("test"))]
    assert all(c == found[0] for c in found[1:])


def test_a_correction_marks_and_lists_what_it_changes(sent: Path) -> None:
    first = versions.latest(MARY, CODE, MONTH)
    before = contents_of(MARY, CODE, first)
    _late_crimes()
    opened = signing.open_correction(MARY, CODE, MONTH, first.revision, "Two crimes were recorded late.")
    after = contents_of(MARY, CODE, opened)
    assert after.correction_reason == "Two crimes were recorded late."
    listed = {row[0]: (row[2], row[3]) for row in after.corrections.rows}
    assert {d.place for d in differences(before, after)} >= set(listed)
    crimes = next(h for h in after.headlines if h.label == "Recorded crimes")
    was = next(h for h in before.headlines if h.label == "Recorded crimes")
    assert int(crimes.value) == int(was.value) + 2
    assert f"the earlier version said {was.value}" in crimes.detail
    assert listed["Recorded crimes"][0].startswith(was.value)
    marked = [t for s in after.sections for e in s.entries for t in e.tables if "Corrected: " in t.note]
    assert marked
    assert "(was " in marked[0].note
    assert "Version 2, correcting version 1" in after.fact("A", "return_id", "Return").note
    assert contents_of(MARY, CODE, versions.get(MARY, CODE, MONTH, 1)) == before, "the first version is what it was"


def test_a_correction_of_a_correction_lists_only_what_it_changes_itself(sent: Path) -> None:
    first = versions.latest(MARY, CODE, MONTH)
    second = signing.open_correction(MARY, CODE, MONTH, first.revision, "The highlights named the wrong place.")
    words = {**PLAIN, "highlights": "Briefings were held each Friday."}
    second = narrative.save(MARY, CODE, MONTH, words, second.revision)
    frozen = freeze(BEN, bare_contents(BEN, CODE, second), [])
    second = signing.check(BEN, CODE, MONTH, second.revision, frozen)
    # What is sealed does not matter here.
    for write, who in ((signing.approve, OLIVE), (signing.certify, FAY), (signing.submit, MARY)):
        second = write(who, CODE, MONTH, second.revision, b"%PDF", utc_now())
    third = signing.open_correction(MARY, CODE, MONTH, second.revision, "The learning was missing altogether.")
    third = narrative.save(MARY, CODE, MONTH, {**words, "learning": "Lamps help."}, third.revision)
    listed = [row[0] for row in contents_of(MARY, CODE, third).corrections.rows]
    assert listed == ["Narrative: Learning"]


def test_a_correction_after_a_dropped_one_is_compared_with_what_was_submitted(sent: Path) -> None:
    first = versions.latest(MARY, CODE, MONTH)
    before = contents_of(MARY, CODE, first)
    second = signing.open_correction(MARY, CODE, MONTH, first.revision, "The highlights named the wrong place.")
    second = narrative.save(MARY, CODE, MONTH, {**PLAIN, "highlights": "Nothing was held."}, second.revision)
    second = signing.drop_correction(MARY, CODE, MONTH, second.revision, "The place was right.\nSee the minutes.")
    assert contents_of(MARY, CODE, versions.latest(MARY, CODE, MONTH)) == before
    third = signing.open_correction(MARY, CODE, MONTH, second.revision, "The learning was missing altogether.")
    third = narrative.save(MARY, CODE, MONTH, {**PLAIN, "learning": "Lamps help."}, third.revision)
    contents = contents_of(MARY, CODE, third)
    assert [row[0] for row in contents.corrections.rows] == ["Narrative: Learning"]
    assert "Version 3, correcting version 1" in contents.fact("A", "return_id", "Return").note

    gone = contents_of(MARY, CODE, second)
    assert gone.status == "Correction dropped"
    assert "does not count" in gone.fact("A", "return_id", "Status").note
    assert "Nobody signed this version" in gone.entry("K", "prepared").sentences[0]
    assert return_file(MARY, CODE, second, "json").name == "test-return-2023-10-v2-dropped.json"
    with pytest.raises(StaleVersion, match="changed this return since"):
        sign(BEN, CODE, MONTH, Action.CHECK, second.revision - 1, "any")
    listed = CliRunner().invoke(returns, ["list", "--programme", CODE]).output
    assert "2023-10  3        Draft, revision" in listed
    assert "2023-10  2        Correction dropped by mary@example.org, manager, " in listed
    assert "The place was right. See the minutes." in listed


def test_the_reason_for_a_correction_is_read_like_the_narrative(sent: Path) -> None:
    first = versions.latest(MARY, CODE, MONTH)
    signing.open_correction(MARY, CODE, MONTH, first.revision, "The patrols prevented 12 crimes; ring 07700 900123.")
    opened = versions.latest(MARY, CODE, MONTH)
    found = run_checks(MARY, contents_of(MARY, CODE, opened), texts_of(opened))
    said = [f.sentence for r in found for f in r.findings if f.sentence.startswith("Reason for the correction")]
    assert len(said) >= 2


def test_what_the_page_says_of_a_submitted_return_is_what_the_register_says(sent: Path) -> None:
    contents = build_contents(MARY, CODE, MONTH)
    assert contents.status == "Submitted"
    rows = {row[0]: row[1] for row in contents.entry("K", "prepared").tables[0].rows}
    assert rows["Certified by chief finance officer"].startswith("fay@example.org")
    assert rows["Submitted"].startswith("mary@example.org")


def test_months_submitted_earlier_are_restated_where_they_have_moved(sent: Path) -> None:
    quiet = build_contents(MARY, CODE, NEXT).entry("J", "gps_uptime")
    assert any("Months submitted earlier (1)" in s for s in quiet.sentences)
    _late_crimes()
    moved = build_contents(MARY, CODE, NEXT).entry("J", "gps_uptime")
    table = next(t for t in moved.tables if t.caption == "Earlier months restated")
    row = next(r for r in table.rows if r[0] == "Oct 2023: Recorded crimes")
    assert int(row[2]) == int(row[1]) + 2
    assert not any(
        t.caption == "Earlier months restated"
        for t in build_contents(MARY, CODE, MONTH).entry("J", "gps_uptime").tables
    )


def test_a_fund_without_certificate_has_its_own_signatures(drafted: Path) -> None:
    version = submitted("SHORT", "2021-10")
    assert version.state is State.SUBMITTED
    verdict = verify(versions.sealed_pdf(MARY, "SHORT", version), trusted_certificates(load_settings()))
    assert [s.step for s in verdict.seals] == ["approved", "submitted"]


def test_no_room_on_the_disk_leaves_the_return_where_it_stood(checked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, events = versions.latest(OLIVE, CODE, MONTH), audit_events(get_engine())

    def full(*_: object, **__: object) -> bytes:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("reports.signing.printed", full)
        with pytest.raises(OSError, match="No space"):
            take(OLIVE, CODE, MONTH, Action.APPROVE)
    assert (versions.latest(OLIVE, CODE, MONTH), audit_events(get_engine())) == (before, events)
    assert take(OLIVE, CODE, MONTH, Action.APPROVE).state is State.APPROVED
