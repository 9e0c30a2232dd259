"""The signed bundle: what is in it, that another program verifies it, that none goes unsigned."""

import base64
import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from lxml import html
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from core import keys
from tests.support.number_factories import add_finding
from tests.support.number_lookup_page import HASH, PROGRAMS, hash_of

BUNDLE = "/api/v1/findings/pack.json"
PUBLIC_KEY = "/api/v1/findings/pack.pem"
KEY = base64.b64encode(b"k" * 32).decode()
openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _key(settings: Settings) -> None:
    settings.SIGNING_KEY = KEY


def bundle(client: Client) -> dict[str, Any]:
    return dict(json.loads(client.get(BUNDLE).content))


def test_it_has_the_confirmed_numbers_that_stand_and_says_until_when_it_may_be_used(
    client: Client,
) -> None:
    add_finding()
    add_finding(key="+84550000124", confirmed_by=None, confirmed_at=None)
    add_finding(key="+84550000125", valid_until=timezone.localdate() - timedelta(days=1))
    add_finding(kind="account", key="0992000456789", bank="BIDV")
    add_finding(kind="link", key="vi-du.example")
    payload = bundle(client)["payload"]
    assert [number["hash"] for number in payload["numbers"]] == [HASH]
    for kind, thing in (("account", "BIDV:0992000456789"), ("link", "vi-du.example")):
        assert [each["hash"] for each in payload[f"{kind}s"]] == [hash_of(thing, kind)]
    assert set(payload["numbers"][0]) == {"hash", "confirmed_on", "valid_until"}
    assert payload["made_at"] < payload["use_until"]
    assert payload["kind"] == "thanh-hoa/confirmed-findings/1"


def test_the_file_is_canonical_and_holds_its_payload_byte_for_byte(client: Client) -> None:
    content = client.get(BUNDLE).content
    whole = json.loads(content)
    assert rfc8785.dumps(whole) == content
    assert rfc8785.dumps(whole["payload"]) in content


def verified(client: Client, folder: Path, signature: str, signed: bytes) -> bool:
    """Whether openssl finds a bundle's signature right for these bytes."""
    (folder / "key.pem").write_bytes(client.get(PUBLIC_KEY).content)
    (folder / "signature").write_bytes(base64.b64decode(signature))
    (folder / "payload").write_bytes(signed)
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in payload -sigfile signature"
    done = subprocess.run(command.split(), check=False, cwd=folder, capture_output=True)
    return done.returncode == 0


@openssl
def test_openssl_verifies_it_and_refuses_an_altered_one(client: Client, tmp_path: Path) -> None:
    whole = bundle(client)
    payload, signature = rfc8785.dumps(whole["payload"]), whole["signature"]
    altered = payload.replace(b'"numbers":[', b'"numbers":[{},')
    assert verified(client, tmp_path, signature, payload)
    assert not verified(client, tmp_path, signature, altered)


@openssl
@pytest.mark.django_db(transaction=True)
def test_the_lines_on_the_page_verify_it(
    live_server: LiveServer, client: Client, settings: Settings, tmp_path: Path
) -> None:
    add_finding()
    settings.PORTAL_URL = live_server.url
    page = html.document_fromstring(client.get(PROGRAMS).content.decode())
    command = ["sh", "-ec", str(page.get_element_by_id("verify").text_content())]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert "Signature Verified Successfully" in done.stdout, done.stderr
    assert HASH in (tmp_path / "payload").read_text()


@pytest.mark.parametrize("key", ["", "not a key"])
@pytest.mark.parametrize("path", [BUNDLE, PUBLIC_KEY])
def test_without_a_key_there_is_a_sentence_and_no_number(
    client: Client, settings: Settings, key: str, path: str
) -> None:
    add_finding()
    settings.SIGNING_KEY = key
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "no_signing_key")
    assert "chưa có khóa ký" in answer.json()["detail"]
    assert HASH not in answer.content.decode()
    assert "chưa có khóa ký" in client.get(PROGRAMS).content.decode()


@pytest.mark.parametrize("key", ["c2hvcnQ=", "not a key", "é"])
def test_what_is_no_key_signs_nothing(settings: Settings, key: str) -> None:
    settings.SIGNING_KEY = key
    with pytest.raises(ImproperlyConfigured):
        keys.signer()


def test_a_key_in_url_safe_letters_is_the_same_and_a_signer_does_not_show_it() -> None:
    usual = base64.b64encode(b"\xff" * 32).decode()
    assert "/" in usual
    assert keys.parse_signer(usual).id == keys.parse_signer(usual.replace("/", "_")).id
    assert "Ed25519PrivateKey" not in repr(keys.parse_signer(KEY))
    assert KEY not in repr(keys.parse_signer(KEY))
