"""Print what the portal of PROVINCE_DIR says, as JSON: the name of a page -> its text.

Runs in a process of its own, since the province is read when modules load. Leaves nothing in the database.
"""

import io
import json
import sys
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from pypdf import PdfReader  # noqa: E402

from alerts import publishing  # noqa: E402
from alerts.drafting import FIRST_SLUG, ensure_first_alert  # noqa: E402
from reports.cases import workflow  # noqa: E402
from reports.models import Report, TransferSlip  # noqa: E402
from tests.support import officers, resident_pages  # noqa: E402
from tests.support.alert_factories import person  # noqa: E402
from tests.support.report_factories import unit  # noqa: E402

WARNING = f"/canh-bao/{FIRST_SLUG}/"
PATHS = (
    "/", "/en/", "/bao-cao/", "/dang-bi-goi/", "/rieng-tu/", "/cong-that/", "/co-quan/cong-an-tinh/", "/theo-doi/",
    "/kiem-tra/", "/khong-co/", "/canh-bao/", WARNING, f"/en{WARNING}", f"{WARNING}van-ban.txt", "/nhung/", "/nhung.js",
    "/canh-bao/rss.xml", "/canh-bao/atom.xml", "/canh-bao/feed.json", "/canh-bao/cap.xml",
    "/manifest.webmanifest", "/.well-known/security.txt", "/danh-cho-co-quan/", "/offline/",
)  # fmt: skip


def read_pdf(content: bytes) -> str:
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split()
    )


def collect_pages() -> dict[str, str]:
    call_command("setup_desk", verbosity=0, stdout=io.StringIO())
    alert = ensure_first_alert(person("editor"))
    publishing.submit(alert, by=person("editor"))
    revision = publishing.issue(alert, by=person("approver"))
    client = Client(raise_request_exception=False)
    pages = {path: client.get(path).content.decode() for path in PATHS}
    pages["cap"] = client.get(f"/canh-bao/cap/{revision.identifier}.xml").content.decode()
    pages["poster"] = read_pdf(client.get(f"{WARNING}to-dan.pdf").content)
    resident_pages.send(client, story="Có người xưng công an đòi tiền.")
    pages["receipt"] = client.get(resident_pages.RECEIPT).content.decode()
    pages |= collect_desk_pages()
    return pages


def collect_desk_pages() -> dict[str, str]:
    duty = officers.create_officer("duty", "duty")
    report: Any = Report.objects.get()
    workflow.decide(
        "hand_over", report.pk, by=duty, version=1, unit=unit().name, reason="đúng địa bàn"
    )
    slip = TransferSlip.objects.get()
    client = officers.log_in(duty)
    sheet = client.post(f"/admin/reports/report/{report.pk}/slip/{slip.pk}/")
    return {
        "desk": client.get("/admin/").content.decode(),
        "report": client.get(f"/admin/reports/report/{report.pk}/change/").content.decode(),
        "slip": read_pdf(sheet.content),
    }


if __name__ == "__main__":
    setup_test_environment()
    with transaction.atomic():
        json.dump(collect_pages(), sys.stdout)
        transaction.set_rollback(True)
