"""Mails to reporters that there is something new: fixed text, no link, nothing of any report.

Whoever forced a reporter may read the mailbox.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation

from core import mail
from core.province_names import build_page_context
from reports.channels.message_channel import MessageError
from reports.models import NoticeAddress
from reports.notices import addresses


class MailChannel:
    """Tells by mail that there is something new; a `MessageChannel`."""

    code = NoticeAddress.Channel.MAIL.value
    is_answer = False

    def is_address(self, typed: str) -> bool:
        return addresses.is_address(typed)

    def send(self, row: NoticeAddress, address: str) -> None:
        try:
            mail.send(render_notice(row, address))
        except mail.MailError as error:
            raise MessageError(str(error)) from error


def render_notice(row: NoticeAddress, address: str) -> EmailMessage:
    """Return the mail in the language of the report; its headers alone have an address to open."""
    host = urlsplit(settings.PORTAL_URL).netloc
    with translation.override(row.report.language):
        page = f"{host}{reverse('reports:track')}"
        context = build_page_context() | {"page": page}
        notice = mail.render_mail("reports/notice.txt", [address], context)
        end = reverse("reports:notice_end", args=[addresses.sign_end_token(row)])
    mail.add_one_click_end(notice, f"{settings.PORTAL_URL}{end}")
    return notice
