"""Seals found in a file's bytes and checked against them, before anything tries to understand the file as a PDF.

A seal is whole only in the one form the portal writes it: capital hexadecimal, zero padding, the shortest encoding. So
no byte of the file can be changed unseen, not even those that a signature by its nature does not cover.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from io import BytesIO

from asn1crypto import algos, cms, parser
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from pyhanko.pdf_utils import generic
from pyhanko.sign.validation.generic_cms import get_signing_cert_attr, validate_sig_integrity

DIGEST = "sha256"
ALGORITHMS = ("sha256_rsa", "sha256_ecdsa")
MOST_SEALS = 12
_LONGEST_CONTAINER = 1 << 17  # hexadecimal digits
_REST_OF_DICTIONARY = 8192
_BYTE_RANGE = re.compile(rb"/ByteRange \[0 (\d{1,10}) (\d{1,10}) (\d{1,10})\]")
_HEXADECIMAL = re.compile(rb"[0-9A-F]+")


class BrokenSeal(ValueError):
    """The seal does not fit the bytes that it covers; the message says how."""


@dataclass(frozen=True)
class Seal:
    """One seal as its bytes say. ``start`` and ``resume`` enclose the signature, ``end`` is where its cover stops."""

    start: int
    resume: int
    end: int
    step: str = ""
    who: str = ""
    at: datetime | None = None
    reason: str = ""
    broken: str = ""  # why it does not fit; "" where it does
    certificate: x509.Certificate | None = None
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def intact(self) -> bool:
        return not self.broken


def seals_in(pdf: bytes) -> tuple[Seal, ...]:
    """Every seal, first one first."""
    return tuple(sorted((_checked(pdf, one) for one in _places(pdf)), key=lambda seal: seal.end))


def _places(pdf: bytes) -> Iterator[Seal]:
    """Where a signature stands as the portal writes it; the same letters inside an attachment do not fit together."""
    found = 0
    for match in _BYTE_RANGE.finditer(pdf):
        start, resume, rest = map(int, match.groups())
        fits = 0 < start < resume == match.start() - 1 and resume - start <= _LONGEST_CONTAINER
        if fits and pdf[start : start + 1] == b"<" and found < MOST_SEALS:
            found += 1
            yield Seal(start, resume, resume + rest)


def _checked(pdf: bytes, seal: Seal) -> Seal:
    try:
        seal = _with_words(pdf, seal)
        if seal.end > len(pdf):
            raise BrokenSeal("the file is cut short: it ends before what was sealed ends")
        digest = sha256(pdf[: seal.start])
        digest.update(pdf[seal.resume : seal.end])
        certificate, chain = _container(pdf[seal.start : seal.resume], digest.digest())
        return replace(seal, certificate=certificate, chain=chain)
    except BrokenSeal as problem:
        return replace(seal, broken=str(problem))
    except Exception:  # any shape of damage: the libraries raise what they like on bytes they cannot read
        return replace(seal, broken="the seal itself is damaged and cannot be read")


def _with_words(pdf: bytes, seal: Seal) -> Seal:
    """Step, person, time and reason from the signature's dictionary; ``_places`` has seen to its shape."""
    begin = pdf.rfind(b" obj", max(0, seal.start - 64), seal.start) + len(b" obj")
    text = pdf[begin : seal.start] + b"<>" + pdf[seal.resume : min(seal.end, seal.resume + _REST_OF_DICTIONARY)]
    held = generic.read_object(BytesIO(text.lstrip()), generic.TrailerReference(None))
    step, _, reason = str(held["/Reason"]).partition(": ")
    at = generic.parse_pdf_date(held["/M"], strict=True)
    return replace(seal, step=step, who=str(held["/Name"]), at=at, reason=reason)


def _container(written: bytes, digest: bytes) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    """Who signed ``digest``; BrokenSeal when nobody did, or when the signature is written in any other way than ours."""
    if written[-1:] != b">" or not _HEXADECIMAL.fullmatch(written, 1, len(written) - 1):
        raise BrokenSeal("the seal itself was changed")
    raw = bytes.fromhex(written[1:-1].decode())
    length = parser.peek(raw)
    if any(raw[length:]):
        raise BrokenSeal("the empty space behind the seal was written to")
    signed = cms.ContentInfo.load(raw[:length], strict=True)["content"]
    (signer,) = signed["signer_infos"]
    held = [choice.chosen for choice in signed["certificates"]]
    (own,) = (c for c in held if (c.issuer, c.serial_number) == _signer_of(signer))
    algorithm = signer["signature_algorithm"]["algorithm"].native
    if algorithm not in ALGORITHMS or _rebuilt(signer, own, held, algorithm) != raw[:length]:
        raise BrokenSeal("the seal itself was changed")
    whole, valid = validate_sig_integrity(signer, own, "data", digest)
    if not whole:
        raise BrokenSeal("what it covers was changed after it was put on")
    if not valid:
        raise BrokenSeal("the seal itself was changed")
    certificate = x509.load_der_x509_certificate(own.dump())
    if smaller_twin(signer["signature"].native, certificate.public_key()) != signer["signature"].native:
        raise BrokenSeal("the seal itself was changed")
    return certificate, _chain(signer, held)


def _chain(signer: cms.SignerInfo, held: list[asn1_x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The issuers beside the signer's certificate: those, and only those, whose sums were signed with it."""
    sums = [one["cert_hash"].native for one in get_signing_cert_attr(signer["signed_attrs"])["certs"]]
    found = {sha256(one.dump()).digest(): one for one in held}
    if len(sums) != len(held) or set(sums) != set(found):
        raise BrokenSeal("a certificate in the seal was changed")
    return tuple(x509.load_der_x509_certificate(found[one].dump()) for one in sums[1:])


def smaller_twin(signature: bytes, key: object) -> bytes:
    """Of an elliptic curve's two valid signatures, which anybody can make of each other, the one that the portal uses."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return signature
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, key.curve.group_order - s))


def _signer_of(signer: cms.SignerInfo) -> tuple[object, int]:
    chosen = signer["sid"].chosen
    return chosen["issuer"], chosen["serial_number"].native


def _rebuilt(
    signer: cms.SignerInfo, own: asn1_x509.Certificate, certificates: list[asn1_x509.Certificate], algorithm: str
) -> bytes:
    """The container as the portal would write it around the same certificates, attributes and signature."""
    method = algos.DigestAlgorithm({"algorithm": DIGEST})
    again = cms.SignerInfo({
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(
            {"issuer": own.issuer, "serial_number": own.serial_number})}),
        "digest_algorithm": method,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm}),
        "signed_attrs": signer["signed_attrs"],
        "signature": signer["signature"],
    })  # fmt: skip
    content = cms.SignedData({
        "version": "v1",
        "digest_algorithms": cms.DigestAlgorithms((method,)),
        "encap_content_info": {"content_type": "data"},
        "certificates": [cms.CertificateChoices(name="certificate", value=c) for c in certificates],
        "signer_infos": [again],
    })  # fmt: skip
    return cms.ContentInfo({"content_type": "signed_data", "content": content}).dump()
