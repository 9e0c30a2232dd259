"""What an act on campaigns holds while it is done, and what it refuses: the locks in one order for
all (reports, then campaigns, then links), and each refusal with the words that the officer is told.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from psycopg2.errors import DeadlockDetected, LockNotAvailable

from reports.models import Campaign, CampaignLink, Report

PERMISSION = "reports.group_campaign"
MAX_REPORTS = 200  # that one act splits, attaches or detaches
MAX_CAMPAIGNS = 50  # that are merged at once
_BUSY = (DeadlockDetected, LockNotAvailable)


class GroupingError(Exception):
    """An act that was not done, with what the officer is told; nothing has been written."""


class NotAllowedError(GroupingError):
    """The officer lacks the permission."""


class StaleVersionError(GroupingError):
    """Somebody acted between the officer's look and the officer's act."""


@dataclass(frozen=True)
class Actor:
    """Who acts, and why."""

    by: User
    reason: str

    @property
    def words(self) -> str:
        return self.reason.strip()


@contextmanager
def campaign_action(hand: Actor) -> Iterator[None]:
    """One transaction in which a person acts. Raises GroupingError for who may not, for no reason,
    and where somebody else holds the same reports.
    """
    if not hand.by.has_perm(PERMISSION):
        raise NotAllowedError("Tài khoản của bạn không có quyền gộp, tách đợt.")
    if not hand.words:
        raise GroupingError("Chưa ghi lý do.")
    try:
        with transaction.atomic():
            _say_who(str(hand.by.pk))
            yield
            _say_who("")
    except OperationalError as error:
        if isinstance(error.__cause__, _BUSY):
            told = "Máy hoặc người khác đang xếp các tin này. Bấm lại lần nữa."
            raise StaleVersionError(told) from error
        raise


def _say_who(person: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('reports.person', %s, true)", [person])


def lock_campaigns(wanted: Collection[UUID], seen: Mapping[UUID, int]) -> dict[UUID, Campaign]:
    """Lock campaigns, in one order for all. Raises GroupingError where one is gone or changed."""
    locked = Campaign.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    held = {campaign.pk: campaign for campaign in locked}
    if len(held) < len(wanted):
        raise GroupingError("Không tìm thấy đợt này.")
    for campaign in held.values():
        if campaign.version != seen.get(campaign.pk, campaign.version):
            raise StaleVersionError(f"Đợt {campaign.code} vừa có người thay đổi. Xem lại rồi làm.")
    check_not_merged(held)
    return held


def check_not_merged(campaigns: Iterable[UUID]) -> None:
    away = Campaign.objects.filter(pk__in=list(campaigns)).exclude(merged_into=None)
    for campaign in away.select_related("merged_into")[:1]:
        into = campaign.merged_into.code if campaign.merged_into else ""
        raise GroupingError(f"Đợt {campaign.code} đã gộp vào {into}. Lấy lại lần gộp ấy trước.")


def lock_reports(wanted: Iterable[UUID]) -> None:
    """Two officers on one report take turns; evidence is not changed, its row is only held."""
    chosen = list(wanted)
    _must_be_few(chosen)
    locked = Report.objects.select_for_update(no_key=True).filter(pk__in=chosen).order_by("pk")
    if len(locked.values_list("pk")) < len(chosen):
        raise GroupingError("Không tìm thấy tin này.")


def check_membership(lay: Mapping[UUID, UUID | None]) -> None:
    links = dict(CampaignLink.objects.filter(report__in=lay).values_list("report", "campaign"))
    if any(links.get(report) != seen for report, seen in lay.items()):
        raise StaleVersionError("Có tin vừa được chuyển sang đợt khác. Xem lại rồi làm.")


def lock_members(campaign: Campaign, wanted: Collection[UUID]) -> list[UUID]:
    """The chosen reports, their links locked. Raises GroupingError unless all of them lie there."""
    _must_be_few(wanted)
    links = CampaignLink.objects.select_for_update().filter(campaign=campaign, report__in=wanted)
    found = list(links.order_by("pk").values_list("pk", flat=True))
    if len(found) < len(set(wanted)):
        raise StaleVersionError("Có tin vừa được chuyển khỏi đợt này. Xem lại rồi làm.")
    return found


def _must_be_few(chosen: Collection[UUID]) -> None:
    if not chosen:
        raise GroupingError("Chưa chọn tin nào.")
    if len(chosen) > MAX_REPORTS:
        raise GroupingError(f"Mỗi lần chọn nhiều nhất {MAX_REPORTS} tin.")
