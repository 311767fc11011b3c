"""Putting seals on: earlier bytes stay, the file stays accessible, and what must not be sealed is refused."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from reports.sealing.apart import result_of
from reports.sealing.seal import SealError, SealStep, seal
from reports.sealing.verify import verify
from tests.pdf_validation.validators import FLAVOURS, quick, semantics, vera_all
from tests.reports.sealing.conftest import Sealed
from tests.reports.sealing.sealed_files import (
    STEPS,
    TAMPERINGS,
    asn1,
    key_of,
    made,
    updated,
)


def test_what_was_sealed_first_stays_at_the_beginning_byte_for_byte(sealed: Sealed) -> None:
    for before, after in zip(sealed.parts, sealed.parts[1:], strict=False):
        assert len(after) > len(before)
        assert after.startswith(before)


def test_three_seals_keep_the_file_accessible_and_archivable(sealed: Sealed, tmp_path: Path) -> None:
    paths = [tmp_path / "first.pdf", tmp_path / "last.pdf"]
    paths[0].write_bytes(sealed.parts[1])
    paths[1].write_bytes(sealed.last)
    for (path, flavour), verdict in vera_all(paths).items():
        assert verdict.failures == (), (path.name, flavour)
        assert verdict.passed
    for path in paths:
        assert [quick(path, flavour).failures for flavour in FLAVOURS] == [(), ()]
        assert semantics(path) == []


def test_pyhankos_own_validation_agrees_and_the_first_seal_forbids_all_but_seals(sealed: Sealed) -> None:
    reader = PdfFileReader(BytesIO(sealed.last))
    found = list(reader.embedded_regular_signatures)
    assert [one.docmdp_level for one in found] == [MDPPerm.FILL_FORMS, None, None]
    for one in found:
        assert one.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
        context = ValidationContext(trust_roots=[asn1(sealed.key.certificate)], allow_fetching=False)
        status = result_of(async_validate_pdf_signature(one, context))
        assert status.bottom_line
    assert found[1].sig_object["/Name"] == STEPS[1].who
    assert found[0].sig_object["/Reason"] == "approved: Figures checked"
    assert found[2].sig_object["/Reason"] == "submitted"
    assert found[2].sig_object["/M"] == "D:20240107123001Z"
    assert found[2].sig_object["/Location"] == "Testford"


def test_a_seal_is_not_drawn_and_leaves_the_documents_details_alone(sealed: Sealed) -> None:
    with pikepdf.open(BytesIO(sealed.parts[0])) as before, pikepdf.open(BytesIO(sealed.last)) as after:
        assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
        assert dict(after.trailer.Info) == dict(before.trailer.Info)
        fields = list(after.Root.AcroForm.Fields)
        assert [list(map(int, f.Rect)) for f in fields] == [[0, 0, 0, 0]] * 3
        assert all("/AP" not in f for f in fields)
        assert [str(f.TU) for f in fields] == ["Seal of approval", "Seal of certification", "Seal of submission"]


def test_neither_sealing_nor_verifying_asks_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("something asked for the network")

    for call in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, call, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    authority = key_of("Authority", authority=True)
    key = key_of("Testford Council", authority)
    assert verify(seal(made(), key, STEPS[0]), [authority.certificate]).whole


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (STEPS[0], "already submitted; it cannot be approved after that"),
        (STEPS[2], "already submitted; it cannot be submitted after that"),
    ],
)
def test_a_step_is_not_sealed_twice_nor_out_of_order(sealed: Sealed, step: SealStep, words: str) -> None:
    with pytest.raises(SealError, match=words):
        seal(sealed.last, sealed.key, step)


def test_a_step_may_be_left_out_where_the_fund_asks_for_fewer(sealed: Sealed) -> None:
    pdf = seal(sealed.parts[1], sealed.key, STEPS[2])
    verdict = verify(pdf, sealed.key)
    assert verdict.whole
    assert [one.step for one in verdict.seals] == ["approved", "submitted"]


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda change: change.__name__)
def test_a_changed_file_is_not_sealed_again(sealed: Sealed, tamper) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SealError, match=r"not sealed: .*Take it from the archive again"):
        seal(updated(sealed.parts[1], tamper), sealed.key, STEPS[1])


def test_a_file_with_bytes_behind_its_seal_is_not_sealed_again(sealed: Sealed) -> None:
    with pytest.raises(SealError, match="bytes that no seal covers"):
        seal(sealed.parts[1] + b"\n", sealed.key, STEPS[1])


@pytest.mark.parametrize("pdf", [b"", b"no PDF", b"%PDF-1.7\n%%EOF\n"])
def test_what_is_no_return_is_not_sealed(sealed: Sealed, pdf: bytes) -> None:
    with pytest.raises(SealError, match="not a PDF as the portal makes it"):
        seal(pdf, sealed.key, STEPS[0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "liked"}, "not a step that is sealed"),
        ({"who": " "}, "must say who"),
        ({"who": "A\nB"}, "one line"),
        ({"who": "A \u202enosreP"}, "one line"),
        ({"reason": "x" * 501}, "at most 500"),
        ({"at": datetime(2024, 1, 5, tzinfo=timezone(timedelta(hours=1)))}, "in UTC"),
        ({"at": datetime(2024, 1, 5)}, "in UTC"),
    ],
)
def test_a_seal_says_who_when_and_why_or_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(SealError, match=words):
        replace(STEPS[0], **changes)


def test_a_step_outside_the_certificates_time_is_refused(sealed: Sealed) -> None:
    with pytest.raises(SealError, match="outside the time"):
        seal(sealed.parts[0], sealed.key, replace(STEPS[0], at=datetime(2019, 1, 1, tzinfo=UTC)))
