"""The report page: evidence that nobody edits, decisions that are recorded, secrets that are
shown once.
"""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from core.audit import events
from desk.reports.detail import explanations_of
from reports.cases import deadlines, transitions, workflow
from reports.models import Case, ExtractedFacts, Report
from reports.reference import units
from reports.tracking import followups
from tests.reports.cases.test_workflow import LEADS, MAY, WORDS
from tests.support import report_factories
from tests.support.officers import Person, create_officer, log_in

pytestmark = pytest.mark.django_db

STORY = "Sáng nay có người xưng là phó giám đốc sở gọi, dặn không được nói với ai, đòi chuyển tiền."


def page_of(report: Report) -> str:
    return f"/admin/reports/report/{report.pk}/change/"


def act_of(report: Report, verb: str) -> str:
    return f"/admin/reports/report/{report.pk}/{verb}/"


def look(client: Client, report: Report) -> html.HtmlElement:
    response = client.get(page_of(report))
    assert response.status_code == 200
    return html.document_fromstring(response.content.decode())


def words(response: Any) -> str:
    return " ".join(
        " ".join(html.document_fromstring(response.content.decode()).itertext()).split()
    )


def press(client: Client, report: Report, verb: str, **typed: Any) -> HttpResponse:
    """Press a button of a page that shows the case as it stands now."""
    version = Case.objects.get(report=report).version
    data = {"version": version, **WORDS[verb], **typed}
    return client.post(act_of(report, verb), data)  # type: ignore[return-value]


def test_the_words_that_fired_are_marked_with_what_they_speak_for(duty: Person) -> None:
    marks = {
        mark.text: mark.get("title")
        for mark in look(duty.client, report_factories.triaged(STORY)).iter("mark")
    }
    why = next(why for text, why in marks.items() if "phó giám đốc sở" in text)
    assert "Kiểu lừa: Giả danh lãnh đạo tỉnh, sở, ngành" in why
    assert any("Giữ bí mật" in why for why in marks.values())
    assert any("chuyển tiền" in text for text in marks)


def test_the_machines_suggestions_stand_with_their_grounds_and_points(duty: Person) -> None:
    text = words(duty.client.get(page_of(report_factories.triaged(STORY))))
    assert "máy gợi ý, chưa duyệt" in text
    assert "+24 Kiểu lừa: Giả danh lãnh đạo tỉnh, sở, ngành: “phó giám đốc”" in text


def test_grounds_that_would_be_told_alike_stand_once_with_the_points_of_all() -> None:
    told = grounds(
        _reason("job_task: hoa hồng", "hoa hồng", 0.5),
        _reason("job_task: words “=job”", "hoa hồng", 2.99),
        _reason("job_task: words “nap”", "nạp", 1.28),
        _reason("job_task: denied: hoa hồng", "hoa hồng", -1, fact="priority"),
    )
    assert told == [("+3,49", "hoa hồng"), ("+1,28", "nạp")]


def test_two_rules_of_an_urgency_are_told_apart_though_they_rest_on_the_same_words() -> None:
    one, other = "ongoing: now", "ongoing: told"
    rules = [_reason(rule, "đang gọi", 10, fact="priority") for rule in (one, other, one)]
    assert grounds(*rules, of="priority") == [("+20", "đang gọi"), ("+10", "đang gọi")]


def _reason(rule: str, quote: str, points: float, fact: str = "scenario") -> dict[str, Any]:
    return {"fact": fact, "rule": rule, "words": quote, "points": points}


def grounds(*reasons: dict[str, Any], of: str = "scenario") -> list[tuple[str, str]]:
    """What an officer reads of these reasons of a fact: points and quotes."""
    told = explanations_of(ExtractedFacts(reasons=list(reasons)), of)
    return [(each.points, each.quote) for each in told]


def test_before_the_machine_has_read_the_page_says_so_and_works(duty: Person) -> None:
    report = report_factories.report(STORY)
    assert "máy chưa đọc" in words(duty.client.get(page_of(report)))
    assert press(duty.client, report, "take").status_code == 303


def test_hostile_text_is_text_on_the_page(duty: Person) -> None:
    hostile = "<script>alert(1)</script><b>công an</b> \u202egnas\u202c \u200b {{ x }}"
    report = report_factories.triaged(
        hostile,
        caller_number="<i>0</i>",
        claimed_name='"><u>',
        commune_raw="<s>",
        money_lost_raw="<q>",
    )
    workflow.add_note(report.pk, by=duty.user, version=1, reason="<em>ghi</em>\u202e")
    page = duty.client.get(page_of(report)).content.decode()
    for raw in (
        "<script>alert",
        "<b>công",
        "<i>0",
        "<u>",
        "<s>",
        "<q>",
        "<em>",
        "\u202e",
        "\u200b",
    ):
        assert raw not in page
    assert page.count("[U+202E]") == 2
    assert "3 ký tự ẩn hoặc đảo chiều chữ" in page


def test_twenty_thousand_signs_fit_the_page(duty: Person) -> None:
    report = report_factories.triaged("công an " * 2500)
    assert look(duty.client, report).find_class("tale")


def test_nothing_on_the_page_can_be_edited(duty: Person) -> None:
    for form in look(duty.client, report_factories.triaged(STORY)).forms:
        assert {name for name in form.fields if name} <= {
            "csrfmiddlewaretoken", "version", "reason", "unit", "outcome", "officer",
            "code", "numbers",  # of the campaign that it is attached to
            "value",  # what is right where the machine was wrong
            "why", "seen",  # of a look at what is sealed
            "anyway",  # ended though its reporter may still be pressed
            "then", "name",  # where the officer goes on, what the officer likes
        }  # fmt: skip


def test_the_model_admin_saves_and_deletes_nothing(duty: Person) -> None:
    model_admin = admin.site.get_model_admin(Report)
    report = report_factories.report()
    request: Any = None
    with pytest.raises(PermissionDenied):
        model_admin.save_model(request, report, None, True)
    with pytest.raises(PermissionDenied):
        model_admin.delete_model(request, report)


def test_posting_to_the_page_itself_changes_nothing(duty: Person) -> None:
    report = report_factories.report(STORY)
    assert duty.client.post(page_of(report), {"story": "x"}).status_code == 405
    assert Report.objects.get(pk=report.pk).story == STORY


@pytest.mark.parametrize("verb", transitions.TABLE)
def test_each_button_takes_its_decision_and_the_log_shows_it(lead: Person, verb: str) -> None:
    report, _ = report_factories.report(STORY), report_factories.unit()
    status = next(status for status in LEADS if f"{verb}=" in LEADS[status])
    given = {"outcome": "duplicate"} if status == "closed" else {}
    Case.objects.filter(report=report).update(status=status, **given)
    if status == "actioned":
        deadlines.apply_transition(report.case, starts=("verify",))
    officer = {"officer": lead.user.pk} if verb == "assign" else {}
    response = press(lead.client, report, verb, **officer)
    assert response.status_code == 303
    assert events.events_for("report", report.pk).get().kind == transitions.TABLE[verb].event
    after = words(lead.client.get(response.headers["Location"]))
    for typed in WORDS[verb].values():
        assert typed in after or typed == "duplicate"


@pytest.mark.parametrize(
    ("role", "verb"),
    [(role, verb) for role in MAY for verb in WORDS if verb not in MAY[role].split()],
)
def test_who_may_not_is_refused_and_the_try_is_on_record(role: str, verb: str) -> None:
    user = create_officer(role, role)
    report = report_factories.report(STORY)
    assert press(log_in(user), report, verb).status_code == 403
    assert Case.objects.get(report=report).version == 1
    kinds = [event.kind for event in events.events_for("report", report.pk)]
    assert kinds == ["refused"]


@pytest.mark.parametrize(
    "address", [*transitions.TABLE, "reveal-contact", "reveal-phrase", "reveal-story"]
)
def test_an_act_has_no_get(duty: Person, address: str) -> None:
    report = report_factories.report(STORY, contact="0992 000 118")
    assert duty.client.get(act_of(report, address)).status_code == 405
    assert not events.events_for("report", report.pk)


@pytest.mark.parametrize("address", ["take", "junk", "reveal-contact"])
def test_a_forged_post_is_refused(duty: Person, address: str) -> None:
    report = report_factories.report(STORY, contact="0992 000 118")
    forger = Client(enforce_csrf_checks=True)
    forger.cookies = duty.client.cookies
    answer = forger.post(act_of(report, address), {"version": 1, "reason": "x"})
    assert answer.status_code == 403
    assert "Chưa gửi được" in answer.content.decode()
    assert [event.kind for event in events.events_for("report", report.pk)] == ["refused"]


def test_a_lost_race_is_told_and_the_typed_words_stay(duty: Person, lead: Person) -> None:
    report = report_factories.report(STORY)
    press(lead.client, report, "take")
    late = duty.client.post(act_of(report, "junk"), {"version": 1, "reason": "Tin <quảng cáo>"})
    assert late.status_code == 409
    assert "lead vừa xử lý tin này" in words(late)
    tree = html.document_fromstring(late.content.decode())
    assert tree.get_element_by_id("junk_reason").text.strip() == "Tin <quảng cáo>"
    assert {field.value for field in tree.xpath("//input[@name='version']")} == {"2"}
    assert Case.objects.get(report=report).status == "in_review"


def test_the_words_stay_even_when_the_verb_is_no_longer_offered(duty: Person, lead: Person) -> None:
    report = report_factories.report(STORY)
    press(lead.client, report, "junk")
    late = duty.client.post(act_of(report, "ask"), {"version": 1, "reason": "Hỏi số tài khoản"})
    assert late.status_code == 409
    assert "Hỏi số tài khoản" in words(late)


def test_a_missing_reason_is_asked_for_beside_its_field(duty: Person) -> None:
    report = report_factories.report(STORY)
    answer = press(duty.client, report, "close", reason="  ")
    assert answer.status_code == 422
    tree = html.document_fromstring(answer.content.decode())
    assert tree.get_element_by_id("close_reason_error").text == "Chưa ghi lý do."
    assert tree.xpath("//select[@name='outcome']/option[@selected]/@value") == ["duplicate"]
    assert [details.get("open") is not None for details in tree.iter("details")].count(True) == 1


def test_the_reason_of_an_ending_is_empty_until_somebody_gives_one_or_takes_the_suggestion(
    duty: Person,
) -> None:
    report = report_factories.triaged("Sáng nay có người xưng công an gọi, tôi cúp máy luôn.")
    tree = look(duty.client, report)
    for verb in ("close", "hand_over"):
        assert (tree.get_element_by_id(f"{verb}_reason").text or "").strip() == ""
    (gist,) = tree.xpath("//form[contains(@action, '/close/')]//button[@name='suggested']/@value")
    taken = press(duty.client, report, "close", reason="", suggested=gist)
    assert taken.status_code == 303
    assert events.events_for("report", report.pk).get(kind="closed").detail["reason"] == gist


def test_typed_words_stand_before_the_suggestion(duty: Person) -> None:
    report = report_factories.triaged("Sáng nay có người xưng công an gọi, tôi cúp máy luôn.")
    press(duty.client, report, "close", reason="Tự ghi.", suggested="Gợi ý.")
    assert events.events_for("report", report.pk).get(kind="closed").detail["reason"] == "Tự ghi."


def _pressed(_: Person) -> Report:
    return report_factories.report(STORY, happening_now=True)


def _written(duty: Person) -> Report:
    report = report_factories.report(STORY)
    workflow.take(report.pk, by=duty.user, version=1)
    followups.submit_reply(report, "Tôi hỏi chuyện này với ạ.", "a-key-of-a-message")
    return report


def _wishing(_: Person) -> Report:
    report = report_factories.report(STORY)
    followups.submit_followup(
        report,
        followups.FollowupSubmission(kind="withdrawal", story="Cho tôi rút."),
        "a-key-of-a-wish",
    )
    return report


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (_pressed, "còn đang bị ép"),
        (_written, "có lời chưa ai trả lời"),
        (_wishing, "có đề nghị chưa trả lời"),
    ],
)
def test_what_is_pending_is_ended_by_a_tick_alone(duty: Person, left: Any, told: str) -> None:
    report = left(duty)
    asked = press(duty.client, report, "close", reason="Đã gọi lại, bác yên tâm.")
    assert asked.status_code == 422
    assert f"Chưa kết thúc. Người báo {told}." in words(asked)
    assert "Đã gọi lại, bác yên tâm." in words(asked)
    assert Case.objects.get(report=report).status in Case.OPEN
    assert press(duty.client, report, "close", anyway="on").status_code == 303
    assert Case.objects.get(report=report).status == "closed"


@pytest.mark.parametrize(
    "typed",
    [
        {"outcome": "nonsense"},
        {"reason": "x" * 4001},
        {"reason": "a\x00b"},
        {"version": "x"},
        {"version": "9" * 30},
    ],
)
def test_clumsy_and_hostile_fields_decide_nothing(duty: Person, typed: dict[str, str]) -> None:
    report = report_factories.report(STORY)
    assert press(duty.client, report, "close", **typed).status_code in {409, 422}
    assert Case.objects.get(report=report).version == 1


@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000", "1%00"])
def test_a_report_that_is_not_there_is_not_found(duty: Person, key: str) -> None:
    assert duty.client.get(f"/admin/reports/report/{key}/change/").status_code == 404


SECRETS = {"contact": "0992 000 118", "phrase": "bến đò, 47", "story": "số của tôi 0992 000 118"}


def secretive() -> Report:
    story = f"Họ gọi, {SECRETS['story']}."
    return report_factories.triaged(story, contact=SECRETS["contact"], phrase=SECRETS["phrase"])


def test_what_is_personal_is_not_on_the_page(duty: Person) -> None:
    page = duty.client.get(page_of(secretive())).content.decode()
    assert not any(secret in page for secret in SECRETS.values())
    assert "Hiện số" in page


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_is_shown_once_and_on_record(duty: Person, what: str) -> None:
    report = secretive()
    shown = duty.client.post(act_of(report, f"reveal-{what}"), report_factories.BECAUSE)
    assert SECRETS[what] in words(shown)
    assert "no-store" in shown.headers["Cache-Control"]
    event = events.events_for("report", report.pk).get(kind="revealed")
    assert (event.actor, event.detail) == (duty.user, {"what": what, "reason": "Gọi lại người báo"})
    assert SECRETS[what] not in duty.client.get(page_of(report)).content.decode()


def test_a_secret_cannot_turn_its_line_around(duty: Person) -> None:
    report = report_factories.triaged(STORY, contact="0550 000 111\u202e222")
    assert "0550 000 111[U+202E]222" in words(
        duty.client.post(act_of(report, "reveal-contact"), report_factories.BECAUSE)
    )


def test_without_the_right_nothing_is_revealed(duty: Person) -> None:
    report = secretive()
    duty.user.groups.get().permissions.remove(
        duty.user.groups.get().permissions.get(codename="reveal_contact")
    )
    assert "Hiện số" not in duty.client.get(page_of(report)).content.decode()
    assert (
        duty.client.post(act_of(report, "reveal-contact"), report_factories.BECAUSE).status_code
        == 403
    )
    assert events.events_for("report", report.pk).get().kind == "refused"


def test_a_secret_without_its_key_is_told(duty: Person, settings: Any) -> None:
    from cryptography.fernet import Fernet

    report = secretive()
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    assert "Không mở được" in words(
        duty.client.post(act_of(report, "reveal-contact"), report_factories.BECAUSE)
    )


def test_reports_that_share_a_number_stand_beside_with_the_reason(duty: Person) -> None:
    first = report_factories.triaged("Họ gọi tôi.", caller_number="0550 000 123")
    other = report_factories.triaged("Họ gọi mẹ tôi.", caller_number="+84 550 000 123")
    stranger = report_factories.triaged("Họ gọi ông.", caller_number="0550 000 999")
    text = words(duty.client.get(page_of(first)))
    assert f"{other.public_number} cùng số điện thoại 0550 000 123" in text
    assert stranger.public_number not in text
    assert re.search(r"Đợt Đ-\d\d-\w+", text)


def test_the_log_tells_what_happened_newest_first(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    press(duty.client, report, "take")
    press(duty.client, report, "note", reason="đã gọi lại")
    text = words(duty.client.get(page_of(report)))
    log = text[text.index("Nhật ký xử lý") :]
    assert (
        log.index("Ghi chú: đã gọi lại")
        < log.index("Nhận xử lý")
        < log.index("Đã ghi nhận, đã trả mã.")
    )


def test_an_assignment_names_who_got_the_report(lead: Person) -> None:
    minh = create_officer("minh", "duty")
    report = report_factories.report(STORY)
    press(lead.client, report, "assign", officer=minh.pk)
    assert "Phân công: minh" in words(lead.client.get(page_of(report)))


def test_only_officers_who_may_decide_are_offered(lead: Person, editor: Person) -> None:
    create_officer("minh", "duty")
    options = look(lead.client, report_factories.report(STORY)).get_element_by_id("assign_officer")
    assert [option.text for option in options.iter("option")][1:] == ["lead", "minh"]


def test_the_page_takes_twenty_statements_at_most(lead: Person) -> None:
    reports = [
        report_factories.triaged(
            f"Họ gọi {n}, chuyển vào STK 19031234567890.", caller_number="0550 000 123"
        )
        for n in range(25)
    ]
    for _ in range(15):  # whom the log names is asked once
        press(lead.client, reports[0], "assign", officer=lead.user.pk)
    units.names()  # kept for a minute
    with CaptureQueriesContext(connection) as queries:
        lead.client.get(page_of(reports[0]))
    asked = [query["sql"] for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= 20


def test_the_way_back_keeps_the_filter(duty: Person) -> None:
    page = look(duty.client, report_factories.report(STORY))
    assert page.xpath("//div[@class='breadcrumbs']/a[2]/@href") == ["/admin/reports/report/"]
    filtered = duty.client.get(page_of(Report.objects.get()) + "?_changelist_filters=viec%3Dmine")
    assert b'href="/admin/reports/report/?viec=mine"' in filtered.content


def test_an_erased_report_says_when(duty: Person) -> None:
    from django.db.models.functions import Now

    report = secretive()
    events.log_event("report", report.pk, "erased")
    Report.objects.filter(pk=report.pk).update(
        story="", claimed_name="", commune_raw="", story_sealed=None, contact_sealed=None,
        phrase_sealed=None, contact_index=None, erased_at=Now(),
    )  # fmt: skip
    text = words(duty.client.get(page_of(report)))
    assert "Lời kể và dữ liệu cá nhân đã xóa lúc" in text
    assert "Hiện số" not in text
