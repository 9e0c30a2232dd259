from django.urls import path

from reports.views import attachments as files
from reports.views import code_recovery as new_code
from reports.views import followups as later
from reports.views import institutions as offices
from reports.views import number_lookup as check
from reports.views import numbers_api, pages, receipt, report, search, tracking
from reports.views import statistics as figures

app_name = "reports"
urlpatterns = [
    # Django tries them in turn: first those that a flood of reports asks for.
    path("bao-cao/", report.report, name="report"),
    path("bao-cao/gui/", report.send, name="send"),
    path("bao-cao/da-nhan/", receipt.report_received, name="report_received"),
    path("", pages.home, name="home"),
    path("dang-bi-goi/", pages.now, name="now"),
    path("that-hay-gia/", pages.quiz, name="quiz"),
    path("that-hay-gia/mot-cuoc-goi/", pages.scam_call, name="scam_call"),
    path("cong-that/", pages.genuine, name="genuine"),
    path("rieng-tu/", pages.personal_data, name="personal_data"),
    path("kiem-tra/", check.check, name="check"),
    path("kiem-tra/xem-lai/", check.dispute, name="dispute"),
    path("kiem-tra/cho-phan-mem/", numbers_api.for_programs, name="for_programs"),
    path("co-quan/", offices.office_list, name="offices"),
    path("co-quan/<slug:slug>/", offices.office, name="office"),
    path("thong-ke/", figures.figures, name="figures"),
    path("thong-ke/so-lieu.csv", figures.figures_file, name="figures_file"),
    path("tim/", search.search, name="search"),
    path("theo-doi/", tracking.track, name="track"),
    path("theo-doi/ma-moi/", new_code.new_code, name="new_code"),
    path("theo-doi/tep/", files.send_files, name="files"),
    path("theo-doi/them/", later.add, name="add"),
    path("theo-doi/tra-loi/", later.reply, name="reply"),
    path("theo-doi/rut/", later.withdraw, name="withdraw"),
    path("theo-doi/xoa/", later.erase, name="erase"),
    path("theo-doi/ban-sao/", later.copy, name="copy"),
]
