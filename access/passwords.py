"""Argon2id at OWASP's smallest recommended setting (19 MiB, two passes: about 28 ms a check)."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12
MAX_LENGTH = 200
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_COMMON = ("password", "passw0rd", "qwerty", "123456", "letmein", "welcome", "iloveyou", "abc123", "hotspots")


class PasswordError(ValueError):
    """The password cannot be used; the message says what one takes."""


def check_password_rules(password: str, email: str = "") -> None:
    """Long rather than complicated: twelve characters, and not one of the first guesses."""
    if len(password) < MIN_LENGTH:
        raise PasswordError(f"The password must have at least {MIN_LENGTH} characters; three random words work well.")
    if len(password) > MAX_LENGTH:
        raise PasswordError(f"The password must have at most {MAX_LENGTH} characters.")
    plain = password.casefold()
    name = email.partition("@")[0].casefold()
    if len(set(plain)) < 5 or any(plain.startswith(word) for word in _COMMON) or (len(name) > 3 and name in plain):
        raise PasswordError("That password would be guessed early: avoid common words, repeats and your own address.")


def hash_password(password: str) -> str:
    return _HASHER.hash(password)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")


def verify(stored: str | None, password: str) -> bool:
    """True when it is the password; takes as long for an account that does not exist (``stored=None``)."""
    try:
        matches = _HASHER.verify(stored or _nobody(), password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return matches and stored is not None


def newer_hash(stored: str, password: str) -> str | None:
    """A hash with today's parameters when the stored one has older ones."""
    return hash_password(password) if _HASHER.check_needs_rehash(stored) else None
