"""E-mail addresses of accounts: one form of each, and none that only looks like another."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.email_addresses import normal_email, why_not_an_address

PLAIN = st.from_regex(r"[a-z0-9][a-z0-9._'+-]{0,20}@[a-z0-9-]{1,12}\.(org|uk)", fullmatch=True)


@given(st.text())
def test_the_normal_form_has_no_plainer_form(text: str) -> None:
    once = normal_email(text)
    assert normal_email(once) == once
    assert once == unicodedata.normalize("NFKC", once) == once.strip()


@given(PLAIN, st.data())
def test_an_address_stays_itself_however_it_is_typed(address: str, data: st.DataObject) -> None:
    """Capitals, wide letters, marks that nobody sees and spaces around it."""
    wide = [chr(ord(c) + 0xFEE0) if data.draw(st.booleans()) else c.upper() for c in address]
    hidden = data.draw(st.sampled_from(["", "\u200b", "\u2060", "\u202e", "\0"]))
    at = data.draw(st.integers(0, len(wide)))
    typed = f" {''.join(wide[:at])}{hidden}{''.join(wide[at:])}\u00a0"
    assert normal_email(typed) == address
    assert why_not_an_address(address) == ""


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_what_is_taken_is_ascii_with_one_at(local: str, host: str) -> None:
    address = normal_email(f"{local}@{host}")
    if why_not_an_address(address) == "":
        assert address.isascii()
        assert address.count("@") == 1
        assert not any(c.isspace() or c in '<>(),;:\\"' for c in address)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("m\u0430ry@force.example", "cyrillic small letter a"),
        ("\u043c\u0430\u0433\u0443@force.example", "may look like another"),
        ("mary@f\u03bfrce.example", "greek small letter omicron"),
        ("m\u0131ke@force.example", "latin small letter dotless i"),
        ("siân@force.example", "without accents"),
        ("mary", "write it like name@example.org"),
        ("mary@one@force.example", "write it like"),
        ("mary smith@force.example", "write it like"),
        ("m" * 200 + "@force.example", "write it like"),
        ("", "write it like"),
    ],
)
def test_what_is_refused_says_why_and_what_to_do(address: str, said: str) -> None:
    assert said in why_not_an_address(normal_email(address))
