"""E-mail addresses of accounts: one way to write each, and none that looks like another.

Accounts tell people apart by address, also where nobody may judge their own work: a second account whose letters only
look like those of the first would be two pairs of hands to the portal and one to whoever reads the names.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200  # characters
# What jobs.mail can send to, in small letters: other alphabets are more than every mail server takes.
_TAKEN = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9.-]+")


def normal_email(email: str) -> str:
    """The address without capitals, spaces around it, marks that nobody sees and wide or joined forms of letters."""
    text = email
    while (plainer := _plainer(text)) != text:  # a folded letter can have a plainer form again
        text = plainer
    return text


def _plainer(text: str) -> str:
    seen = "".join(c for c in text if not unicodedata.category(c).startswith("C"))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()).strip()


def email_as_once_kept(email: str) -> str:
    """How addresses were kept before ``normal_email``: whoever has such an account still signs in to it."""
    return email.replace("\0", "").strip().casefold()  # PostgreSQL takes no NUL, not even to look for


def why_not_an_address(address: str) -> str:
    """Why no account is made for this ``normal_email``, and what to do; "" where one is."""
    strange = next((c for c in address if not c.isascii()), None)
    if strange:
        name = unicodedata.name(strange, f"U+{ord(strange):04X}").lower()
        return (
            f"“{address}” has the letter “{strange}” ({name}), which may look like another. "
            "Type the address anew with the letters a to z; ask for one without accents if there is none."
        )
    if len(address) > LONGEST or not _TAKEN.fullmatch(address):
        return f"“{address[:LONGEST]}” is not an e-mail address; write it like name@example.org."
    return ""
