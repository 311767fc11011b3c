"""Which key seals: the organisation's where it is set, else the portal's own, made once; every refusal says what to do."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import pkcs12

from reports.sealing import keys
from reports.sealing.keys import OWN_KEY, SealKeyError, certifies_itself, fingerprint, load_key, trusted_certificates
from settings import Settings, load_settings
from tests.reports.sealing.sealed_files import certificate, key_of

PASSPHRASE = "correct horse"


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a portal with a new DATA_DIR and nothing said about seals."""
    for name in ("SEAL_KEY", "SEAL_PASSPHRASE", "SEAL_TRUSTED", "SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return load_settings()


def kept(
    folder: Path, key: object, cert: x509.Certificate | None, others: list[x509.Certificate] | None = None
) -> Path:
    path = folder / "seal.p12"
    encryption = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"s", key, cert, others, encryption))  # type: ignore[arg-type]
    return path


def with_key(given: Settings, path: Path, passphrase: str = PASSPHRASE) -> Settings:
    return replace(given, seal_key=path, seal_passphrase=passphrase)


# --- the portal's own key -----------------------------------------------------------------------------------------


def test_the_own_key_is_made_once_and_is_for_its_owner_alone(given: Settings) -> None:
    first, second = load_key(given), load_key(given)
    assert fingerprint(first.certificate) == fingerprint(second.certificate)
    path = given.data_dir / OWN_KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {p.name for p in given.data_dir.iterdir()} == {"secret_key", OWN_KEY}, "no draft is left behind"


def test_the_own_certificate_says_what_it_is_for(given: Settings) -> None:
    made = load_key(replace(given, service_name="Testford returns")).certificate
    assert made.subject.rfc4514_string() == "CN=Testford returns: own seal"
    assert certifies_itself(made)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert made.not_valid_after_utc.year - datetime.now(UTC).year > 25, "returns are kept long"


def test_a_service_name_too_long_for_a_certificate_is_cut(given: Settings) -> None:
    made = load_key(replace(given, service_name="A long name " * 9)).certificate
    assert len(made.subject.rfc4514_string()) <= len("CN=") + 64


def test_workers_that_start_together_agree_on_one_key(given: Settings) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: fingerprint(load_key(given).certificate), range(3)))
    assert len(set(found)) == 1


def test_a_worker_killed_while_it_made_the_key_leaves_no_half_key(
    given: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the file is whole, the name is not there; the next worker makes one."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keys.os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            load_key(given)
    assert not (given.data_dir / OWN_KEY).exists()
    assert load_key(given)


def test_a_damaged_own_key_is_not_silently_replaced(given: Settings) -> None:
    load_key(given)
    path = given.data_dir / OWN_KEY
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(SealKeyError, match=r"Put it back from a backup.*no longer recognised"):
        load_key(given)


# --- the organisation's key ---------------------------------------------------------------------------------------


def test_the_organisations_key_is_opened_with_its_whole_chain(given: Settings, tmp_path: Path) -> None:
    root = key_of("Root", authority=True)
    between = key_of("Between", root, authority=True)
    own = key_of("Testford Council", between)
    stranger = key_of("Stranger", authority=True)
    path = kept(tmp_path, own.private_key, own.certificate, [stranger.certificate, *reversed(own.chain)])
    found = load_key(with_key(given, path))
    assert found.certificate == own.certificate
    assert found.chain == (between.certificate, root.certificate), "in order, without who is not concerned"
    half = kept(tmp_path, own.private_key, own.certificate, [between.certificate])
    assert load_key(with_key(given, half)).chain == (between.certificate,)
    assert not (given.data_dir / OWN_KEY).exists()


def test_no_secret_shows_in_a_log(given: Settings, tmp_path: Path) -> None:
    own = key_of("Testford Council")
    settings = with_key(given, kept(tmp_path, own.private_key, own.certificate))
    assert PASSPHRASE not in repr(settings)
    assert "private_key" not in repr(load_key(settings))


def _wrong_passphrase(given: Settings, folder: Path) -> Settings:
    own = key_of("T")
    return with_key(given, kept(folder, own.private_key, own.certificate), "wrong")


def _no_passphrase(given: Settings, folder: Path) -> Settings:
    own = key_of("T")
    return with_key(given, kept(folder, own.private_key, own.certificate), "")


def _missing(given: Settings, folder: Path) -> Settings:
    return with_key(given, folder / "gone.p12")


def _text(given: Settings, folder: Path) -> Settings:
    (folder / "seal.p12").write_text("-----BEGIN PRIVATE KEY-----")
    return with_key(given, folder / "seal.p12")


def _huge(given: Settings, folder: Path) -> Settings:
    (folder / "seal.p12").write_bytes(bytes((1 << 20) + 1))
    return with_key(given, folder / "seal.p12")


def _key_alone(given: Settings, folder: Path) -> Settings:
    return with_key(given, kept(folder, key_of("T").private_key, None))


def _certificate_alone(given: Settings, folder: Path) -> Settings:
    return with_key(given, kept(folder, None, None, [key_of("T").certificate]))


def _expired(given: Settings, folder: Path) -> Settings:
    private = ec.generate_private_key(ec.SECP256R1())
    cert = certificate("T", private, until=datetime(2024, 3, 9, tzinfo=UTC))
    return with_key(given, kept(folder, private, cert))


def _not_for_signing(given: Settings, folder: Path) -> Settings:
    private = ec.generate_private_key(ec.SECP256R1())
    return with_key(given, kept(folder, private, certificate("T", private, signing=False)))


def _another_kind(given: Settings, folder: Path) -> Settings:
    issuer, private = key_of("Root", authority=True), ed25519.Ed25519PrivateKey.generate()
    return with_key(given, kept(folder, private, certificate("T", private, issuer)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_wrong_passphrase, r"The passphrase does not open .*SEAL_PASSPHRASE"),
        (_no_passphrase, r"The passphrase does not open .*SEAL_PASSPHRASE"),
        (_missing, r"SEAL_KEY: .*gone\.p12 cannot be read \(No such file"),
        (_text, r"is not a PKCS#12 file, or is damaged\. Export"),
        (_huge, r"larger than 1 MB"),
        (_key_alone, r"a key without its certificate\. Export both"),
        (_certificate_alone, r"no private key .*Export both"),
        (_expired, r"expired on 9 March 2024\. Ask for a new one.*SEAL_TRUSTED"),
        (_not_for_signing, r"not for signing documents"),
        (_another_kind, r"RSA or elliptic-curve"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_key_that_cannot_seal_is_refused_with_what_to_do(
    given: Settings, tmp_path: Path, make: Callable[[Settings, Path], Settings], words: str
) -> None:
    with pytest.raises(SealKeyError, match=words):
        load_key(make(given, tmp_path))


# --- whose seals are known ------------------------------------------------------------------------------------------


def test_seals_of_earlier_keys_stay_known(given: Settings, tmp_path: Path) -> None:
    """First the portal's own key, then one the organisation bought, then its successor."""
    own, old, new = load_key(given), key_of("Old"), key_of("New")
    (tmp_path / "old.pem").write_bytes(old.certificate.public_bytes(serialization.Encoding.PEM))
    settings = replace(
        with_key(given, kept(tmp_path, new.private_key, new.certificate)), seal_trusted=tmp_path / "old.pem"
    )
    assert set(trusted_certificates(settings)) == {own.certificate, old.certificate, new.certificate}


def test_an_expired_key_still_tells_what_it_sealed(given: Settings, tmp_path: Path) -> None:
    assert len(trusted_certificates(_expired(given, tmp_path))) == 1


def test_a_list_of_known_seals_that_is_none_is_refused(given: Settings, tmp_path: Path) -> None:
    (tmp_path / "t.pem").write_text("nothing")
    with pytest.raises(SealKeyError, match=r"SEAL_TRUSTED: .* holds no certificate in PEM form"):
        trusted_certificates(replace(given, seal_trusted=tmp_path / "t.pem"))
    with pytest.raises(SealKeyError, match=r"SEAL_TRUSTED: .* cannot be read"):
        trusted_certificates(replace(given, seal_trusted=tmp_path / "none.pem"))


def test_the_settings_are_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, given: Settings, tmp_path: Path
) -> None:
    assert given.seal_key is None
    monkeypatch.setenv("SEAL_KEY", str(tmp_path / "a.p12"))
    monkeypatch.setenv("SEAL_TRUSTED", str(tmp_path / "b.pem"))
    monkeypatch.setenv("SEAL_PASSPHRASE", PASSPHRASE)
    found = load_settings()
    assert (found.seal_key, found.seal_trusted) == (tmp_path / "a.p12", tmp_path / "b.pem")
    assert found.seal_passphrase == PASSPHRASE
