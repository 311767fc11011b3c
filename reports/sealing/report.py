"""A verdict as lines to read, and the command's answer: 0 for a file that is whole, 1 for any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from reports.sealing.keys import SealKey
from reports.sealing.letters import acts
from reports.sealing.verify import LARGEST, SealVerdict, Verdict, verify

WHOLE, NOT_WHOLE = 0, 1


def check_file(path: Path, trusted: Sequence[x509.Certificate] | SealKey) -> tuple[list[str], int]:
    """What the command prints and its exit code; a file that cannot be read is not whole."""
    try:
        with path.open("rb") as handle:
            pdf = handle.read(LARGEST + 1)
    except OSError as error:
        return [f"{path} cannot be read ({error.strerror}). Check the name and whether you may read it."], NOT_WHOLE
    verdict = verify(pdf, trusted)
    return [f"{_plain(path.name)}: {'whole' if verdict.whole else 'NOT whole'}", *verdict_lines(verdict)], exit_code(
        verdict
    )


def exit_code(verdict: Verdict) -> int:
    return WHOLE if verdict.whole else NOT_WHOLE


def verdict_lines(verdict: Verdict) -> list[str]:
    """Sentences first, then each seal, the attachments and the sums to compare with the register."""
    lines = [_plain(sentence) for sentence in verdict.sentences]
    for seal in verdict.seals:
        lines += ["", *_seal_lines(seal, " ".join(verdict.sentences))]
    if verdict.attachments:
        lines += ["", "Attachments, as sealed (name, bytes, SHA-256)"]
        lines += [f"  {_plain(a.name)}, {a.size:,}, {a.sha256}" for a in verdict.attachments]
    lines += ["", f"SHA-256 of the file  {verdict.sha256}"]
    if verdict.data_sha256:
        lines.append(f"SHA-256 of the data  {verdict.data_sha256}")
    return lines


def _seal_lines(seal: SealVerdict, said: str) -> list[str]:
    when = f"{seal.at.day} {seal.at:%B %Y, %H:%M:%S} UTC" if seal.at else "at an unreadable time"
    holds = "holds" if seal.intact and seal.trusted else "is not the portal's" if seal.intact else "does not hold"
    lines = [f"Seal “{_plain(seal.step) or 'unreadable'}” {holds}: {_plain(seal.who)}, {when} (the portal's clock)"]
    if seal.reason:
        lines.append(f"  Reason: {_plain(seal.reason)}")
    if seal.changed_after and seal.changed_after not in said:
        lines.append(f"  After it: {_plain(seal.changed_after)}")
    if seal.fingerprint:
        lines.append(f"  Certificate, SHA-256: {seal.fingerprint}")
    return lines


def _plain(text: str) -> str:
    """Words out of a file that anybody may have made, without what would steer a terminal."""
    return "".join("?" if acts(c) else c for c in text)[:500]
