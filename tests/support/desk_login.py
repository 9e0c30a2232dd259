"""The log-in page of the desk, as a browser fills it."""

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django_otp.oath import totp

from tests.support.officers import PASSWORD, phone_of

LOGIN = "/admin/login/?next=/admin/"


def code(user: User) -> str:
    return f"{totp(phone_of(user).bin_key):06d}"


def enter(
    client: Client, name: str = "ha", password: str = PASSWORD, token: str = ""
) -> HttpResponse:
    typed = {"username": name, "password": password, "otp_token": token, "next": "/admin/"}
    return client.post(LOGIN, typed)  # type: ignore[return-value]
