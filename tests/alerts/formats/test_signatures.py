"""Signatures, verified by programs that are not ours: openssl and xmlsec1."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.template import engines
from django.test import Client
from lxml import html
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from alerts import publishing
from alerts.formats import cap, signatures
from alerts.formats.cap_signer import cap_signer, generate_key
from alerts.models import AlertRevision, PublicKey, RevisionSignature
from tests.support.alert_factories import HOSTILE, approved, cancelled, issued, rewritten, submitted
from tests.support.cap_documents import parse_valid
from tests.support.signing_keys import CAP_KEY, TEXT_KEY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    settings.SIGNING_KEY, settings.CAP_KEY = TEXT_KEY, CAP_KEY


def run_program(folder: Path, name: str, *arguments: str) -> bool:
    """Return whether the program succeeds in that folder."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (.ci/run installs it)")
    done = subprocess.run([path, *arguments], cwd=folder, check=False, capture_output=True)
    return done.returncode == 0


def openssl_finds_genuine(text: bytes, signature: str, pem: str, folder: Path) -> bool:
    for name, content in (("text", text), ("key", pem.encode())):
        (folder / name).write_bytes(content)
    (folder / "signature").write_bytes(base64.b64decode(signature))
    arguments = ["pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "text"]
    return run_program(folder, "openssl", *arguments, "-sigfile", "signature")


def xmlsec_finds_genuine(message: bytes, certificate: str, folder: Path) -> bool:
    (folder / "message.xml").write_bytes(message)
    (folder / "certificate.pem").write_text(certificate)
    arguments = ["--verify", "--trusted-pem", "certificate.pem", "--enabled-key-data", "x509"]
    return run_program(folder, "xmlsec1", *arguments, "message.xml")


def download(client: Client, revision: AlertRevision) -> tuple[bytes, str, str, str]:
    """Return the content, its signature, the public key and the header of the signature."""
    response = client.get(f"/canh-bao/noi-dung/{revision.identifier}.json")
    values = client.get(f"/canh-bao/chu-ky/{revision.identifier}.json").json()
    pem = client.get(values["public_key"]).content.decode()
    return response.content, values["signature"], pem, response.headers["X-Content-Signature"]


def test_openssl_verifies_the_content_with_the_published_key(
    client: Client, tmp_path: Path
) -> None:
    revision = issued(title=HOSTILE)
    content, signature, pem, header = download(client, revision)
    assert f'signature="{signature}"' in header
    assert openssl_finds_genuine(content, signature, pem, tmp_path)
    assert not openssl_finds_genuine(content + b" ", signature, pem, tmp_path)


def test_xmlsec_verifies_cap_messages_and_notices_a_change(client: Client, tmp_path: Path) -> None:
    revision = issued(title=HOSTILE)
    message = client.get(f"/canh-bao/cap/{revision.identifier}.xml").content
    certificate = PublicKey.objects.get(kind="cap").pem
    assert xmlsec_finds_genuine(message, certificate, tmp_path)
    changed = message.replace(b"02373725725", b"02373725726")
    assert not xmlsec_finds_genuine(changed, certificate, tmp_path)


@pytest.mark.django_db(transaction=True)
def test_the_lines_on_the_page_verify_a_warning_and_its_cap_message(
    live_server: LiveServer, client: Client, settings: Settings, tmp_path: Path
) -> None:
    for program in ("openssl", "xmlsec1", "curl"):
        run_program(tmp_path, program, "--version")
    settings.PORTAL_URL = str(live_server.url)
    revision = issued(title=HOSTILE)
    page = html.document_fromstring(client.get("/danh-cho-co-quan/").content.decode())
    command = ["sh", "-ec", str(page.get_element_by_id("verify-warning").text_content())]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    assert "OK" in done.stdout + done.stderr
    link = 'href="/danh-cho-co-quan/#keys"'
    assert link in client.get(f"/canh-bao/{revision.alert.slug}/").content.decode()


def test_each_revision_is_signed_as_valid_cap_and_as_text_that_says_what_it_is_for() -> None:
    cancelled(rewritten(issued()))
    signed = RevisionSignature.objects.all()
    assert len(signed) == 3
    for each in signed:
        parse_valid(each.cap_message.encode())
        text = signatures.signing_input(each.revision)
        assert text.startswith(b'{"kind":"thanh-hoa/warning/1","warning":')


def test_what_the_old_key_signed_is_verified_after_a_change_of_keys(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    old = issued()
    settings.SIGNING_KEY = base64.b64encode(bytes(32)).decode()
    settings.CAP_KEY = generate_key("portal.example")
    issued("moi")
    content, signature, pem, _ = download(client, old)
    assert openssl_finds_genuine(content, signature, pem, tmp_path)
    assert PublicKey.objects.count() == 4


@pytest.mark.parametrize("missing", ["SIGNING_KEY", "CAP_KEY"])
def test_with_one_key_alone_nothing_is_issued(settings: Settings, missing: str) -> None:
    alert = submitted()
    setattr(settings, missing, "")
    with pytest.raises(publishing.PublishingError, match="Chưa phát"):
        approved(alert)
    assert not AlertRevision.objects.exists()


def test_a_signature_that_fails_undoes_the_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> bytes:
        raise OSError

    alert = submitted()
    monkeypatch.setattr(cap, "render_cap_message", fails)
    with pytest.raises(publishing.PublishingError):
        approved(alert)
    alert.refresh_from_db()
    assert (alert.current, AlertRevision.objects.count()) == (None, 0)


def test_without_keys_a_warning_goes_out_unsigned(client: Client, settings: Settings) -> None:
    settings.SIGNING_KEY = settings.CAP_KEY = ""
    revision = issued()
    assert client.get(f"/canh-bao/chu-ky/{revision.identifier}.json").status_code == 404
    response = client.get(f"/canh-bao/noi-dung/{revision.identifier}.json")
    assert "X-Content-Signature" not in response.headers
    assert b"Signature" not in client.get(f"/canh-bao/cap/{revision.identifier}.xml").content


@pytest.mark.parametrize("table", ["alerts_revisionsignature", "alerts_publickey"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_no_code_changes_a_signature_or_a_key(table: str, act: str) -> None:
    issued()
    column = "text_signature" if table.endswith("signature") else "pem"
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute(act.format(table, column, column))


@pytest.mark.parametrize("bad", ["x", "c2hvcnQ=", "-----BEGIN PRIVATE KEY-----\nx"])
def test_what_is_no_key_is_told(bad: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        cap_signer(bad)


def test_a_certificate_of_another_key_is_told() -> None:
    mine, other = (base64.b64decode(generate_key("x")).decode() for _ in range(2))
    end = "-----END PRIVATE KEY-----\n"
    mixed = mine.partition(end)[0] + end + other.partition(end)[2]
    with pytest.raises(ImproperlyConfigured, match="another"):
        cap_signer(mixed)


def test_a_key_may_stand_as_pem_or_on_one_line() -> None:
    pem = base64.b64decode(CAP_KEY).decode()
    assert cap_signer(pem).id == cap_signer(CAP_KEY).id


def test_the_desk_is_told_of_warnings_without_a_signature(settings: Settings) -> None:
    card = engines["desk"].from_string("{% load alert_cards %}{% unsigned_warnings %}")
    issued("co-chu-ky")
    assert card.render().strip() == ""
    settings.SIGNING_KEY = settings.CAP_KEY = ""
    revision = issued("khong-chu-ky")
    assert revision.identifier in card.render()
    assert "1 cảnh báo" in card.render()
