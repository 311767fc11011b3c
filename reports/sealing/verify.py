"""Whether a file is, byte for byte, what the portal sealed: from the file and the known certificates alone, offline.

First the bytes: the last seal must be a known key's, fit, and cover the file to its end. Only then is the file read as
a PDF, so a file that somebody made up never reaches that reader (``changes`` reads it, apart).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from reports.sealing.apart import result_of
from reports.sealing.changes import what_changed
from reports.sealing.fields import STEPS
from reports.sealing.keys import SealKey, certifies_itself, fingerprint
from reports.sealing.scan import Seal, seals_in
from reports.sealing.structure import AttachedFile, Holding, read_whole

LARGEST = 64 << 20  # bytes of a file that is looked at
_ENCRYPTED = re.compile(rb"/Encrypt\s+\d+\s+\d+\s+R|/Encrypt\s*<<")
OWN_KEY_SENTENCE = (
    "The seal is the portal's own key: it proves that the file was not changed since, not who the organisation is."
)


@dataclass(frozen=True)
class SealVerdict:
    """``changed_after``: what came after this seal and is not a further seal; "" for nothing."""

    step: str
    who: str
    at: datetime | None  # UTC, by the portal's clock
    reason: str
    intact: bool
    covers_whole_file: bool
    changed_after: str
    trusted: bool
    fingerprint: str  # SHA-256 of the certificate; "" where the seal cannot be read


@dataclass(frozen=True)
class Verdict:
    """``whole``: a known key sealed exactly this file. ``attachments`` and ``data_sha256``: of the part that is whole."""

    whole: bool
    sentences: tuple[str, ...]
    seals: tuple[SealVerdict, ...]
    attachments: tuple[AttachedFile, ...]
    sha256: str
    data_sha256: str


def verify(pdf: bytes, trusted: Sequence[x509.Certificate] | SealKey) -> Verdict:
    """The verdict on a file; it never raises, whatever the file is.

    What it cannot see: that the file was cut back to an earlier seal. It says which steps are sealed, and the register
    knows which should be.
    """
    known = (trusted.certificate,) if isinstance(trusted, SealKey) else tuple(trusted)
    if len(pdf) > LARGEST:
        return _without_seal(pdf, f"The file is larger than {LARGEST >> 20} MB, so it is no return of this portal.")
    if not pdf.startswith(b"%PDF-"):
        return _without_seal(pdf, "The file is not a PDF.")
    seals = seals_in(pdf)
    if not seals:
        encrypted = _ENCRYPTED.search(pdf) is not None
        return _without_seal(pdf, _ENCRYPTED_SENTENCE if encrypted else _NEVER_SEALED)
    ours = tuple(seal.intact and _is_known(seal, known) for seal in seals)
    unbroken = next((n for n, mine in enumerate(ours) if not mine), len(seals))  # our first seals, in a row
    held = read_whole(pdf[: seals[unbroken - 1].end], seals[:unbroken]) if unbroken else Holding()
    left_over = _left_over(pdf, seals, unbroken)
    sentences = [*_about_seals(seals, ours), *held.problems, *left_over]
    whole = all(ours) and seals[-1].end == len(pdf) and not held.problems
    verdicts = tuple(_verdict(pdf, seals, ours, number, held, left_over) for number in range(len(seals)))
    return Verdict(
        whole, tuple(_when_whole(seals) if whole else ["This file is not what the portal sealed.", *sentences]),
        verdicts, held.attachments, sha256(pdf).hexdigest(), held.data_sha256,
    )  # fmt: skip


_NEVER_SEALED = (
    "The file has no seal of the portal: it was never sealed, or its seal was removed. It may be a draft or a copy that "
    "another program saved; ask for the file from the portal's archive."
)
_ENCRYPTED_SENTENCE = "The file is encrypted. The portal does not encrypt returns, so another program saved this one and its seal is lost."


def _without_seal(pdf: bytes, sentence: str) -> Verdict:
    return Verdict(False, (sentence,), (), (), sha256(pdf).hexdigest(), "")


def _is_known(seal: Seal, known: Sequence[x509.Certificate]) -> bool:
    """The certificate is known, or an authority that is known certified it at the time of the seal."""
    if seal.certificate is None or not known:
        return False
    context = ValidationContext(
        trust_roots=[_asn1(c) for c in known], other_certs=[_asn1(c) for c in seal.chain],
        allow_fetching=False, revocation_mode="soft-fail", moment=seal.at,
    )  # fmt: skip
    try:
        validator = CertificateValidator(_asn1(seal.certificate), validation_context=context)
        result_of(validator.async_validate_path())
    except (PathError, ValidationError, ValueError):
        return False
    return True


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _about_seals(seals: Sequence[Seal], ours: Sequence[bool]) -> list[str]:
    found = []
    for number, (seal, mine) in enumerate(zip(seals, ours, strict=True), 1):
        name = f"“{seal.step}”" if seal.step in STEPS else f"number {number}"
        if seal.broken:
            found.append(f"The seal {name} does not hold: {seal.broken}.")
        elif not mine and seal.certificate is not None:
            found.append(
                f"The seal {name} was made with a key that this portal does not know (SHA-256 of its certificate "
                f"{fingerprint(seal.certificate)})."
            )
    return found


def _left_over(pdf: bytes, seals: Sequence[Seal], unbroken: int) -> list[str]:
    """Bytes behind the last seal, and what they do to the part that is ours."""
    behind = len(pdf) - seals[-1].end
    if behind <= 0:
        return []
    found = [f"After the last seal {behind:,} byte{'s were' if behind > 1 else ' was'} added to the file."]
    if unbroken == len(seals):
        found += what_changed(pdf[: seals[-1].end], pdf) or [
            "No change to pages, attachments or details was found in them."
        ]
    return found


def _verdict(
    pdf: bytes, seals: Sequence[Seal], ours: Sequence[bool], number: int, held: Holding, left_over: Sequence[str]
) -> SealVerdict:
    seal, later = seals[number], range(number + 1, len(seals))
    after = [held.changed[n - 1] for n in later if n - 1 < len(held.changed) and held.changed[n - 1]]
    after += ["A later seal does not hold or is not the portal's." for n in later if not ours[n]]
    return SealVerdict(
        seal.step, seal.who, seal.at, seal.reason, seal.intact, seal.intact and seal.end == len(pdf),
        " ".join([*after, *left_over]), ours[number], fingerprint(seal.certificate) if seal.certificate else "",
    )  # fmt: skip


def _when_whole(seals: Sequence[Seal]) -> list[str]:
    found = ["This file is, byte for byte, what the portal sealed."]
    missing = [step for step in STEPS if step not in {seal.step for seal in seals}]
    if missing:
        found.append(
            f"It carries no seal for: {', '.join(missing)}. If the register says that the return got further, this is "
            "an earlier copy."
        )
    if any(seal.certificate and certifies_itself(seal.certificate) for seal in seals):
        found.append(OWN_KEY_SENTENCE)
    return found
