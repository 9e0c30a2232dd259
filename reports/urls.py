from django.urls import path

from reports.views import figures, files, pages, receipt, report, tracking

app_name = "reports"
urlpatterns = [
    path("", pages.home, name="home"),
    path("dang-bi-goi/", pages.now, name="now"),
    path("that-hay-gia/", pages.quiz, name="quiz"),
    path("that-hay-gia/mot-cuoc-goi/", pages.scam_call, name="scam_call"),
    path("cong-that/", pages.genuine, name="genuine"),
    path("rieng-tu/", pages.personal_data, name="personal_data"),
    path("thong-ke/", figures.figures, name="figures"),
    path("thong-ke/so-lieu.csv", figures.figures_file, name="figures_file"),
    path("bao-cao/", report.report, name="report"),
    path("bao-cao/da-nhan/", receipt.report_received, name="report_received"),
    path("theo-doi/", tracking.track, name="track"),
    path("theo-doi/tep/", files.send_files, name="files"),
]
