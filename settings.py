"""Settings from the environment, each with a documented default (README, "Configure").

Nothing else in the portal reads ``os.environ``, so this file is the whole list.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VERSION = "0.1.0"
_OUR_FILES = ("secret_key", "portal.sqlite3")


class SettingsError(ValueError):
    """A setting has a value the portal cannot use; the message names it and says what it takes."""


@dataclass(frozen=True)
class JobSettings:
    """Work done apart from a page's request, and how much of the machine one piece of it may take."""

    redis_url: str = field(default="", repr=False)  # may hold a password; empty: the queue is a file in DATA_DIR
    workers: int = 1  # jobs at the same time, of one worker process
    seconds: int = 300  # one return's share of a job; a batch has that for each
    memory_mb: int = 1024  # a return with three years of data takes 390 MB of memory and 530 MB of data segment
    days_kept: int = 7  # a finished job's file


@dataclass(frozen=True)
class MailSettings:
    host: str = ""  # empty: nothing is sent, and that is said
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    sender: str = ""
    portal_address: str = ""  # what links in e-mails and calendars begin with
    draft_day: int = 3  # of the month after; managers are told that the draft is there
    reminder_days: tuple[int, ...] = (7, 2)  # before the return is due
    build_drafts: bool = True  # the worker builds each draft from draft_day on, also where no mail is sent


@dataclass(frozen=True)
class Settings:
    data_dir: Path
    database_url: str
    secret_key: str
    host: str
    port: int
    service_name: str
    accent_colour: str
    https: bool
    idle_minutes: int
    absolute_hours: int
    tile_url: str
    tile_attribution: str
    workers: int
    testing: bool = False
    demo_accounts: bool = False  # list the demonstration sign-ins on the sign-in page (make run sets it)
    trusted_proxies: int = 0  # how many proxies in front set X-Forwarded-*
    max_upload_mb: int = 200
    max_load_mb: int = 256  # an extract file after unpacking
    sign_ins_per_minute: int = 20  # tries to sign in, from one address
    ping_retention_days: int = 90  # raw pings, after their month has been confirmed
    jobs: JobSettings = JobSettings()
    mail: MailSettings = MailSettings()
    seal_key: Path | None = None  # PKCS#12 file of the organisation's seal; None: the portal's own, made once
    seal_passphrase: str = field(default="", repr=False)
    seal_trusted: Path | None = None  # certificates (PEM) of seals used before, and of authorities


def _number(name: str, default: int, low: int, high: int) -> int:
    raw = os.environ.get(name, str(default))
    try:
        value = int(raw)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise SettingsError(f"{name} is “{raw}”; it must be a whole number from {low} to {high}.")
    return value


def max_load_bytes() -> int:
    """MAX_LOAD_MB, for who reads a file and needs no other setting."""
    return _number("MAX_LOAD_MB", 256, 1, 4096) << 20


def _path(name: str) -> Path | None:
    given = os.environ.get(name, "")
    return Path(given).expanduser().resolve() if given else None


def ping_store_setting() -> Path | None:
    """PING_STORE: a folder for the pings; None for beside the database."""
    return _path("PING_STORE")


def _colour(name: str, default: str) -> str:
    """#rrggbb dark enough to carry white text (contrast 4.5 : 1, WCAG 1.4.3)."""
    value = os.environ.get(name, default)
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        raise SettingsError(f"{name} is “{value}”; write a colour as # and six hexadecimal digits, like {default}.")
    parts = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    contrast = 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    if contrast < 4.5:
        raise SettingsError(
            f"{name} {value} is too light for white text on it ({contrast:.1f} : 1; 4.5 : 1 is needed)."
        )
    return value


def _secret_key(data_dir: Path) -> str:
    """SECRET_KEY, or one made once and kept beside the data so that sessions survive a restart."""
    given = os.environ.get("SECRET_KEY", "")
    if given:
        return given
    path = data_dir / "secret_key"
    try:
        # Exclusive creation: two workers starting together must agree on one key.
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text()
    key = secrets.token_hex(32)
    with os.fdopen(fd, "w") as handle:
        handle.write(key)
    return key


def _make_private(data_dir: Path) -> None:
    """DATA_DIR for us alone: it holds recorded crime and the key of every session."""
    try:
        data_dir.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        held = data_dir.stat()
        # Only a folder that the portal made: DATA_DIR may also name one that others need to reach, like /tmp.
        ours = held.st_uid == os.geteuid() and any((data_dir / name).exists() for name in _OUR_FILES)
        if ours and held.st_mode & 0o077:
            data_dir.chmod(0o700)


def _job_settings() -> JobSettings:
    url = os.environ.get("REDIS_URL", "")
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError("REDIS_URL must begin with redis://, rediss:// or unix://, like redis://127.0.0.1:6379/0.")
    return JobSettings(
        redis_url=url,
        workers=_number("JOB_WORKERS", 1, 1, 32),
        seconds=_number("JOB_SECONDS", 300, 1, 24 * 3600),
        memory_mb=_number("JOB_MEMORY_MB", 1024, 64, 1 << 20),
        days_kept=_number("JOB_DAYS_KEPT", 7, 1, 365),
    )


def _mail_settings() -> MailSettings:
    host, sender = os.environ.get("SMTP_HOST", ""), os.environ.get("MAIL_FROM", "")
    address = os.environ.get("PORTAL_ADDRESS", "").rstrip("/")
    if address and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?", address):
        raise SettingsError(
            f"PORTAL_ADDRESS is “{address}”; write what people type to open the portal, like https://portal.example.org."
        )
    if host and not (address and re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", sender)):
        raise SettingsError(
            "SMTP_HOST is set, so e-mails are sent: they also need MAIL_FROM (an address like portal@example.org) and "
            "PORTAL_ADDRESS (like https://portal.example.org), because an e-mail holds a link and no data."
        )
    return MailSettings(
        host=host,
        port=_number("SMTP_PORT", 587, 1, 65535),
        user=os.environ.get("SMTP_USER", ""),
        password=os.environ.get("SMTP_PASSWORD", ""),
        starttls=os.environ.get("SMTP_STARTTLS", "1") == "1",
        sender=sender,
        portal_address=address,
        draft_day=_number("RETURN_DRAFT_DAY", 3, 1, 28),
        reminder_days=_days("RETURN_REMINDER_DAYS", "7,2"),
        build_drafts=os.environ.get("RETURN_BUILD_DRAFTS", "1") == "1",
    )


def _days(name: str, default: str) -> tuple[int, ...]:
    """Numbers of days with commas between them, largest first; none for none at all."""
    raw = os.environ.get(name, default)
    parts = [part.strip() for part in raw.split(",") if part.strip()]
    if not all(re.fullmatch(r"[0-9]{1,2}", part) and int(part) <= 27 for part in parts):
        raise SettingsError(f"{name} is “{raw}”; write numbers of days from 0 to 27 with commas, like {default}.")
    return tuple(sorted({int(part) for part in parts}, reverse=True))


def load_settings() -> Settings:
    """Read every setting; raise SettingsError naming the first that cannot be used."""
    data_dir = Path(os.environ.get("DATA_DIR", ROOT / "var")).expanduser().resolve()
    _make_private(data_dir)
    return Settings(
        data_dir=data_dir,
        database_url=os.environ.get("DATABASE_URL", f"sqlite:///{data_dir / 'portal.sqlite3'}"),
        secret_key=_secret_key(data_dir),
        host=os.environ.get("HOST", "127.0.0.1"),
        port=_number("PORT", 8050, 1, 65535),
        service_name=os.environ.get("SERVICE_NAME", "Hot spots reporting portal"),
        accent_colour=_colour("ACCENT_COLOUR", "#12436D"),
        https=os.environ.get("HTTPS", "0") == "1",
        idle_minutes=_number("IDLE_MINUTES", 30, 1, 24 * 60),
        absolute_hours=_number("ABSOLUTE_HOURS", 8, 1, 72),
        tile_url=os.environ.get("TILE_URL", ""),
        tile_attribution=os.environ.get("TILE_ATTRIBUTION", ""),
        workers=_number("WORKERS", 2, 1, 64),
        testing=os.environ.get("PORTAL_TESTING", "0") == "1",
        demo_accounts=os.environ.get("DEMO_ACCOUNTS", "0") == "1",
        trusted_proxies=_number("TRUSTED_PROXIES", 0, 0, 5),
        max_upload_mb=_number("MAX_UPLOAD_MB", 200, 1, 4096),
        max_load_mb=max_load_bytes() >> 20,
        sign_ins_per_minute=_number("SIGN_INS_PER_MINUTE", 20, 1, 100_000),
        ping_retention_days=_number("PING_RETENTION_DAYS", 90, 0, 3650),
        jobs=_job_settings(),
        mail=_mail_settings(),
        seal_key=_path("SEAL_KEY"),
        seal_passphrase=os.environ.get("SEAL_PASSPHRASE", ""),
        seal_trusted=_path("SEAL_TRUSTED"),
    )
