from django.urls import path

from reports import file_views, views

app_name = "reports"
urlpatterns = [
    path("", views.home, name="home"),
    path("dang-bi-goi/", views.now, name="now"),
    path("bao-cao/", views.report, name="report"),
    path("bao-cao/da-nhan/", views.report_received, name="report_received"),
    path("theo-doi/", views.track, name="track"),
    path("theo-doi/tep/", file_views.send_files, name="files"),
]
