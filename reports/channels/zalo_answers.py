"""Answers by Zalo to who sent a report there: the receipt code and where to type it; once that it is full."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from core import zalo
from core.province import province
from reports.channels import zalo_threads
from reports.channels.message_channel import MessageError
from reports.models import NoticeAddress
from reports.submission import receipt_codes


class ZaloChannel:
    """Answers by the Official Account; a `MessageChannel`."""

    code = NoticeAddress.Channel.ZALO.value
    is_answer = True

    def is_address(self, typed: str) -> bool:
        return bool(typed)

    def send(self, row: NoticeAddress, address: str) -> None:
        account = zalo.load_account()
        if account is None:
            raise MessageError("no_account")
        try:
            zalo.send_text(account, address, render_answer(row, address))
        except zalo.ZaloError as error:
            raise MessageError(error.code) from error


def render_answer(row: NoticeAddress, user_id: str) -> str:
    """Return the text in the language of the report; of one whose code was replaced the link alone."""
    is_full = zalo_threads.is_full(zalo_threads.list_threads(user_id))
    code = receipt_codes.recover_code(row.report)
    with translation.override(row.report.language):
        page = f"{settings.PORTAL_URL}{reverse('reports:track')}"
        spoken = code and " ".join(receipt_codes.format_code(code))
        context = {"code": spoken, "page": page, "is_full": is_full, "hotline": province.hotline}
        return render_to_string("reports/zalo_answer.txt", context, using="public").strip()
