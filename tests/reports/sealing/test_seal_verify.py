"""A sealed return says yes to what the portal sealed and no to everything else, in words a records officer can use."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pikepdf
import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm

from reports.finishing import Attachment
from reports.sealing import seal as sealing
from reports.sealing import verify as verifying
from reports.sealing.changes import what_changed
from reports.sealing.keys import SealKey, fingerprint
from reports.sealing.report import check_file, verdict_lines
from reports.sealing.scan import seals_in
from reports.sealing.seal import put_on, seal
from reports.sealing.verify import OWN_KEY_SENTENCE, verify
from tests.reports.sealing.conftest import Sealed
from tests.reports.sealing.sealed_files import (
    ATTACHMENTS,
    DATA,
    MOMENT,
    STEPS,
    TAMPERINGS,
    asn1,
    key_of,
    made,
    rename_attachment,
    turn_page,
    updated,
    widen_field,
)


def said(pdf: bytes, key: SealKey) -> str:
    """Every sentence of a verdict that is not whole."""
    verdict = verify(pdf, key)
    assert not verdict.whole
    return " ".join(verdict.sentences)


# --- yes ----------------------------------------------------------------------------------------------------------


def test_the_verdict_on_a_whole_file_names_steps_people_attachments_and_data(sealed: Sealed, tmp_path: Path) -> None:
    verdict = verify(sealed.last, sealed.key)
    assert verdict.whole
    assert [(s.step, s.who, s.at, s.reason) for s in verdict.seals] == [(s.name, s.who, s.at, s.reason) for s in STEPS]
    assert all(s.intact and s.trusted and not s.changed_after for s in verdict.seals)
    assert [s.covers_whole_file for s in verdict.seals] == [False, False, True]
    assert {s.fingerprint for s in verdict.seals} == {fingerprint(sealed.key.certificate)}
    assert sorted((a.name, a.size) for a in verdict.attachments) == sorted((a.name, len(a.body)) for a in ATTACHMENTS)
    assert verdict.data_sha256 == DATA
    assert verdict.sentences == ("This file is, byte for byte, what the portal sealed.", OWN_KEY_SENTENCE)
    (tmp_path / "r.pdf").write_bytes(sealed.last)
    lines, code = check_file(tmp_path / "r.pdf", sealed.key)
    assert code == 0
    assert lines[0] == "r.pdf: whole"
    assert "Seal “submitted” holds: Return manager, 7 January 2024, 12:30:01 UTC (the portal's clock)" in lines


def test_a_file_cut_back_to_an_earlier_seal_shows_which_steps_are_missing(sealed: Sealed) -> None:
    verdict = verify(sealed.last[: len(sealed.parts[1])], sealed.key)
    assert verdict.whole, "the file alone cannot tell; the register can"
    assert "no seal for: certified, submitted" in " ".join(verdict.sentences)


def test_a_seal_of_an_organisation_is_known_by_itself_or_by_its_authority() -> None:
    authority = key_of("Authority", authority=True)
    between = key_of("Department", authority, authority=True)
    key = key_of("Testford Council", between)
    assert len(key.chain) == 2
    pdf = seal(made(), key, STEPS[0])
    for known in ([key.certificate], [authority.certificate], [between.certificate]):
        verdict = verify(pdf, known)
        assert verdict.whole
        assert OWN_KEY_SENTENCE not in verdict.sentences
    assert "a key that this portal does not know" in said(pdf, key_of("Testford Council"))
    assert not verify(pdf, []).whole


# --- no -----------------------------------------------------------------------------------------------------------


def test_not_one_byte_can_be_flipped(sealed: Sealed) -> None:
    """Anywhere: words, xref, trailer, the signatures and the empty space behind them, an attachment."""
    places = seals_in(sealed.last)
    regions = [(0, len(sealed.last))]
    for one in places:
        regions += [
            (one.start, one.resume),
            (one.resume - 40, one.resume),
            (one.resume, one.end),
            (one.end - 30, one.end),
        ]

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(regions).flatmap(lambda r: st.integers(r[0], r[1] - 1)), st.integers(0, 7))
    def flipped(position: int, bit: int) -> None:
        pdf = bytearray(sealed.last)
        pdf[position] ^= 1 << bit
        assert not verify(bytes(pdf), sealed.key).whole

    flipped()


def test_no_part_of_the_signature_itself_can_be_written_otherwise() -> None:
    """The signature does not cover itself: its last bytes, those of every certificate, versions and algorithms."""
    authority = key_of("Authority", authority=True)
    pdf = seal(made(), key_of("Council", authority), STEPS[0])
    (one,) = seals_in(pdf)
    raw = bytes.fromhex(pdf[one.start + 1 : one.resume - 1].decode())
    container = cms.ContentInfo.load(raw)
    signature = raw.index(container["content"]["signer_infos"][0]["signature"].native)
    root = raw.index(authority.certificate.signature)
    ends = [*range(signature + 8, signature + 70, 5), *range(root - 1, root + len(authority.certificate.signature), 7)]
    for at in (*ends, *range(0, 60)):
        spoilt = bytearray(raw)
        spoilt[at] ^= 1
        again = pdf[: one.start + 1] + spoilt.hex().upper().encode() + pdf[one.resume - 1 :]
        (found,) = seals_in(again)
        assert found.broken, at
    content = container["content"]
    content["certificates"].append(cms.CertificateChoices("certificate", asn1(key_of("Stranger").certificate)))
    _assert_changed(pdf, container.dump(force=True))
    content["certificates"] = content["certificates"][:2]
    for change in ({"version": "v3"}, {"digest_algorithms": [{"algorithm": "sha512"}]}):
        for key, value in change.items():
            content[key] = value
        _assert_changed(pdf, container.dump(force=True))


def _assert_changed(pdf: bytes, container: bytes) -> None:
    (one,) = seals_in(pdf)
    other = container.hex().upper().encode().ljust(one.resume - one.start - 2, b"0")
    (found,) = seals_in(pdf[: one.start + 1] + other + pdf[one.resume - 1 :])
    assert "was changed" in found.broken


def test_a_signature_written_in_small_letters_is_a_change(sealed: Sealed) -> None:
    """It means the same and no signature covers it, so only a strict reader sees it."""
    one = seals_in(sealed.last)[0]
    pdf = sealed.last[: one.start] + sealed.last[one.start : one.resume].lower() + sealed.last[one.resume :]
    assert "“approved” does not hold: the seal itself was changed" in said(pdf, sealed.key)


def test_the_other_signature_that_an_elliptic_curve_allows_is_a_change(sealed: Sealed) -> None:
    """Who knows r and s knows a second valid pair, without the key."""
    one = seals_in(sealed.last)[-1]
    written = bytes.fromhex(sealed.last[one.start + 1 : one.resume - 1].decode())
    container = cms.ContentInfo.load(written)
    signer = container["content"]["signer_infos"][0]
    r, s = decode_dss_signature(signer["signature"].native)
    signer["signature"] = encode_dss_signature(r, ec.SECP256R1().group_order - s)
    raw = container.dump(force=True).hex().upper().ljust(one.resume - one.start - 2, "0").encode()
    other = sealed.last[: one.start + 1] + raw + sealed.last[one.resume - 1 :]
    assert len(other) == len(sealed.last)
    assert "“submitted” does not hold: the seal itself was changed" in said(other, sealed.key)


def test_an_attachment_changed_in_place_is_seen(sealed: Sealed) -> None:
    with pikepdf.open(BytesIO(sealed.last)) as pdf:
        raw = pdf.attachments["tables.csv"].obj.EF.F.read_raw_bytes()
    place = sealed.last.index(raw) + 4
    changed = sealed.last[:place] + bytes([sealed.last[place] ^ 1]) + sealed.last[place + 1 :]
    words = said(changed, sealed.key)
    for step in STEPS:
        assert f"The seal “{step.name}” does not hold: what it covers was changed after it was put on." in words


@pytest.mark.parametrize(("tamper", "words"), TAMPERINGS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_later_change_is_refused_and_named(sealed: Sealed, tamper, words: str) -> None:  # type: ignore[no-untyped-def]
    changed = updated(sealed.last, tamper)
    verdict = verify(changed, sealed.key)
    assert not verdict.whole
    assert re.search(r"After the last seal [\d,]+ bytes were added", " ".join(verdict.sentences))
    assert words in verdict.sentences
    assert all(one.intact and one.changed_after for one in verdict.seals), "the seals hold for what they cover"
    assert verdict.attachments == verify(sealed.last, sealed.key).attachments, "those that were sealed"


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda change: change.__name__)
def test_a_change_slipped_in_before_a_later_seal_is_refused(sealed: Sealed, tamper) -> None:  # type: ignore[no-untyped-def]
    """Even where the portal's own key sealed it: ``seal`` would not have."""
    changed = put_on(updated(sealed.parts[1], tamper), sealed.key, STEPS[1], first=False)
    verdict = verify(changed, sealed.key)
    assert not verdict.whole
    assert verdict.seals[0].intact


def test_a_seal_that_takes_the_place_of_a_part_of_the_document_is_refused(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes three objects as every seal does, over three that were there."""

    class Over(sealing._OnlyTheSeal):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)
            self._lastobj_id = 3

    monkeypatch.setattr(sealing, "_OnlyTheSeal", Over)
    assert not verify(put_on(sealed.parts[1], sealed.key, STEPS[1], first=False), sealed.key).whole


def test_a_seal_that_points_readers_elsewhere_is_refused(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is overwritten: the file's end names another object as the document's details."""

    class Elsewhere(sealing._OnlyTheSeal):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)
            self.trailer["/Info"] = self._info = self._root

    monkeypatch.setattr(sealing, "_OnlyTheSeal", Elsewhere)
    assert not verify(put_on(sealed.parts[1], sealed.key, STEPS[1], first=False), sealed.key).whole


@pytest.mark.parametrize("tamper", [*TAMPERINGS, widen_field], ids=lambda change: change.__name__)
def test_a_change_written_in_one_go_with_a_later_seal_is_refused(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch, tamper: Callable[[IncrementalPdfFileWriter], None]
) -> None:
    class Both(sealing._OnlyTheSeal):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)
            tamper(self)

    monkeypatch.setattr(sealing, "_OnlyTheSeal", Both)
    words = said(put_on(sealed.parts[1], sealed.key, STEPS[1], first=False), sealed.key)
    assert "Together with the seal “certified” something else was changed in the file" in words


def test_a_first_seal_that_permits_more_than_seals_is_refused(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MDPPerm", SimpleNamespace(FILL_FORMS=MDPPerm.ANNOTATE))
    lenient = put_on(sealed.parts[0], sealed.key, STEPS[0], first=True)
    assert "does not forbid changes" in said(lenient, sealed.key)


def test_a_seal_in_the_field_of_another_step_is_refused(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing.SealStep, "words", "certified: all of it")
    assert "do not belong together" in said(put_on(sealed.parts[0], sealed.key, STEPS[0], first=True), sealed.key)


def test_seals_out_of_order_are_refused(sealed: Sealed) -> None:
    backwards = put_on(seal(sealed.parts[0], sealed.key, STEPS[2]), sealed.key, STEPS[0], first=False)
    assert "do not belong together" in said(backwards, sealed.key)


@pytest.mark.parametrize("added", [b"\n", b" ", b"%", b"%%EOF\n", b"\0" * 5000])
def test_bytes_behind_the_last_seal_are_a_change(sealed: Sealed, added: bytes) -> None:
    assert "After the last seal" in said(sealed.last + added, sealed.key)


def test_bytes_before_the_file_are_a_change(sealed: Sealed) -> None:
    assert not verify(b"%PDF-1.7\n" + sealed.last, sealed.key).whole


def test_a_file_cut_short_says_so(sealed: Sealed) -> None:
    assert "cut short" in said(sealed.last[:-200], sealed.key)
    assert said(sealed.last[: len(sealed.parts[0]) + 9], sealed.key).startswith("The file has no seal of the portal")


def test_a_file_sealed_by_another_key_names_that_key(sealed: Sealed) -> None:
    other = key_of("Testford portal")
    assert fingerprint(other.certificate) in said(seal(made(), other, STEPS[0]), sealed.key)
    changed = put_on(updated(sealed.last, turn_page), other, STEPS[2], first=True)
    verdict = verify(changed, sealed.key)
    assert not verdict.whole
    assert "does not know" in " ".join(verdict.sentences)


def test_a_draft_a_text_and_an_encrypted_copy_are_told_apart(sealed: Sealed) -> None:
    assert "never sealed" in said(sealed.parts[0], sealed.key)
    assert said(b"PK\x03\x04 a spreadsheet", sealed.key) == "The file is not a PDF."
    assert said(b"", sealed.key) == "The file is not a PDF."
    out = BytesIO()
    with pikepdf.open(BytesIO(sealed.last)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert "encrypted" in said(out.getvalue(), sealed.key)


def test_a_copy_saved_by_another_program_has_lost_its_seal(sealed: Sealed) -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(sealed.last)) as pdf:
        pdf.save(out)
    assert not verify(out.getvalue(), sealed.key).whole


def test_a_file_too_large_for_a_return_is_not_read(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "LARGEST", len(sealed.last) - 1)
    assert "larger than" in said(sealed.last, sealed.key)


@given(st.binary(max_size=400), st.integers(0, 10**10), st.integers(0, 10**10))
@settings(max_examples=60, deadline=None)
def test_no_file_however_made_ends_in_an_error(rest: bytes, start: int, resume: int) -> None:
    lie = b"<30>\n/ByteRange [0 %d %d 5] " % (start, resume)
    assert not verify(b"%PDF-1.7\n" + rest + lie + rest, _ANY).whole


_ANY = key_of("Anybody")


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 200_000,
        b"1 0 obj\n" + b"<</A " * 50_000,
        b"\nxref\n0 999999999\nstartxref\n%d\n%%%%EOF\n",
        b"\n9 0 obj\n<</Type/XRef/W[0 0 0]/Index[0 2000000000]/Size 2000000000/Length 0>>\nstream\n\nendstream\n"
        b"endobj\nstartxref\n%d\n%%%%EOF\n",
    ],
)
def test_what_is_added_to_harm_the_reader_is_refused_in_bounded_time(sealed: Sealed, hostile: bytes) -> None:
    pointed = hostile.replace(b"%d", b"%d" % (len(sealed.last) + 1)).replace(b"%%", b"%")
    assert "After the last seal" in said(sealed.last + pointed, sealed.key)
    assert all(len(sentence) < 400 for sentence in what_changed(sealed.last, sealed.last + pointed))


def test_signature_letters_inside_an_attachment_do_not_spoil_a_seal() -> None:
    text = b"<00>\n/ByteRange [0 10 14 99] <00>\n/ByteRange [0 1 2 3] " * 3
    lure = Attachment("lure.bin", text, "application/octet-stream", "Letters", "Supplement", MOMENT)
    assert verify(seal(made(attachments=(lure,)), _ANY, STEPS[0]), _ANY).whole


def test_a_hostile_name_cannot_steer_the_terminal(sealed: Sealed, tmp_path: Path) -> None:
    step = replace(STEPS[0], who="Name")
    object.__setattr__(step, "who", "A\x1b[2J\nSeal “certified” holds")
    pdf = put_on(made(), key_of("Other"), step, first=True)
    for hostile in (pdf, updated(sealed.last, rename_attachment)):
        lines = verdict_lines(verify(hostile, sealed.key))
        assert not any("\x1b" in line or "\n" in line for line in lines)
    assert "The attachment “t?[2J?whole” was added." in lines
    (tmp_path / "f.pdf").write_bytes(pdf)
    assert check_file(tmp_path / "f.pdf", sealed.key)[1] == 1
    lines, code = check_file(tmp_path / "none.pdf", sealed.key)
    assert code == 1
    assert "cannot be read" in lines[0]
