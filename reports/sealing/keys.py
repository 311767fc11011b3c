"""The key a return is sealed with: the organisation's (SEAL_KEY), else one of the portal's own, made once.

The private key stays in this process; what travels in a sealed file is the certificate.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from settings import Settings

OWN_KEY = "seal_key.p12"
LARGEST_FILE = 1 << 20  # of keys and certificates
# From long ago, since a demonstration seals months that are over; to later than returns are kept.
OWN_FROM, OWN_UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
_LONGEST_NAME = 64  # of a common name, RFC 5280


class SealKeyError(RuntimeError):
    """No key to seal with; the message says what is wrong with which file and what to do."""


@dataclass(frozen=True)
class SealKey:
    """``chain``: who certified the certificate, and who certified them, as far as known."""

    private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, by which people compare it."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def certifies_itself(certificate: x509.Certificate) -> bool:
    return issued_by(certificate, certificate)


def load_key(settings: Settings, now: datetime | None = None) -> SealKey:
    """The key to seal with today; SealKeyError when there is none that can be used."""
    if settings.seal_key is None:
        return _in_date(_own_key(settings.data_dir, settings.service_name), settings.data_dir / OWN_KEY, now)
    path = settings.seal_key
    body = _read(path, "SEAL_KEY", "Set SEAL_KEY to the PKCS#12 file (.p12 or .pfx) of the organisation's seal")
    return _in_date(_opened(body, settings.seal_passphrase, path), path, now)


def trusted_certificates(settings: Settings) -> tuple[x509.Certificate, ...]:
    """Whose seals are ours: today's key, the portal's own, and what SEAL_TRUSTED lists; SealKeyError."""
    found = []
    if settings.seal_key is not None:
        body = _read(settings.seal_key, "SEAL_KEY", "Set SEAL_KEY to the PKCS#12 file of the organisation's seal")
        found.append(_opened(body, settings.seal_passphrase, settings.seal_key).certificate)
    own = settings.data_dir / OWN_KEY
    if own.exists() or settings.seal_key is None:
        found.append(_own_key(settings.data_dir, settings.service_name).certificate)
    if settings.seal_trusted is not None:
        path = settings.seal_trusted
        body = _read(path, "SEAL_TRUSTED", "Set SEAL_TRUSTED to a file of certificates in PEM form")
        try:
            found += x509.load_pem_x509_certificates(body)
        except ValueError:
            raise SealKeyError(
                f"SEAL_TRUSTED: {path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----). "
                "Put in the certificates of the seals used before, one below the other."
            ) from None
    return tuple(dict.fromkeys(found))


def _read(path: Path, setting: str, otherwise: str) -> bytes:
    try:
        with path.open("rb") as handle:
            body = handle.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SealKeyError(
            f"{setting}: {path} cannot be read ({error.strerror}). {otherwise}, and let the portal read it."
        ) from None
    if len(body) > LARGEST_FILE:
        raise SealKeyError(f"{setting}: {path} is larger than 1 MB, so it is something else. {otherwise}.")
    return body


def _opened(body: bytes, passphrase: str, path: Path) -> SealKey:
    """Key and certificate of a PKCS#12 file."""
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(body, passphrase.encode() if passphrase else None)
    except ValueError as error:
        if "password" in str(error).lower():
            raise SealKeyError(
                f"The passphrase does not open the key in {path}. Set SEAL_PASSPHRASE to the one it was saved with."
            ) from None
        raise SealKeyError(
            f"{path} is not a PKCS#12 file, or is damaged. Export key and certificate again as PKCS#12 (.p12 or .pfx)."
        ) from None
    if certificate is None and key is not None:
        raise SealKeyError(f"{path} holds a key without its certificate. Export both together as PKCS#12.")
    if key is None or certificate is None:
        raise SealKeyError(f"{path} holds no private key with its certificate. Export both together as PKCS#12.")
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SealKeyError(f"{path}: the portal seals with RSA or elliptic-curve keys; this is another kind.")
    _check_usage(certificate, path)
    return SealKey(key, certificate, _chain(certificate, others))


def _check_usage(certificate: x509.Certificate, path: Path) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise SealKeyError(
            f"{path}: the certificate is not for signing documents (its key usage has neither digital signature nor "
            "non-repudiation). Ask the authority for a seal or signing certificate."
        )


def _chain(certificate: x509.Certificate, others: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Issuers in order, as far as the file holds them; certificates of others are left out."""
    chain: list[x509.Certificate] = []
    last: x509.Certificate | None = certificate
    while last is not None and not certifies_itself(last):
        below = last
        last = next((c for c in others if c not in chain and issued_by(below, c)), None)
        chain += [last] if last is not None else []
    return tuple(chain)


def _in_date(key: SealKey, path: Path, now: datetime | None) -> SealKey:
    now = now or datetime.now(UTC)
    starts, ends = key.certificate.not_valid_before_utc, key.certificate.not_valid_after_utc
    if now > ends:
        raise SealKeyError(
            f"The certificate in {path} expired on {ends.day} {ends:%B %Y}. Ask for a new one, set SEAL_KEY to it, "
            "and add the old certificate to SEAL_TRUSTED so that earlier returns are still recognised."
        )
    if now < starts:
        raise SealKeyError(f"The certificate in {path} is valid only from {starts.day} {starts:%B %Y}.")
    return key


def _own_key(data_dir: Path, service_name: str) -> SealKey:
    """The portal's own key, from DATA_DIR; made when it is not there yet."""
    path = data_dir / OWN_KEY
    if not path.exists():
        _keep_once(path, _new_own_key(service_name))
    try:
        return _opened(path.read_bytes(), "", path)
    except (OSError, SealKeyError) as error:
        raise SealKeyError(
            f"The portal's own seal, {path}, cannot be used. Put it back from a backup. Removing it makes a new one, "
            f"and returns sealed before are then no longer recognised. ({error})"
        ) from None


def _keep_once(path: Path, body: bytes) -> None:
    """Whole or not at all, and the first of two workers wins: a link to a finished file is made only where none is."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as handle:
            handle.write(body)
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink(missing_ok=True)


def _new_own_key(service_name: str) -> bytes:
    """PKCS#12 without a passphrase, which would lie beside it: the file's mode protects it, as that of secret_key."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    common_name = f"{service_name}: own seal"
    if len(common_name) > _LONGEST_NAME:
        common_name = service_name[:_LONGEST_NAME].strip()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(OWN_FROM)
        .not_valid_after(OWN_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(b"seal", private, certificate, None, serialization.NoEncryption())
