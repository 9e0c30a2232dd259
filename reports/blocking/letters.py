"""The letters to a partner: numbered, and as a program, a mailbox and a person read them."""

import base64
import json
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from core import keys
from core.audit import events
from core.errors import ActionError
from core.mail import render_mail
from core.models import PartnerChannel
from core.outbox import queue
from core.province import province
from core.province_names import build_page_context
from reports.calendar.deadline_rules import add_working_days
from reports.models import BlockingPartner, BlockLetter, BlockRequest, SubjectKind
from reports.numbers.subjects import Subject

SEND_TASK = "reports.send_block_letters"
NUMBER = "{}/CH-" + province.office
RECEIPT_TIME = timedelta(minutes=10)  # of a program; a mailbox has until the end of
RECEIPT_WORKING_DAYS = 1
LINK_PURPOSE = "link block"
LINK_VALIDITY = timedelta(days=60)
Kind = BlockLetter.Kind
_THINGS = {
    SubjectKind.NUMBER.value: ("Số điện thoại", "tạm chặn số điện thoại"),
    SubjectKind.ACCOUNT.value: ("Tài khoản", "tạm khóa tài khoản"),
    SubjectKind.LINK.value: ("Trang web", "tạm chặn trang web"),
}
_REQUESTS = {
    Kind.BLOCK.value: "Đề nghị Quý đơn vị {act} nêu trên theo quy định, trong thời hạn nêu trên",
    Kind.EXTENSION.value: "Đề nghị Quý đơn vị tiếp tục {act} nêu trên theo quy định, đến hết thời hạn mới",
    Kind.RELEASE.value: "Đề nghị Quý đơn vị thôi {act} nêu trên ngay. Các công văn trước về việc này không còn hiệu lực",
}


def issue(request: BlockRequest, kind: Kind, by: User) -> BlockLetter:
    """Return a new letter, to be sent at once; call it in the transaction of its cause."""
    until = None if kind == Kind.RELEASE else request.blocked_until
    number = BlockLetter.next_number()
    times = {"until": until, "receive_by": compute_receive_by(request.partner)}
    letter = BlockLetter.objects.create(**number, request=request, kind=kind, actor=by, **times)
    enqueue(request.partner_id)
    return letter


def compute_receive_by(partner: BlockingPartner) -> datetime:
    """Return until when a partner confirms what is sent to it now."""
    if partner.channel == PartnerChannel.MAIL:
        return add_working_days(timezone.now(), RECEIPT_WORKING_DAYS)
    return timezone.now() + RECEIPT_TIME


def enqueue(partner_id: int) -> None:
    """Let a worker send what waits for a partner, before all usual work."""
    queue.enqueue(SEND_TASK, partner_id, priority=queue.Priority.URGENT)
    transaction.on_commit(queue.notify)


def owe_again(rows: QuerySet[BlockLetter], partner: BlockingPartner) -> int:
    """Send letters of a partner once more, and await their receipts anew; return how many."""
    enqueue(partner.pk)
    return rows.update(next_attempt_at=Now(), receive_by=compute_receive_by(partner))


@transaction.atomic
def send_again(request: BlockRequest, *, by: User) -> None:
    """Send once more what the machine gave up or waits in vain for. Raises ActionError for nothing."""
    if not owe_again(request.letters.to_call(timezone.now()), request.partner):
        raise ActionError("Không còn công văn nào phải gửi lại.")
    events.log_event("block", request.pk, "block_sent_again", by=by)


def get_subject(letter: BlockLetter) -> Subject:
    finding = letter.request.finding
    return Subject(SubjectKind(finding.kind), finding.key, finding.bank)


def format_number(letter: BlockLetter) -> str:
    """Return its official number, with the code of the office behind it."""
    return NUMBER.format(letter.number)


def build_answer_url(letter: BlockLetter) -> str:
    """Return where who was sent the letter answers it, a program or a person."""
    expiry = str(int(time.time() + LINK_VALIDITY.total_seconds()))
    token = keys.sign_token(LINK_PURPOSE, expiry, str(letter.pk))
    return f"{settings.PORTAL_URL}{reverse('block_answer', args=[token])}"


def format_payload(letter: BlockLetter) -> bytes:
    """Return the letter as JSON in UTF-8, for a program."""
    subject, until = get_subject(letter), letter.until
    answer = build_answer_url(letter)
    values = {
        "kind": letter.kind,
        "letter": f"{format_number(letter)}/{letter.year}",
        "request": letter.request_id,
        "subject": {"kind": subject.kind.value, "value": subject.key, "bank": subject.bank},
        "until": timezone.localtime(until).isoformat(timespec="seconds") if until else None,
        "issued": timezone.localtime(letter.created_at).isoformat(timespec="seconds"),
        "reminder": letter.reminded_at is not None,
        "answer": answer,
        "document": f"{answer}van-ban.pdf",
    }
    return json.dumps(values, ensure_ascii=False, sort_keys=True).encode()


def render_pdf(letter: BlockLetter) -> bytes:
    """Return the letter in the official form."""
    from reports.cases import official_documents  # noqa: PLC0415  # its packages are heavy

    subject = get_subject(letter)
    thing, act = _THINGS[subject.kind]
    until = letter.until and timezone.localtime(letter.until)
    before = "thôi " if letter.kind == Kind.RELEASE else ""
    document = official_documents.OfficialDocument(
        number=format_number(letter),
        issued_on=timezone.localtime(letter.created_at).date(),
        subject=f"V/v đề nghị {before}{act} dùng để lừa đảo",
        to=letter.request.partner.name,
        opening=f"Qua tin báo của người dân, {province.office_name} {province.police} đã xác nhận đối tượng lừa đảo dùng:",
        facts=(
            (thing, subject.text),
            ("Thời hạn", f"Đến {until:%H:%M, %d/%m/%Y}" if until else "Thôi chặn ngay"),
            ("Xác nhận, trả lời", build_answer_url(letter)),
        ),
        closing=f"{_REQUESTS[letter.kind].format(act=act)}, và trả lời ở đường link nêu trên hoặc qua số {province.hotline}./.",
        receivers=("- Như trên;", f"- Lưu: VT, {province.office}."),
        signed_as=province.signature.replace(" / ", "\n"),
        signer="",
        urgency="HỎA TỐC",
        foot="Công văn điện tử, hai cán bộ đã quyết định. Mở đường link nêu trên để đối chiếu.",
    )
    return official_documents.render_pdf(document)


def render_letter_mail(letter: BlockLetter) -> EmailMessage:
    """Return the mail of a letter: the paper, signed with SIGNING_KEY where there is one."""
    paper, signer = render_pdf(letter), keys.signer()
    name = f"{letter.number}-{letter.year}.pdf"
    context = build_page_context() | {
        "letter": letter,
        "number": format_number(letter),
        "subject": get_subject(letter).text,
        "answer": build_answer_url(letter),
        "signer": signer,
        "key": f"{settings.PORTAL_URL}{reverse('api:number_bundle_key')}",
        "name": name,
    }
    mail = render_mail("reports/block_letter.txt", [letter.request.partner.address], context)
    mail.attach(name, paper, "application/pdf")
    if signer:
        mail.attach(f"{name}.sig", base64.b64decode(signer.sign(paper)), "application/octet-stream")
    return mail
