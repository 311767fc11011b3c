"""How much a job may take, and what its owner is told when that, or the disk, was not enough."""

from __future__ import annotations

import errno
import logging
import resource
import secrets
import signal

from sqlalchemy.exc import DBAPIError

from data_access.jobs import JobRefused
from domain.scope import OutOfScope
from jobs.kinds import Refused

log = logging.getLogger(__name__)
DISK_FULL = (
    "The portal's disk is full, so nothing was written. Tell whoever runs the portal, and start the job again when "
    "there is room."
)


def too_much_memory(megabytes: int) -> str:
    return (
        f"It needed more memory than the {megabytes:,} MB that a job may take, so nothing was written. Ask for less at a "
        "time, or ask whoever runs the portal to raise JOB_MEMORY_MB."
    )


def limit_memory(megabytes: int) -> None:
    """RLIMIT_DATA: what is written to. Address space (RLIMIT_AS) would count what libraries only reserve."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes << 20
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold crime records


def explained(problem: Exception, megabytes: int) -> tuple[str, str]:
    """A sentence for the owner, and a reference where the log says more."""
    chain = _chain(problem)
    if any(isinstance(one, MemoryError) for one in chain):
        return too_much_memory(megabytes), ""
    if any(_disk_is_full(one) for one in chain):
        return DISK_FULL, ""
    if isinstance(problem, Refused | OutOfScope | JobRefused):
        return str(problem), ""
    reference = secrets.token_hex(4)
    log.error("Problem %s in a job", reference, exc_info=problem)
    return (
        "A fault in the portal stopped it, and nothing was written. Start it again; if it fails again, report the "
        "reference to whoever runs the portal."
    ), reference


def _chain(problem: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    one: BaseException | None = problem
    while one is not None and one not in found:
        found.append(one)
        one = one.__cause__ or one.__context__
    return found


def _disk_is_full(problem: BaseException) -> bool:
    if isinstance(problem, DBAPIError):
        return getattr(problem.orig, "sqlite_errorname", "") == "SQLITE_FULL"
    return isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT)


def too_slow(seconds: int) -> str:
    return (
        f"It took longer than it may (JOB_SECONDS, here {seconds:,}), so it was stopped and nothing was written. Start it "
        "again when the portal is less busy, or ask whoever runs the portal to raise that setting."
    )


def ended_without_a_word(code: int, megabytes: int) -> tuple[str, str]:
    """Its process is gone and said nothing: killed, or out of memory in a library that then gives up."""
    reference = secrets.token_hex(4)
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    log.error("Problem %s: the process of a job ended without a word (%s)", reference, how)
    likely = "memory ran out on this computer" if code == -signal.SIGKILL else "it needed more memory than it may take"
    return (
        f"Its process was ended before it was done ({how}), most likely because {likely} (a job may take {megabytes:,} MB: "
        "JOB_MEMORY_MB). Nothing was written. Start it again; if it happens again, report the reference to whoever runs "
        "the portal."
    ), reference
