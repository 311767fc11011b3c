"""Real forms carry a CSRF token; the guard's origin check is the second lock on the same door."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from flask import get_flashed_messages
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length


class SignInForm(FlaskForm):
    email = StringField("E-mail address", [InputRequired("Enter your e-mail address."), Length(max=200)])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=500)])
    next = HiddenField()


def csrf_input() -> dbc.Input:
    """The hidden field every POST form on a Dash page needs (``access.requires.check_csrf_token``)."""
    return dbc.Input(type="hidden", name="csrf_token", value=generate_csrf())


def last_messages() -> list[tuple[str, str]]:
    """Kind and sentence of what the last posted form did, shown once."""
    return list(get_flashed_messages(with_categories=True))
