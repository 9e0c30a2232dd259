"""Reports as rows of a table. Without the right to it nothing of a row is a person's word or number:
what the machine and the officers made of a report, and whether there is more.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from reports import privacy
from reports.admin import marking, words
from reports.admin.naming import callers_of
from reports.desk.sheets import MOST_SIGNS, Cell
from reports.facts.held import held
from reports.models import Addition, Report

AT_ONCE = 500
HEADER = (
    "Mã tin", "Nhận lúc", "Nguồn", "Ưu tiên", "Điểm ưu tiên", "Kiểu lừa", "Số gọi đến", "Họ xưng",
    "Thiệt hại (đồng)", "Xã, phường", "Đợt", "Trạng thái", "Kết quả", "Cán bộ xử lý",
    "Đơn vị nhận", "Số để gọi lại",
)  # fmt: skip
PERSONAL = ("Nơi ở ghi trên tin", "Lời kể (đã che số giấy tờ, số thẻ)")
_HIDDEN = "có, đã che"


def rows(keys: Sequence[UUID], *, personal: bool) -> Iterator[Sequence[Cell]]:
    """The header, then a row for each report in the order of the keys; few are in memory at once."""
    yield (*HEADER, *PERSONAL) if personal else HEADER
    for some in _batches(keys):
        found = _load(some, personal=personal)
        callers, contacts = callers_of(some), _contacts(some)
        for key in some:
            if report := found.get(key):
                caller = callers.get(key)
                yield _row(
                    report, caller, contacts.get(key, report.contact_sealed), personal=personal
                )


def _batches(keys: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (keys[begin : begin + AT_ONCE] for begin in range(0, len(keys), AT_ONCE))


def _load(keys: Sequence[UUID], *, personal: bool) -> dict[UUID, Report]:
    """Without the heavy texts where they are not told."""
    heavy = ["facts__search", "facts__reasons", "story_sealed", "phrase_sealed"]
    kept = Report.objects.select_related(
        "case__officer", "facts", "commune", "campaign_link__campaign"
    )
    return kept.defer(*heavy, *([] if personal else ["story"])).in_bulk(keys)


def _contacts(keys: Sequence[UUID]) -> dict[UUID, Any]:
    """Where somebody told a number later, the latest."""
    later = Addition.objects.filter(report__in=keys, contact_sealed__isnull=False)
    return dict(later.order_by("received_at").values_list("report_id", "contact_sealed"))


def _row(report: Report, caller: Any, contact: Any, *, personal: bool) -> Sequence[Cell]:
    case, said = report.case, held(report)
    link = getattr(report, "campaign_link", None)
    told: list[Cell] = [
        report.public_number,
        f"{timezone.localtime(report.received_at):%H:%M %d/%m/%Y}",
        report.get_source_display(),
        words.urgency(said.priority).word,
        "" if said.priority is None else said.priority,
        words.label(said.scenario) if said.scenario else words.UNTRIAGED,
        words.phone(caller.key) if caller and caller.key else "",
        words.office(report.claimed_office) if report.claimed_office else "",
        "" if said.money_lost_vnd is None else said.money_lost_vnd,
        report.commune.name if report.commune else "",
        link.campaign.code if link else "",
        str(case.get_status_display()),
        str(case.get_outcome_display()) if case.outcome else "",
        words.person(case.officer) if case.officer else "",
        case.unit,
        _contact(contact, report.pk, personal=personal),
    ]
    if personal:
        told += [marking.plain(report.commune_raw), marking.plain(report.story, MOST_SIGNS)]
    return told


def _contact(sealed: Any, report_id: UUID, *, personal: bool) -> str:
    if sealed is None:
        return ""
    if not personal:
        return _HIDDEN
    return marking.plain(privacy.unseal(sealed, "contact", report_id) or "không mở được")
