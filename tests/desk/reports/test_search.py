"""What the search box means, and the two ways to the newest stories with some words."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from core.models import ApiClient, AuditEvent
from desk.reports import admin as queue
from desk.reports import search
from desk.reports.search import filter_by_search
from reports.cases import full_text_search, visibility
from reports.models import Campaign, Case, Report
from reports.models.report import ALPHABET
from reports.models.report_views import views_of_report
from reports.submission.sources import IntakeSource
from tests.support import report_factories
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.data_files import read_cases
from tests.support.desk_pages import QUEUE, list_reports, tree, words
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


def find_reports(typed: str, *, only_open: bool = False) -> list[Report]:
    """What PV01 finds."""
    newest_last = Report.objects.order_by("received_at")
    return list(filter_by_search(newest_last, typed, at_pv01(), only_open=only_open)[0])


def at_pv01() -> User:
    return User.objects.filter(username="tim").first() or create_officer("tim", "duty")


@pytest.fixture(params=[0, 10_000], ids=["by the index", "by walking"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Either way alone finds the same."""
    walked: int = request.param
    monkeypatch.setattr(full_text_search, "WALKED", walked)
    return walked


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("tiết kiệm", "ab"), ("TIET KIEM mẹ", "a"), ("kiem", "ab"), ("kie", ""), ("vietcomb", "b"),
     ("vietcombankk", ""), ("tiet kiem dien luc", ""), ("me", "a"), ("m", "")],
)  # fmt: skip
def test_words_are_found_whole_and_long_ones_by_their_beginning(
    way: int, typed: str, expected: str
) -> None:
    text = {
        "a": report_factories.triaged("Mẹ tôi rút sổ tiết kiệm."),
        "b": report_factories.triaged("Xưng Vietcombank, hỏi tiết kiệm."),
    }
    assert find_reports(typed) == [text[name] for name in expected]


def test_of_many_the_newest_are_found(way: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_text_search, "MAX_FOUND", 2)
    text = [report_factories.report(f"điện lực lần {n}") for n in range(3)]
    for each in reversed(text):  # in whatever order they were read
        report_factories.read_all(each)
    rows, many = filter_by_search(Report.objects.order_by("received_at"), "dien luc", at_pv01())
    assert (list(rows), many) == (text[1:], True)


@pytest.mark.parametrize(("typed", "most"), [("dien luc", "MAX_FOUND"), ("000 123", "MAX_NUMBERS")])
@pytest.mark.parametrize("only_open", [False, True])
def test_what_other_units_have_hides_nothing_and_shows_in_no_answer(
    way: int, typed: str, most: str, only_open: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer reports elsewhere, as many as are looked up."""
    monkeypatch.setattr(full_text_search, "WALKED", 10_000 if only_open else way)
    monkeypatch.setattr(full_text_search if most == "MAX_FOUND" else search, most, 1)
    text = [
        report_factories.triaged(f"điện lực lần {n}", caller_number=f"0992 {n}00 123")
        for n in range(3)
    ]
    who = report_factories.create_unit_officer(unit := report_factories.unit())
    Case.objects.filter(report=text[0]).update(assigned_unit=unit)
    seen = visibility.visible_reports(Report.objects.all(), who)
    assert list(filter_by_search(seen, typed, who, only_open=only_open)[0]) == text[:1]
    monkeypatch.setattr(full_text_search, "MAX_FOUND", 2)
    assert filter_by_search(seen, typed, who, only_open=only_open)[1] is False


def test_a_search_among_what_waits_finds_nothing_else() -> None:
    done, waits = report_factories.triaged("điện lực một"), report_factories.triaged("điện lực hai")
    Case.objects.filter(report=done).update(status="closed", outcome="duplicate")
    assert find_reports("dien luc", only_open=True) == [waits]
    assert find_reports("dien luc") == [done, waits]


def test_words_cost_one_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        full_text_search.search_reports(["dien", "luc"])
    assert len(queries) == 1


@pytest.mark.parametrize(
    "typed",
    ["0550000123", "0550 000 123", "+84 550 000 123", "0550.000.123", "84550000123",
     "0550 000", "0550000", "000 123", "00123", "190356789012", "5678 9012"],
)  # fmt: skip
def test_a_number_is_found_in_any_spelling_and_by_its_first_or_last_digits(typed: str) -> None:
    told = "Bảo chuyển vào tài khoản 1903 5678 9012 gấp."
    report = report_factories.triaged(told, caller_number="0550-000-123")
    report_factories.triaged("Họ gọi.", caller_number="0992 111 999")
    assert find_reports(typed) == [report]


@pytest.mark.parametrize("typed", read_cases("queries.json", "accounts"))
def test_an_account_is_found_by_its_number_its_bank_and_its_holder(typed: str) -> None:
    report = report_factories.triaged("STK 0123 456 789 012 MB Nguyễn Văn B")
    report_factories.triaged("STK 0123 456 789 013 Vietcombank Trần Văn C")
    assert find_reports(typed) == [report]


def test_a_whole_number_is_looked_up_in_the_index_by_its_kind_too() -> None:
    """By its key alone the whole index is read: 30 ms for a million reports."""
    viewer = at_pv01()
    with CaptureQueriesContext(connection) as asked:
        filter_by_search(Report.objects.all(), "0550 123 456", viewer)
    [sought] = [each["sql"] for each in asked if "+84550123456" in each["sql"]]
    columns = re.findall(r'"reports_indicator"\."(\w+)" IN', sought)
    assert set(columns) == {"kind", "key"}


@pytest.mark.parametrize("typed", ["Đ-26-K4M", "đ26k4m", "D 26 K4M"])
def test_a_campaigns_code_finds_its_reports_after_a_merge_too(typed: str) -> None:
    root = campaign("Đ-26-ZZZ")
    Campaign.objects.create(code="Đ-26-K4M", title="y", merged_into=root)
    link = add_to_campaign(report_factories.report("Họ gọi."), root)
    assert find_reports(typed) == [link.report]


@pytest.mark.parametrize("typed", ["K4M", "k4m", "26K4M", "26-K4M"])
def test_the_ending_of_a_campaigns_code_finds_its_reports_beside_the_word_in_stories(
    typed: str,
) -> None:
    link = add_to_campaign(report_factories.report("Họ gọi."), campaign("Đ-26-K4M"))
    beside = report_factories.triaged(f"Biển số xe có chữ {typed}.")
    assert set(find_reports(typed)) == {link.report, beside}
    assert find_reports("K5M") == []


def test_a_search_shows_the_newest_first_and_within_open_work_the_most_urgent(duty: Person) -> None:
    urgent, new = (report_factories.triaged("điện lực", caller_number="0550000123") for _ in "ab")
    for report, priority in ((urgent, 95), (new, 5)):
        Case.objects.filter(report=report).update(min_priority=priority)
    assert list_reports(duty.client, q="0550000123") == [new, urgent]
    assert list_reports(duty.client, q="dien luc", viec="open") == [urgent, new]


@pytest.mark.parametrize(
    ("typed", "has_card"),
    [("0550 000 123", True), ("+84550000123", True), ("190356789012", True), ("0550", False),
     ("Vietcombank 190356789012", True), ("dichvucong-nhai.top/nop", True), ("nhai[.]top", False),
     ("công an 113", False), ("Đ-26-K4M", False), ("26-2222-2222", False), ("dien luc", False)],
)  # fmt: skip
def test_a_number_that_is_searched_for_offers_its_card_first(
    duty: Person, typed: str, has_card: bool
) -> None:
    campaign("Đ-26-K4M")
    story = "Bảo vào dichvucong-nhai.top/nop, chuyển vào tài khoản Vietcombank 190356789012."
    report_factories.triaged(story, caller_number="0550000123")
    forms = [
        form
        for form in tree(duty.client.get(QUEUE, {"q": typed})).forms
        if (form.action or "").endswith("/card/")
    ]
    assert bool(forms) == has_card
    for form in forms:
        card = duty.client.post(form.action, {"text": form.fields["text"]}).content.decode()
        assert "1 tin</b> đã nêu" in card


@pytest.mark.parametrize("typed", ["Đ-26-K4M", "0550 123 456", "dien luc"])
def test_a_page_joins_no_more_tables_than_the_planner_puts_in_order(typed: str) -> None:
    """Eight by itself; ours leaves room for what a later page may add (portal/settings.py)."""
    Campaign.objects.create(code="Đ-26-K4M", title="x")
    report_factories.triaged("điện lực", caller_number="0550 123 456")
    rows, _ = filter_by_search(queue.queue_rows(), typed, at_pv01())
    asked = rows.order_by(*queue.BY_URGENCY).query
    asked.get_compiler(connection=connection).as_sql()
    assert sum(1 for used in asked.alias_refcount.values() if used) <= 8


@pytest.mark.parametrize(
    "typed", ["%" * 50, "_", "' | 'a", "a:* & !b", "(", "\\", "công an\0", "x" * 1_000_000, "1" * 5000]
)  # fmt: skip
def test_a_hostile_search_is_answered(duty: Person, typed: str) -> None:
    report_factories.triaged("Có người gọi xưng công an.")
    answer = duty.client.get(QUEUE, {"q": typed, "viec": "all"})
    assert answer.status_code == 200
    assert len(answer.content) < 200_000


def test_hostile_words_are_only_words() -> None:
    report = report_factories.triaged("Nó bảo a:* & !b là mã.")
    assert find_reports("a:* & !b") == [report]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("dein lực", "điện lực"), ("dien lucc", "điện lực"), ("đin lực", "điện lực"),
     ("dien luc", ""), ("xyzxyz", ""), ("tiet kiem dien lucc", "tiết kiệm điện lực"), ("lucc xyzxyz", ""),
     ("sam sơm", "sầm sơn"), ("vietconbnak", "vietcombank"), ("chuyen tien viecombak", "chuyển tiền vietcombank")],
)  # fmt: skip
def test_slips_of_the_hand_are_understood_by_what_stories_say_and_shown_with_their_marks(
    typed: str, meant: str
) -> None:
    report_factories.triaged("Điện lực báo cắt điện, đòi tiết kiệm.")
    report_factories.triaged("Điện lực ở Sầm Sơn gọi, chuyển tiền Vietcombank.")
    assert search.did_you_mean(typed, at_pv01()) == meant


SAVINGS = ("Bảo mẹ rút sổ tiết kiệm.", "Dọa khóa SIM, khóa sổ.", "Tin giả: có kiện hàng ở tỉnh.")
POLICE = ("Giả danh công an là một.", "Nó là ai, giả danh công an.", "Là giả danh công ty.")
MISSPELT = ("Xưng công an đòi tiền.", "Xưng công an dọa bắt.", "Xưng công na, lừa đảo.")


@pytest.mark.parametrize(
    ("stories", "typed", "meant"),
    [
        (SAVINGS, "rút sổ tiết kiện", "rút sổ tiết kiệm"),
        (SAVINGS, "khóa sin", "khóa sim"),
        (SAVINGS, "tiết tiết kiện", "tiết kiệm"),
        (SAVINGS, "rút sổ hàng", ""),
        (SAVINGS, "khóa sổ", ""),
        (POLICE, "gia danh cong na", "giả danh công an"),
        (MISSPELT, "cong an lua dao", ""),  # is what was typed, and the usual word
    ],
)
def test_a_slip_that_other_stories_have_is_understood_by_the_words_beside_it(
    stories: tuple[str, ...], typed: str, meant: str
) -> None:
    for story in stories:
        report_factories.triaged(story)
    assert search.did_you_mean(typed, at_pv01()) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("0550 000 123", "0550 000 124"), ("0550 00 124", "0550 000 124"), ("+84 550 011 024", ""),
     ("0550 000 142", "0550 000 124"), ("19035678901", "190356789012"), ("0550", ""),
     ("Đ-26-K4N", "Đ-26-K4M"), ("c 26 4KM", "Đ-26-K4M"), ("", ""), ("…", "")],
)  # fmt: skip
def test_a_number_or_a_code_with_one_slip_leads_to_the_one_that_is_there(
    typed: str, meant: str
) -> None:
    story = "Bảo chuyển vào tài khoản 190356789012."
    report_factories.triaged(story, caller_number="0550-000-124")
    campaign("Đ-26-K4M")
    officer = at_pv01()
    search.did_you_mean("x", officer)  # who may see what is known from here on
    with CaptureQueriesContext(connection) as queries:
        assert search.did_you_mean(typed, officer) == meant
    assert len(queries) <= 5
    unit = report_factories.create_unit_officer(report_factories.unit())
    assert search.did_you_mean(typed, unit) == ""


def test_a_wrong_or_missing_sign_of_a_reports_code_is_understood() -> None:
    number = report_factories.report().public_number
    other = next(sign for sign in ALPHABET if sign != number[-1])
    typed = (
        f"{number[:-1]}{other}",
        number[:-1],
        f"{number[:-1]}O",
        number.lower().replace("-", "")[1:],
    )
    assert [search.did_you_mean(each, at_pv01()) for each in typed] == [number] * 3 + [""]


def test_words_are_taken_for_no_code(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    officer = at_pv01()
    with django_assert_num_queries(0):
        assert search.find_near("chuyn khoan", officer) == ""


def test_of_two_codes_one_slip_away_none_is_guessed() -> None:
    for code in ("Đ-26-K4M", "Đ-26-K4P"):
        campaign(code)
    assert search.did_you_mean("Đ-26-K4N", at_pv01()) == ""


def test_the_reporters_own_number_is_found_on_record_by_who_may_see_it(
    duty: Person, auditor: Person
) -> None:
    own = report_factories.report("a", contact="0992 000 118")
    later = report_factories.report("b")
    report_factories.add_followup(later, contact="0992.000.118")
    report_factories.report("c", contact="0992 000 119")
    page = tree(duty.client.get(QUEUE, {"q": "0992000118"}))
    (form,) = [each for each in page.forms if (each.action or "").endswith("/own-number/")]
    found = words(duty.client.post(form.action, dict(form.form_values()), follow=True))
    assert "Số để gọi lại của tin" in found
    looks = AuditEvent.objects.filter(kind="contact_searched", actor=duty.user)
    assert {each.subject_id for each in looks} == {str(own.pk), str(later.pk)}
    assert "0992" not in str([each.detail for each in looks])
    nothing = duty.client.post(form.action, {"text": "0992 000 777"}, follow=True)
    assert "Không có tin nào để lại số này" in words(nothing)
    assert looks.filter(subject_type="page").count() == 1
    assert not views_of_report(own.pk).exists()
    assert auditor.client.post(form.action, {"text": "0992 000 118"}).status_code == 403


def test_a_wrong_sign_of_a_code_that_stories_have_is_not_guessed_at() -> None:
    report_factories.triaged("Tin 26-AAAA-BBB8 cũng vậy.")
    assert search.did_you_mean("26-AAAA-BBB0", at_pv01()) == ""


def test_what_other_units_were_told_is_no_suggestion() -> None:
    report_factories.triaged("Điện lực gọi.")
    who = report_factories.create_unit_officer(report_factories.unit())
    assert search.did_you_mean("dein luc", who) == ""


def test_the_empty_list_leads_to_what_was_meant_and_keeps_the_filters(duty: Person) -> None:
    report_factories.triaged("Điện lực gọi.")
    page = duty.read_page(QUEUE, q="dein lực", viec="all")
    assert 'href="?q=%C4%91i%E1%BB%87n+l%E1%BB%B1c&amp;viec=all">điện lực</a>”?' in page
    with CaptureQueriesContext(connection) as queries:
        full_text_search.spelling_suggestions(["dein", "luc"])
    assert len(queries) == 2


@pytest.mark.parametrize("name", ["YD-17", "2026-0017", "0550000123", "Tin số 4"])
def test_a_report_is_found_by_what_its_program_calls_it_beside_all_else(name: str) -> None:
    sent = program_report(name)
    program_report(f"{name}0")
    told = report_factories.triaged(f"Họ gọi, nói {name}.")
    assert set(find_reports(f" {name} ")) == {sent, told}


def test_of_many_reports_of_one_name_the_newest_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_NUMBERS", 2)
    _, *newest = [program_report("YD-17", f"Cuộc thứ {number}.") for number in range(3)]
    rows, is_cut = filter_by_search(Report.objects.all(), "YD-17", at_pv01())
    assert (set(rows), is_cut) == ({*newest}, True)


def test_what_no_program_sent_has_no_name_that_is_found() -> None:
    report_factories.triaged("Họ gọi.")
    assert find_reports("''") == []


def test_a_unit_finds_no_report_of_others_by_its_name() -> None:
    program_report("YD-17")
    unit = report_factories.create_unit_officer(report_factories.unit())
    reports = visibility.visible_reports(Report.objects.all(), unit)
    assert list(filter_by_search(reports, "YD-17", unit)[0]) == []


def test_the_queue_names_the_program_and_what_it_calls_the_report(duty: Person) -> None:
    program_report("YD-17")
    assert "UBND xã Yên Định, YD-17" in words(duty.client.get(QUEUE))


def test_names_of_programs_are_looked_up_by_their_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "report_external_id" in search._sent_as("YD-17").explain()


def program_report(name: str, story: str = "Họ xưng là điện lực.") -> Report:
    """A report that a program sent under that name."""
    client, _ = ApiClient.objects.get_or_create(name="UBND xã Yên Định", scopes=[])
    source = IntakeSource(Report.Source.API, client.pk, name)
    return report_factories.report(story, source)
