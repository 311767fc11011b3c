"""Putting a seal on a return: PAdES (ETSI.CAdES.detached), by incremental update, so earlier bytes stay as they are.

The time in a seal is the portal's clock. No time stamp is asked for and no revocation list is looked up: nothing here
uses a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from asn1crypto import keys, tsp, x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.attributes import CMSAttributeProvider
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import as_signing_certificate_v2
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject
from pyhanko.sign.signers.pdf_cms import SignedAttributeProviderSpec, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from reports.sealing.apart import result_of
from reports.sealing.fields import STEPS, Step, add_fields
from reports.sealing.keys import SealKey
from reports.sealing.letters import one_line
from reports.sealing.scan import DIGEST, seals_in, smaller_twin
from reports.sealing.structure import problems_of

_LONGEST = {"who": 200, "reason": 500, "location": 200}
_DER, _PKCS8 = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
_SIGNATURE_AND_ATTRIBUTES = 2048  # bytes of a container beside its certificates, with room to spare


class SealError(ValueError):
    """The file was not sealed; the message says why."""


@dataclass(frozen=True)
class SealStep:
    """Who took which step and when (UTC). ``who`` as a reader should see it: "A Person, senior responsible owner"."""

    name: Step
    who: str
    at: datetime
    reason: str
    location: str = ""

    def __post_init__(self) -> None:
        if self.name not in STEPS:
            raise SealError(f"“{self.name}” is not a step that is sealed; there are {', '.join(STEPS)}.")
        if self.at.utcoffset() != timedelta(0):
            raise SealError("The time of a seal must be given in UTC.")
        for what, longest in _LONGEST.items():
            value = getattr(self, what)
            if len(value) > longest or not one_line(value):
                raise SealError(f"The {what} of a seal is one line of at most {longest} characters.")
        if not self.who.strip():
            raise SealError("A seal must say who took the step.")

    @property
    def words(self) -> str:
        """What PDF readers show as the reason: the step, then the reason given."""
        return f"{self.name}: {self.reason}" if self.reason else self.name


class _OnlyTheSeal(IncrementalPdfFileWriter):
    """pyHanko 0.38 would write itself and the clock into the document's metadata with every seal."""

    def _update_meta(self) -> None:
        pass


class _EveryCertificate(CMSAttributeProvider, SignedAttributeProviderSpec):
    """The sums of all certificates that travel with the seal (RFC 5035), since pyHanko signs that of the first only."""

    attribute_type = "signing_certificate_v2"

    def __init__(self, certificates: Sequence[x509.Certificate]) -> None:
        self._certificates = certificates

    def signed_attr_providers(self, data_digest: bytes, digest_algorithm: str) -> list[CMSAttributeProvider]:
        return [self]

    async def build_attr_value(self, dry_run: bool = False) -> tsp.SigningCertificateV2:
        every = [as_signing_certificate_v2(one)["certs"][0] for one in self._certificates]
        return tsp.SigningCertificateV2({"certs": every})


class _Signer(SimpleSigner):
    """Of two signatures that are equally valid, the one that ``scan`` accepts."""

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        secret = serialization.load_der_private_key(self.signing_key.dump(), password=None)
        return smaller_twin(self.sign_raw(data, digest_algorithm), secret.public_key())


def seal(pdf: bytes, key: SealKey, step: SealStep) -> bytes:
    """``pdf`` followed by the seal. The first forbids everything but further seals (DocMDP); SealError.

    A file that was changed since its last seal is not sealed again.
    """
    held = [one.step for one in seals_in(pdf)]
    if held:
        _refuse_changed(pdf)
    if any(STEPS.index(step.name) <= STEPS.index(name) for name in held):
        raise SealError(f"This file is already {held[-1]}; it cannot be {step.name} after that.")
    starts, ends = key.certificate.not_valid_before_utc, key.certificate.not_valid_after_utc
    if not starts <= step.at <= ends:
        raise SealError("The step's time is outside the time for which the seal's certificate is valid.")
    try:
        sealed = put_on(pdf, key, step, first=not held)
    except (PdfError, KeyError, IndexError, AttributeError, TypeError) as problem:
        raise SealError(f"This file cannot be sealed: it is not a PDF as the portal makes it ({problem}).") from problem
    _refuse_changed(sealed)
    return sealed


def _refuse_changed(pdf: bytes) -> None:
    problems = problems_of(pdf)
    if problems:
        raise SealError(f"The file was not sealed: {problems[0]} Take it from the archive again.")


def put_on(pdf: bytes, key: SealKey, step: SealStep, *, first: bool) -> bytes:
    """The sealing itself, which trusts that ``pdf`` is in order."""
    writer = _OnlyTheSeal(BytesIO(pdf))
    if first:
        add_fields(writer)
    certificates = [x509.Certificate.load(c.public_bytes(_DER)) for c in (key.certificate, *key.chain)]
    embedder = PdfCMSEmbedder().write_cms(step.name, writer, existing_fields_only=True)
    next(embedder)
    reserved = sum(len(c.dump()) for c in certificates) + _SIGNATURE_AND_ATTRIBUTES
    placeholder = SignatureObject(
        timestamp=step.at, subfilter=SigSeedSubFilter.PADES, name=step.who, reason=step.words,
        location=step.location or None, bytes_reserved=2 * reserved,
    )  # fmt: skip
    permitted = SigMDPSetup(DIGEST, certify=first, docmdp_perms=MDPPerm.FILL_FORMS if first else None)
    embedder.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=permitted))
    prepared, out = embedder.send(SigIOSetup(DIGEST))
    registry = SimpleCertificateStore()
    registry.register_multiple(certificates[1:])
    secret = key.private_key.private_bytes(_DER, _PKCS8, serialization.NoEncryption())
    signer = _Signer(certificates[0], keys.PrivateKeyInfo.load(secret), registry)
    signer.signed_attr_prov_spec = _EveryCertificate(certificates)
    embedder.send(result_of(signer.async_sign(prepared.document_digest, DIGEST, use_pades=True)))
    return out.getvalue()
