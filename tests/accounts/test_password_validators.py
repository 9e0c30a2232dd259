"""Which passwords are taken, and that a wrong one tells nothing, neither in words nor in work done."""

import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from accounts.password_validators import Owasp19MiBArgon2PasswordHasher
from portal import settings as kept
from tests.support.desk_login import code, enter
from tests.support.officers import PASSWORD, create_officer

GOOD = "bồ câu nồi gang xe lu"


def refused(password: str) -> set[str]:
    try:
        validate_password(password)
    except ValidationError as error:
        return {str(each.code) for each in error.error_list}
    return set()


@pytest.mark.parametrize("password", [GOOD, PASSWORD, "k9#Vt-2mQx!7Lp", "chảo thớt dao rựa 2026"])
def test_a_few_words_that_nobody_expects_are_taken(password: str) -> None:
    assert refused(password) == set()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("k9#Vt-2mQx!7L", "password_too_short"),
        ("aaaaaaaaaaaaaaaa", "password_guessable"),
        ("Công an Thanh Hóa 123456", "password_guessable"),
        ("matkhaumatkhau2026", "password_guessable"),
        ("PV01thanhhoa@2026", "password_guessable"),
        ("12345678901234567890", "password_guessable"),
    ],
)
def test_what_is_tried_first_is_not(password: str, why: str) -> None:
    assert why in refused(password)


@pytest.mark.parametrize("many", [0, 1, 2, 7, 500])
def test_a_stolen_password_is_found_wherever_it_stands(
    settings: Settings, tmp_path: Path, many: int
) -> None:
    file = tmp_path / "stolen.txt"
    settings.BREACHED_PASSWORDS = str(file)
    assert refused(GOOD) == set(), "a list that is not there keeps nobody out"
    stolen = [f"{GOOD} {number}" for number in range(many)]
    digests = sorted(
        hashlib.sha1(each.encode(), usedforsecurity=False).hexdigest() for each in stolen
    )
    file.write_text("".join(f"{digest.upper()}:{at}\r\n" for at, digest in enumerate(digests)))
    assert all(refused(each) == {"password_breached"} for each in stolen)
    assert refused(GOOD) == set()


def test_passwords_are_hashed_by_argon2id_at_19_mib() -> None:
    assert kept.PASSWORD_HASHERS == ["accounts.password_validators.Owasp19MiBArgon2PasswordHasher"]
    encoded = Owasp19MiBArgon2PasswordHasher().encode("x" * 14, "salt" * 4)
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each hash that is computed."""
    done: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        done.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return done


@pytest.mark.django_db
def test_whoever_it_is_a_wrong_log_in_costs_the_same_work(client: Client, work: list[str]) -> None:
    """Hashes are counted, not seconds: on a shared machine a clock tells nothing."""
    known, closed, invited, guest = (create_officer(name, "duty") for name in "abcd")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    User.objects.filter(pk=guest.pk).update(is_staff=False)
    invited.set_unusable_password(), invited.save()
    tries = {
        "nobody": ("ai", PASSWORD, "123456"),
        "wrong password": (known.username, "sai", "123456"),
        "wrong code": (known.username, PASSWORD, "123456"),
        "closed": (closed.username, PASSWORD, code(closed)),
        "invited": (invited.username, PASSWORD, "123456"),
        "no officer": (guest.username, PASSWORD, code(guest)),
    }
    cost, said = {}, set()
    for kind, (name, password, token) in tries.items():
        work.clear()
        page = enter(client, name, password, token)
        cost[kind] = len(work)
        said.add((page.status_code, "chưa đúng" in page.content.decode()))
    assert cost == dict.fromkeys(tries, 1)
    assert said == {(200, True)}


@pytest.mark.django_db
def test_a_name_that_nobody_has_is_locked_like_any_other(client: Client) -> None:
    create_officer("ha", "duty")
    told = {
        name: [enter(client, name, "sai", "000000").status_code for _ in range(6)]
        for name in ("ha", "khong-co")
    }
    assert told["ha"] == told["khong-co"]
    assert told["ha"][-1] == 429


@pytest.mark.django_db
def test_a_link_that_opens_nothing_says_nothing_of_whom_it_was_for(client: Client) -> None:
    answers = [client.get(f"/can-bo/loi-moi/{token}/") for token in ("x", "1:2:3", "a" * 400)]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.content for answer in answers}) == 1
