"""Public pages from a bucket, SeaweedFS, at the front server: as from the folder, and as soon."""

import gzip
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from alerts.static_pages import generator, store
from alerts.static_pages.page_list import list_static_pages
from tests.support.alert_factories import cancelled, issued
from tests.support.nginx_front import (
    FROM_PORTAL,
    PAGE,
    SAME_HEADERS,
    ask,
    body,
    needs_nginx,
    run_front,
    run_portal,
    soon,
    stop,
)
from tests.support.object_store import OPEN, ObjectStore
from tools.portal_stack import wait_until

pytestmark = [needs_nginx, pytest.mark.django_db]


@pytest.fixture
def origin(object_store: ObjectStore, settings: Settings) -> str:
    """Return where strangers read the bucket to which this test's pages go."""
    object_store.make_bucket(OPEN)
    for name in (store.INDEX, store.WANTED, store.CHECKED):
        object_store.client.delete_object(Bucket=OPEN, Key=name)
    url = object_store.url(OPEN)
    published = {"BACKEND": "core.bucket_storage.BucketStorage", "OPTIONS": {"url": url}}
    settings.STORAGES = settings.STORAGES | {"published": published}
    return f"http://127.0.0.1:{object_store.ports['s3.port']}/{OPEN}"


@pytest.fixture
def portal() -> Iterator[ThreadingHTTPServer]:
    with run_portal() as server:
        yield server


def test_a_page_goes_out_of_the_bucket_as_of_the_folder_and_no_older_than_the_last_word(
    origin: str,
    object_store: ObjectStore,
    portal: ThreadingHTTPServer,
    tmp_path: Path,
    client: Client,
) -> None:
    revision = issued()
    generator.rebuild()
    with run_front(portal, tmp_path / "front", PUBLISHED_ORIGIN=origin) as front:
        assert soon(lambda: not body(front, PAGE).startswith(FROM_PORTAL))
        for page in list_static_pages(timezone.now()):
            answer, text = ask(front, page.path)
            if not text.startswith(FROM_PORTAL):
                wanted = client.get(page.path)
                assert text == wanted.content, page.path
                for name in SAME_HEADERS:
                    assert len(answer.headers.get_all(name) or []) < 2, (page.path, name)
                    assert answer.headers.get(name) == wanted.headers.get(name), (page.path, name)
        assert soon(lambda: is_packed_and_known_again(front))

        cancelled(revision)
        generator.mark_stale()
        assert soon(lambda: body(front, PAGE).startswith(FROM_PORTAL))
        generator.rebuild()
        assert soon(lambda: "hết hiệu lực" in body(front, PAGE).decode())

        stop(portal)
        now = int(time.time())
        store.save(store.CHECKED, f"{now - 25 * 3600} {store.load_text(store.WANTED)}")
        assert soon(lambda: "có thể đã cũ" in body(front, PAGE).decode())
        assert soon(lambda: str(ask(front, PAGE)[0].headers["X-Kept"]).endswith("stale"))
        store.save(store.FRONT, f"{store.load_text(store.FRONT)}\nend 1 drop {PAGE}\n")
        assert soon(lambda: ask(front, PAGE)[0].status == 503)


def test_a_bucket_that_is_away_leaves_what_was_read_last_and_then_the_portal(
    origin: str, object_store: ObjectStore, portal: ThreadingHTTPServer, tmp_path: Path
) -> None:
    issued()
    generator.rebuild()
    copy = tmp_path / "front" / "published" / "checked"
    with run_front(portal, tmp_path / "front", PUBLISHED_ORIGIN=origin) as front:
        for how in ("frozen", "killed"):
            # The store itself takes its time to come back.
            assert wait_until(lambda: not body(front, PAGE).startswith(FROM_PORTAL), 30)
            with object_store.away(how):
                started = time.monotonic()
                assert not body(front, PAGE).startswith(FROM_PORTAL)
                assert time.monotonic() - started < 4  # nginx asks the bucket for five
                assert soon(lambda: is_from_portal_when_old(front, copy))


def is_packed_and_known_again(front: int) -> bool:
    """A busy store may answer too late, and the portal instead: then it is asked again."""
    answer, packed = ask(front, PAGE, Accept_Encoding="gzip")
    head = answer.headers["Content-Encoding"], answer.headers["Vary"]
    if head != ("gzip", "Accept-Encoding") or gzip.decompress(packed) != body(front, PAGE):
        return False
    tag = str(ask(front, PAGE)[0].headers["ETag"])
    return bool(ask(front, PAGE, If_None_Match=tag)[0].status == 304)


def is_from_portal_when_old(front: int, copy: Path) -> bool:
    """Ask for a page while the front believes the bucket checked too long ago. A round of the front that
    was under way when the bucket went may still write that it is well: each time it is made old again.
    """
    copy.write_text(f"{int(time.time()) - 300} {store_word(copy)}\n")
    return body(front, PAGE).startswith(FROM_PORTAL)


def store_word(copy: Path) -> str:
    return "".join(copy.read_text().split()[1:])
