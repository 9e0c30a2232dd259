"""A campaign's page and its acts: what is shown to whom, what is done, what is refused and told."""

from typing import Any
from unittest.mock import Mock

import pytest
from django.urls import reverse

from core.audit import events
from core.errors import ActionError
from reports.campaigns import bursts, manual_grouping
from reports.models import (
    Campaign,
    CampaignLink,
    Correction,
    ExtractedFacts,
    Followup,
    MergeProposal,
    Report,
)
from tests.support import report_factories
from tests.support.campaign_factories import (
    add_to_campaign,
    campaign,
    hand,
    members,
    proposed,
    state,
    versions,
)
from tests.support.desk_pages import page_of as report_page
from tests.support.desk_pages import statements, tree
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

LIST = "/admin/reports/campaign/"
WHY = "Cùng một giọng"


def page_of(subject: Campaign) -> str:
    return reverse("admin:reports_campaign_change", args=[subject.pk])


def post(who: Person, subject: Campaign, act: str, **data: Any) -> Any:
    address = f"{LIST}{subject.pk}/{act}/"
    version = versions(subject)[subject.pk]
    return who.client.post(address, {"version": version, "reason": WHY, **data}, follow=True)


def add_known_report(subject: Campaign) -> Report:
    """A report of the campaign of which everything is known."""
    report = report_factories.report(
        "Gọi báo cắt điện, STK 19031234567890.",
        caller_number="0550 000 123",
        claimed_office="utility",
    )
    report_factories.number(report, "+84550000123")
    facts = {"actions": ["transfer_money"], "money_lost_vnd": 2_000_000, "ongoing": True}
    report_factories.add_facts(report, **facts)
    return add_to_campaign(report, subject, reason="Cùng số gọi 0550 000 123").report


def test_the_page_tells_what_the_reports_share(duty: Person) -> None:
    subject = campaign("Đ-26-AAA")
    for _ in range(2):
        add_known_report(subject)
    page = duty.read_page(page_of(subject))
    for text in ("0550 000 123", "4 triệu", "2 tin mất tiền", "Cùng số gọi 0550 000 123",
                 "Số tin mỗi ngày", "Điện lực", "khá chắc", "<b>2</b> đang bị ép"):  # fmt: skip
        assert text.lower() in page.lower(), text


def test_what_persons_confirmed_is_told_apart_from_what_the_machine_proposes(lead: Person) -> None:
    subject = campaign("Đ-26-AAA")
    _, typed, said, revoked = (add_known_report(subject) for _ in range(4))
    line = "máy đề xuất 8 triệu đồng, chưa ai xác nhận"
    assert line in lead.read_page(page_of(subject))
    Followup.objects.create(report=typed, kind="more", money_lost_raw="2 triệu")
    for report, is_active in ((said, True), (revoked, True), (revoked, False)):
        Correction.objects.create(
            report=report, fact="money_lost_vnd", value=2_000_000, is_active=is_active,
            is_confirmation=True, actor=lead.user,
        )  # fmt: skip
    line = "đã xác nhận 4 triệu đồng; máy đề xuất thêm 4 triệu đồng"
    bursts.detect_and_store()
    assert line in lead.read_page(page_of(subject))
    assert line in lead.read_page(reverse("admin:index"))
    assert line in lead.read_page(reverse("admin:reports_campaign_changelist")).lower()
    ExtractedFacts.objects.filter(report=said).update(money_lost_vnd=3_000_000)  # read again
    assert "đã xác nhận 2 triệu đồng; máy đề xuất thêm 7" in lead.read_page(page_of(subject))


def test_an_editor_sees_figures_and_neither_reports_nor_numbers(editor: Person) -> None:
    subject = campaign("Đ-26-AAA")
    report = add_known_report(subject)
    page = editor.read_page(page_of(subject))
    assert "<b>1</b> tin" in page
    assert report.public_number not in page
    assert "0550 000 123" not in page
    assert "Tách khỏi đợt" not in page


def test_a_large_campaign_asks_no_more_than_a_small_one(lead: Person) -> None:
    asked = []
    for size in (2, 60):
        subject = campaign(f"Đ-26-B{size}", size)
        manual_grouping.detach(subject.pk, members(subject)[:1], hand(lead.user), 1)
        lead.client.get(page_of(subject))
        asked.append(len(statements(lead.client, page_of(subject))))
    assert asked[0] == asked[1] <= 20


def test_an_old_address_and_an_old_code_lead_on(duty: Person) -> None:
    small, large = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB", 1)
    manual_grouping.merge(small.pk, large.pk, hand(duty.user), versions(small, large))
    for old in (page_of(small), f"{LIST}code/đ-26-aaa/", f"{LIST}code/Đ-26-AAA/"):
        answer = duty.client.get(old, follow=True)
        assert answer.request["PATH_INFO"] == page_of(large)
        assert "Đợt Đ-26-AAA nay nằm trong đợt Đ-26-BBB" in answer.content.decode()


def test_ticked_reports_are_split_off_into_a_campaign_of_their_own(duty: Person) -> None:
    subject = campaign("Đ-26-AAA", 3)
    ticked = members(subject)[:2]
    answer = post(duty, subject, "split", reports=ticked, title="Giả ngân hàng")
    opened = Campaign.objects.get(title="Giả ngân hàng")
    assert members(opened) == ticked
    assert f"Đã tách 2 tin thành đợt {opened.code}" in answer.content.decode()


def test_ticked_reports_are_detached_and_the_page_tells_of_it(duty: Person) -> None:
    subject = campaign("Đ-26-AAA", 3)
    report = CampaignLink.objects.filter(campaign=subject).earliest("pk").report
    page = post(duty, subject, "detach", reports=[report.pk]).content.decode()
    assert "Tin cán bộ đã tách ra" in page
    assert report.public_number in page
    assert len(members(subject)) == 2


def test_attaching_asks_first_and_says_where_each_report_lies(duty: Person) -> None:
    here, there = campaign("Đ-26-AAA"), campaign("Đ-26-BBB", 1)
    alone = report_factories.report("Lẻ.")
    other = CampaignLink.objects.get(campaign=there).report
    numbers = f"{alone.public_number}\n{other.public_number.lower()}"
    asked = post(duty, here, "attach", numbers=numbers).content.decode()
    assert "đang ở đợt <b>Đ-26-BBB</b>, sẽ chuyển sang" in asked
    assert members(here) == []
    post(duty, here, "attach", lay=[f"{alone.pk}:", f"{other.pk}:{there.pk}"], sure=1)
    assert len(members(here)) == 2


def test_from_its_own_page_a_report_is_attached_and_detached(duty: Person) -> None:
    here, report = campaign("Đ-26-BBB", 1), report_factories.report("Lẻ.")
    page = report_page(report)
    assert "Tin này chưa ở đợt nào" in duty.read_page(page)
    sent = {"code": "d 26 bbb", "numbers": report.public_number, "reason": WHY}
    asked = duty.client.post(f"{LIST}attach/", sent).content.decode()
    assert "chưa ở đợt nào, sẽ gắn vào Đ-26-BBB" in " ".join(asked.split())
    post(duty, here, "attach", lay=[f"{report.pk}:"], sure=1)
    assert "cán bộ gắn" in duty.read_page(page)
    assert "Tách khỏi đợt Đ-26-BBB" in duty.read_page(page)


@pytest.mark.parametrize(("code", "told"), [("", "Chưa ghi mã đợt."), ("ZZZ", "mã “ZZZ”")])
def test_a_code_that_names_no_campaign_is_asked_again_with_what_was_typed(
    duty: Person, code: str, told: str
) -> None:
    report = report_factories.report("Lẻ.")
    sent = {"code": code, "numbers": report.public_number, "reason": WHY}
    answer = duty.client.post(f"{LIST}attach/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert told in page
    assert WHY in page
    assert f'value="{report.public_number}"' in page
    assert report_page(report) in page
    page = duty.client.post(f"{LIST}attach/", sent | {"numbers": "tin nào đó"}).content.decode()
    assert f'href="{LIST}">Không gắn, về danh sách đợt</a>' in page
    assert page.count("tin nào đó") == 1


@pytest.mark.parametrize(
    ("act", "typed", "told"),
    [
        ("attach", {"numbers": ""}, "Chưa ghi số tin nào"),
        ("attach", {"numbers": "26-BBBB-CCCC"}, "26-BBBB-CCCC"),
        ("attach", {"numbers": "<b>x</b>"}, "&lt;b&gt;x"),
        ("merge", {"code": ""}, "Chưa ghi mã đợt."),
        ("merge", {"code": "Đ-26-ZZZ"}, "Đ-26-ZZZ"),
        ("merge", {"code": "Đ-26-BBB"}, "Mã này đã nằm trong đợt này."),
    ],
)
def test_what_names_no_report_and_no_other_campaign_is_told(
    duty: Person, act: str, typed: dict[str, str], told: str
) -> None:
    answer = post(duty, campaign("Đ-26-BBB", 1), act, **typed)
    assert answer.status_code == 409
    assert told in answer.content.decode()


def test_an_act_that_is_not_done_leaves_what_was_typed(duty: Person) -> None:
    subject = campaign("Đ-26-AAA", 2)
    ticked = members(subject)[0]
    answer = post(duty, subject, "detach", reports=[ticked], version=7)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "vừa có người thay đổi" in page
    assert WHY in page
    assert f'value="{ticked}" aria-label="Chọn tin' in page
    assert page.count(" checked") == 1


def open_fold(answer: Any) -> Any:
    """The one fold of a page that stands open, the posted one."""
    [fold] = tree(answer).xpath("//details[@open]")
    assert fold.xpath("./form/@action") == [answer.request["PATH_INFO"]]
    return fold


@pytest.mark.parametrize("act", ["take-back", "keep-two", "merge", "attach"])
def test_the_fold_of_an_act_that_is_not_done_stays_open_and_says_why(
    duty: Person, act: str
) -> None:
    subject, other = campaign("Đ-26-AAA", 2), campaign("Đ-26-BBB")
    asked, version = proposed(subject, other, "Cùng số"), versions(subject)[subject.pk]
    done = manual_grouping.detach(subject.pk, members(subject)[:1], hand(duty.user), version)
    key = {"take-back": f"/{done.pk}", "keep-two": f"/{asked.pk}"}
    fold = open_fold(post(duty, subject, f"{act}{key.get(act, '')}", reason=""))
    text = {"merge": "Chưa ghi mã đợt.", "attach": "Chưa ghi số tin nào."}
    [wrong] = fold.find_class("wrong")
    assert text.get(act, "Chưa ghi lý do.") in wrong.text_content()
    assert fold.xpath(".//textarea[@name='reason']/@aria-describedby") == [wrong.get("id")]


def test_what_was_typed_to_take_back_stays(duty: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = campaign("Đ-26-AAA", 2)
    done = manual_grouping.detach(subject.pk, members(subject)[:1], hand(duty.user), 1)
    busy = Mock(side_effect=ActionError("Máy chủ bận."))
    monkeypatch.setattr(manual_grouping, "undo_action", busy)
    fold = open_fold(post(duty, subject, f"take-back/{done.pk}"))
    assert fold.xpath("string(.//textarea)").strip() == WHY
    assert "Máy chủ bận." in fold.text_content()


def test_merging_asks_which_one_goes_on_also_where_the_machine_proposed_it(duty: Person) -> None:
    small, large = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB", 3)
    proposed(small, large, "Cùng đường dẫn")
    for code, why in (("đ-26-bbb", WHY), (large.code, "Cùng đường dẫn")):
        asked = post(duty, small, "merge", code=code, reason=why).content.decode()
        assert "Giữ lại đợt nào?" in asked
        assert f'value="{large.pk}" checked' in asked
        assert why in asked
    assert len(members(large)) == 3


def test_chosen_campaigns_are_merged_with_counts_of_done_and_refused(duty: Person) -> None:
    first, second, third = (campaign(f"Đ-26-{char * 3}", 2) for char in "ABC")
    chosen = {"action": "merge_chosen", "_selected_action": [first.pk, second.pk, third.pk]}
    assert "Giữ lại đợt nào?" in duty.client.post(f"{LIST}?nhip=all", chosen).content.decode()
    seen = [f"{pk}:{version}" for pk, version in versions(first, second, third).items()]
    manual_grouping.detach(second.pk, members(second)[:1], hand(duty.user), 1)
    done = {"campaigns": seen, "into": third.pk, "reason": WHY}
    page = duty.client.post(f"{LIST}merge/", done, follow=True).content.decode()
    assert "Đã gộp 1 đợt vào Đ-26-CCC, 2 tin" in page
    assert "Không gộp: Đợt Đ-26-BBB vừa có người thay đổi" in page


@pytest.mark.parametrize("seen", ["9" * 5000, "٣²", "", "-1"])
def test_a_version_that_is_none_merges_nothing(duty: Person, seen: str) -> None:
    first, second = (campaign(f"Đ-26-{char * 3}", 2) for char in "AB")
    pairs = [f"{first.pk}:1", f"{second.pk}:{seen}"]
    chosen = {"campaigns": pairs, "into": first.pk, "reason": WHY}
    assert duty.client.post(f"{LIST}merge/", chosen).status_code in {302, 303, 409}
    assert Campaign.objects.filter(merged_into=None).count() == 2


def test_a_merge_is_taken_back_on_the_page(duty: Person) -> None:
    small, large = campaign("Đ-26-AAA", 2), campaign("Đ-26-BBB", 1)
    before = state()
    act = manual_grouping.merge(small.pk, large.pk, hand(duty.user), versions(small, large))
    assert "Lấy lại việc này" in duty.read_page(page_of(large))
    page = post(duty, large, f"take-back/{act.pk}").content.decode()
    assert "Đã lấy lại: 2 tin về chỗ cũ" in page
    assert state() == before


def test_what_the_machine_would_merge_is_asked_and_turned_down(duty: Person) -> None:
    small, large = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB", 1)
    asked = proposed(small, large, "Cùng tài khoản nhận 0550")
    for subject in (small, large):
        assert "Cùng tài khoản nhận 0550" in duty.read_page(page_of(subject))
        assert subject.code in duty.read_page(f"{LIST}?nhip=proposed")
    page = post(duty, small, f"keep-two/{asked.pk}").content.decode()
    assert "Máy không đề nghị lại" in page
    assert not MergeProposal.objects.open().exists()
    assert post(duty, large, f"keep-two/{asked.pk}").status_code == 409
    assert events.events_for("campaign", large.pk).get().kind == "merge_proposal_rejected"


def test_an_act_is_taken_back_on_its_own_page_alone(duty: Person) -> None:
    subject, other = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB")
    act = manual_grouping.detach(subject.pk, members(subject), hand(duty.user), 1)
    assert post(duty, other, f"take-back/{act.pk}").status_code == 409


def test_who_may_not_group_is_offered_nothing_and_refused_on_record(editor: Person) -> None:
    subject = campaign("Đ-26-AAA", 2)
    before = state()
    assert "merge_chosen" not in editor.read_page(f"{LIST}?nhip=all")
    answer = post(editor, subject, "split", reports=members(subject))
    assert answer.status_code == 403
    assert "Tài khoản của bạn không có quyền này" in answer.content.decode()
    assert state() == before
    refused = events.events_for("campaign", subject.pk).get()
    assert (refused.kind, refused.actor) == ("refused", editor.user)


@pytest.mark.parametrize("hostile", ["", "x", "1;2", "\0", "9" * 40])
def test_hostile_keys_do_nothing(duty: Person, hostile: str) -> None:
    subject = campaign("Đ-26-AAA", 1)
    before = state()
    data = {"reports": [hostile], "campaigns": [hostile], "lay": [hostile], "version": hostile,
            "into": hostile, "sure": 1, "reason": WHY}  # fmt: skip
    for act in ("split", "detach", "attach"):
        assert duty.client.post(f"{LIST}{subject.pk}/{act}/", data).status_code == 409
    duty.client.post(f"{LIST}merge/", data)
    assert state() == before


def test_the_list_shows_what_grows_and_finds_old_codes(duty: Person) -> None:
    small, large = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB", 3)
    campaign("Đ-26-CCC")
    page = duty.read_page(LIST)
    assert page.index("Đ-26-BBB") < page.index("Đ-26-AAA")
    assert "+3" in page
    assert "Đ-26-CCC" not in page
    manual_grouping.merge(small.pk, large.pk, hand(duty.user), versions(small, large))
    assert "Đ-26-AAA" not in duty.read_page(LIST)
    assert "đã gộp vào Đ-26-BBB" in duty.read_page(f"{LIST}?q=Đ-26-AAA")


def test_the_list_asks_the_same_of_few_and_of_many(duty: Person) -> None:
    asked = []
    for chars in ("BC", "DFGHJKLM"):
        for char in chars:
            campaign(f"Đ-26-{char * 3}", 1)
        duty.client.get(LIST)
        asked.append(len(statements(duty.client, LIST)))
    assert asked[0] == asked[1] <= 14


def test_an_editor_drafts_a_warning_from_a_campaign(editor: Person, duty: Person) -> None:
    subject = campaign("Đ-26-AAA")
    draft = f"{reverse('admin:alerts_alert_add')}?campaign={subject.pk}"
    assert draft in editor.read_page(page_of(subject))
    assert editor.client.get(draft).status_code == 200
    assert draft not in duty.read_page(page_of(subject))
