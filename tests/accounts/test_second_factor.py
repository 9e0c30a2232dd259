"""Second factors: a copy of the database logs nobody in, and who writes to it lends none."""

from base64 import b64encode
from contextlib import suppress
from io import StringIO
from threading import Barrier, BrokenBarrierError
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from accounts import reauthentication, second_factor_encryption
from accounts.models import EncryptedTOTPDevice, HashedBackupCodes
from core import encryption
from tests.support.concurrency import in_parallel
from tests.support.desk_login import code, enter
from tests.support.officers import create_officer, phone_of

pytestmark = pytest.mark.django_db


def all_rows() -> str:
    """Every row of the tables of second factors, as a dump has them."""
    rows, tables = "", ("otp_totp_totpdevice", "otp_static_staticdevice", "otp_static_statictoken")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} AS t")  # noqa: S608
            rows += cursor.fetchone()[0] or ""
    return rows


def test_no_secret_and_no_code_stands_in_a_dump(user: User, client: Client) -> None:
    codes, dump = HashedBackupCodes.issue(user, 10), all_rows()
    assert not [each for each in codes if each in dump]
    assert phone_of(user).bin_key.hex() not in dump
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert enter(client, token=kept.pop()).status_code == 200, "what stands there is no code"
    assert StaticToken.objects.count() == 10


def test_another_officers_secret_or_code_is_nobodys_in_ones_own_row(user: User) -> None:
    """Who may write to the database, and has a phone of their own, logs in as nobody else."""
    own = create_officer("minh", "duty")
    [paper] = HashedBackupCodes.issue(own, 1)
    EncryptedTOTPDevice.objects.filter(user=user).update(key=phone_of(own).key)
    StaticDevice.objects.update(user=user)
    assert reauthentication.verify_code(user, f"{totp(phone_of(own).bin_key):06d}") is None
    assert reauthentication.verify_code(user, paper) is None


def test_a_secret_in_clear_opens_nothing(user: User) -> None:
    """It is counted, for an old process may have written it back, and not sealed: it may be a forger's."""
    secret = b"known to the forger."
    EncryptedTOTPDevice.objects.filter(user=user).update(key=secret.hex())
    with pytest.raises(CommandError):
        call_command("rotate_keys", stdout=(out := StringIO()))
    assert "second factors: 1 need an older key" in out.getvalue()
    assert reauthentication.verify_code(user, f"{totp(secret):06d}") is None


def test_an_encrypted_contact_is_nobodys_secret(user: User) -> None:
    """Who may write to the database, and told a contact once, knows what such a text says."""
    contact = b"0992 000 118"
    for whose in (user.pk, uuid4()):
        sealed = encryption.encrypt_bytes(contact, "contact", whose)
        EncryptedTOTPDevice.objects.filter(user=user).update(key=b64encode(sealed).decode())
        assert reauthentication.verify_code(user, f"{totp(contact):06d}") is None


@pytest.mark.django_db(transaction=True)
def test_one_code_is_good_once_for_two_who_come_at_once(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has read the phone before one of them has used its code, if the database lets them."""
    token, both, verify = code(user), Barrier(2), EncryptedTOTPDevice.verify_token

    def when_both_have_read(phone: EncryptedTOTPDevice, typed: str) -> bool:
        with suppress(BrokenBarrierError):
            both.wait(timeout=1)
        return verify(phone, typed)

    monkeypatch.setattr(EncryptedTOTPDevice, "verify_token", when_both_have_read)
    answers = in_parallel([lambda: enter(Client(), token=token).status_code] * 2)
    assert sorted(answers) == [200, 302]


def test_a_wrong_code_of_one_device_slows_no_other(user: User) -> None:
    [paper] = HashedBackupCodes.issue(user, 1)
    assert reauthentication.verify_code(user, "000000") is None
    assert reauthentication.verify_code(user, paper)
    assert phone_of(user).throttling_failure_count == 1


def test_after_a_change_of_keys_the_new_one_does(user: User, settings: Settings) -> None:
    secret, out = phone_of(user).bin_key, StringIO()
    HashedBackupCodes.issue(user, 3)
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (new, *settings.FIELD_ENCRYPTION_KEYS)
    call_command("rotate_keys", stdout=out)
    assert "second factors: 0 need an older key" in out.getvalue()
    assert "codes on paper that only a new invitation replaces: 3" in out.getvalue()
    settings.FIELD_ENCRYPTION_KEYS = (new,)
    assert phone_of(user).bin_key == secret


def test_a_code_on_paper_of_an_older_key_still_opens(user: User, settings: Settings) -> None:
    [paper] = HashedBackupCodes.issue(user, 1)
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (new, *settings.FIELD_ENCRYPTION_KEYS)
    assert reauthentication.verify_code(user, paper)


def test_what_is_sealed_fits_the_fields_of_the_package(user: User) -> None:
    code = second_factor_encryption.hash_backup_code("abcd2345", user.pk)
    assert len(phone_of(user).key) <= TOTPDevice._meta.get_field("key").max_length
    assert len(code) == StaticToken._meta.get_field("token").max_length
