from django.urls import path

from reports.views import files, pages, report, tracking

app_name = "reports"
urlpatterns = [
    path("", pages.home, name="home"),
    path("dang-bi-goi/", pages.now, name="now"),
    path("bao-cao/", report.report, name="report"),
    path("bao-cao/da-nhan/", report.report_received, name="report_received"),
    path("theo-doi/", tracking.track, name="track"),
    path("theo-doi/tep/", files.send_files, name="files"),
]
