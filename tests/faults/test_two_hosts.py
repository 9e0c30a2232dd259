"""Two whole portals on one base: what one takes, counts or publishes the other has; one stops, and nobody notices."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.database import session_name
from reports.submission.receipt_codes import CODE_GUESSES, generate_code
from tests.faults.support.future_release import TOMORROW
from tests.faults.support.load_balancer import LoadBalancer
from tests.faults.support.resident_load import (
    close_books,
    describe_portal,
    desk,
    take_on_a_report,
)
from tests.support.evidence_files import JPEG
from tests.support.nginx_front import needs_nginx
from tests.support.object_store import OPEN, Bucket, ObjectStore
from tests.support.portal_process import Page, Portal, Visitor
from tests.support.resident_pages import code_of, form_with
from tools import publishing_rounds
from tools.client_journal import RECEIPT, ClientJournal
from tools.portal_stack import (
    IDLE_TIMEOUT_SECONDS,
    PortalStack,
    portal_stack,
    second_host,
    wait_until,
)

pytestmark = [pytest.mark.alone, needs_nginx]

EVIDENCE = "evidence-of-two-hosts"
SELECT_WORKING_BEATS_SQL = """
SELECT DISTINCT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
 WHERE locktype = 'advisory' AND application_name LIKE 'beat@%'
"""


@pytest.fixture(scope="module")
def balancer(tmp_path_factory: pytest.TempPathFactory) -> LoadBalancer:
    return LoadBalancer(tmp_path_factory.mktemp("balancer"))


@pytest.fixture(scope="module")
def hosts(
    object_store: ObjectStore, balancer: LoadBalancer
) -> Iterator[tuple[PortalStack, PortalStack]]:
    """Buckets in the place of folders, and one public address for both."""
    shared = {
        "EVIDENCE_URL": object_store.url(object_store.make_bucket(EVIDENCE)),
        "PUBLISHED_URL": object_store.url(object_store.make_bucket(OPEN)),
        "PORTAL_URL": f"http://127.0.0.1:{balancer.port}",
        "RATE_LIMITS": "enforce",
        "DJANGO_SETTINGS_MODULE": "tests.faults.support.patient_settings",
    }
    with portal_stack(**shared) as first, second_host(first) as second:
        balancer.ports = [first.port, second.port]
        yield first, second


@pytest.fixture
def sites(hosts: tuple[PortalStack, PortalStack]) -> list[Portal]:
    return list(map(describe_portal, hosts))


def report_across(resident: Visitor, sites: list[Portal]) -> str:
    """Fill in the form of one host, send it to the other; the code on the receipt that the first shows."""
    form = resident.get("/bao-cao/")
    resident.base = sites[1].url
    _, fields = form.form("/bao-cao/")
    sent = resident.post("/bao-cao/", fields | {"story": "Họ xưng công an, bảo tôi chuyển tiền."})
    resident.base = sites[0].url
    code = code_of(resident.get("/bao-cao/da-nhan/").text.encode())
    assert code == code_of(sent.text.encode()) != ""
    return code


def track_across(resident: Visitor, sites: list[Portal], code: str) -> Page:
    """Give the code to one host, and read the page about the report at the other."""
    opened = resident.submit(resident.get("/theo-doi/"), "/theo-doi/", code=code)
    resident.base = sites[1].url
    tracked = resident.get(urlsplit(opened.address).path)
    titles = {page.tree.find(".//h1").text_content() for page in (opened, tracked)}
    assert [title[:4] for title in titles] == ["Tin "]
    return tracked


def test_a_form_its_receipt_its_code_and_a_file_are_of_no_host(
    sites: list[Portal], object_store: ObjectStore
) -> None:
    resident = Visitor(sites[0].url)
    code = report_across(resident, sites)
    tracked = track_across(resident, sites, code)
    body, headers = form_with(code, JPEG)
    address, _ = tracked.form("/theo-doi/tep/")
    resident.post_body(urlsplit(address).path, body, headers["Content_Type"])
    assert len(Bucket(object_store, EVIDENCE).versions()) == 1
    assert not any(each.is_file() for site in sites for each in site.data_dir.glob("files/**/*"))


def test_wrong_codes_are_counted_for_both(sites: list[Portal]) -> None:
    guessers = [Visitor(site.url) for site in sites] * CODE_GUESSES.requests
    wrong = {"code": generate_code()}
    for guesser in guessers[: CODE_GUESSES.requests]:
        assert guesser.post("/theo-doi/", wrong).status != 429
    assert guessers[0].post("/theo-doi/", wrong).status == 429


def test_an_officer_logs_in_at_one_and_acts_at_the_other(
    hosts: tuple[PortalStack, PortalStack], sites: list[Portal]
) -> None:
    report_across(Visitor(sites[0].url), sites)
    desk(hosts[0])
    officer = Visitor(sites[0].url)
    officer.log_in(sites[0], "truc.ban")
    officer.base = sites[1].url
    taken = take_on_a_report(officer)
    assert taken.address.startswith(sites[1].url)
    assert "Đang xác minh" in taken.words


def test_a_warning_issued_and_cancelled_at_one_is_so_at_the_other_and_in_the_bucket(
    sites: list[Portal], object_store: ObjectStore
) -> None:
    """That pages are no longer right stands in the bucket at once, for the front servers of both."""
    reader = Visitor(sites[1].url)
    bucket = Visitor(f"http://127.0.0.1:{object_store.ports['s3.port']}")
    given = [bucket.get(f"/{OPEN}/wanted").text]
    with publishing_rounds.publisher_process(sites[0].env) as editor:
        for act, words in (("issue", "(hai v1)"), ("cancel", "ết hiệu lực")):
            editor.act(act, "hai")
            assert words in reader.get("/canh-bao/hai/").words
            given.append(bucket.get(f"/{OPEN}/wanted").text)
    assert len(set(given)) == 3


@pytest.mark.rehearsal
def test_a_new_version_takes_over_host_by_host_and_nobody_is_refused(
    hosts: tuple[PortalStack, PortalStack], balancer: LoadBalancer
) -> None:
    """While one host is away the beat of the other works, and one alone ever does."""
    first, second = hosts
    with balancer.running():
        journal = ClientJournal([balancer.port], fronted=[balancer.port])
        journal.start(residents=4, reports=1500, seconds=300)
        first.manage("migrate", "--verbosity", "0", **TOMORROW)
        for leaving, staying in ((first, second), (second, first)):
            with balancer.without(leaving.port):
                assert leaving.terminate() == 0
                name = session_name("beat", Path(staying.env["DATA_DIR"]))
                assert wait_until(lambda: first.ask(SELECT_WORKING_BEATS_SQL) == [(name,)])  # noqa: B023
                leaving.start_serve(**TOMORROW)
        assert journal.stop(within=15, hurry=True)
        books = close_books(first, journal, IDLE_TIMEOUT_SECONDS)
    assert books.losses() == []
    assert books.answers == {RECEIPT: len(journal.answers)}
