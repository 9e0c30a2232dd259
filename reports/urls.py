from django.urls import path

from reports.views import (
    assessment,
    attachments,
    codes,
    disputes,
    number_lookup,
    numbers_api,
    pages,
    receipt,
    report,
    statistics,
    tracking,
)

app_name = "reports"
urlpatterns = [
    # Tried in order: first those that a flood of reports needs.
    path("bao-cao/", report.report, name="report"),
    path("bao-cao/gui/", report.submit, name="report_submit"),
    path("bao-cao/da-nhan/", receipt.report_received, name="report_received"),
    path("", pages.home, name="home"),
    path("dang-bi-goi/", pages.now, name="now"),
    path("that-hay-gia/", assessment.assessment, name="assessment"),
    path("that-hay-gia/mot-cuoc-goi/", pages.scam_call, name="scam_call"),
    path("cong-that/", pages.genuine, name="genuine"),
    path("rieng-tu/", pages.personal_data, name="personal_data"),
    path("kiem-tra/", number_lookup.check, name="check"),
    path("kiem-tra/xem-lai/", disputes.dispute, name="dispute"),
    path("kiem-tra/xem-lai/ket-qua/", disputes.dispute_answer, name="dispute_answer"),
    path("kiem-tra/cho-phan-mem/", numbers_api.for_programs, name="for_programs"),
    path("co-quan/", pages.office_list, name="offices"),
    path("co-quan/<slug:slug>/", pages.office, name="office"),
    path("thong-ke/", statistics.statistics_page, name="statistics"),
    path("thong-ke/so-lieu.csv", statistics.statistics_file, name="statistics_file"),
    path("tim/", pages.search, name="search"),
    path("theo-doi/", tracking.track, name="track"),
    path("theo-doi/ma-moi/", codes.new_code, name="new_code"),
    path("theo-doi/tep/", attachments.send_files, name="attachments"),
    path("theo-doi/them/", tracking.add_followup, name="followup"),
    path("theo-doi/tra-loi/", tracking.reply, name="reply"),
    path("theo-doi/rut/", tracking.withdraw, name="withdraw"),
    path("theo-doi/xoa/", tracking.erase, name="erasure_request"),
    path("theo-doi/ban-sao/", tracking.download_own_data, name="data_export"),
]
