"""Addresses of warnings with one language: for programs, other sites and agencies."""

from django.urls import path

from alerts.formats.feeds import LIST_FORMATS
from alerts.views import agencies, formats, frames, pages

app_name = "alerts"
LIVE = {"live": True}
urlpatterns = [
    *(
        path(f"canh-bao/{each.file_name}", formats.list_format, {"chosen": each}, name=each.name)
        for each in LIST_FORMATS
    ),
    path("canh-bao/cap/<str:identifier>.xml", formats.cap_message, name="cap_message"),
    path("canh-bao/noi-dung/<str:identifier>.json", formats.content, name="content"),
    path("canh-bao/chu-ky/<str:identifier>.json", formats.signature, name="signature"),
    path("canh-bao/tieng/<str:identifier>/<str:language>.mp3", formats.sound, name="sound"),
    path("canh-bao/khoa/<str:name>.pem", formats.public_key, name="public_key"),
    path("canh-bao/<slug:slug>/in/", pages.paper, name="print"),
    path("canh-bao/<slug:slug>/anh.png", pages.picture, name="picture"),
    path("canh-bao/<slug:slug>/to-dan.pdf", pages.poster, name="poster"),
    path("canh-bao/<slug:slug>/tai-lieu.zip", pages.pack, name="pack"),
    path("canh-bao/<slug:slug>/nhung/", frames.alert_frame, name="alert_frame"),
    path("nhung/", frames.newest, name="frame"),
    path("nhung/xa/<slug:codename>/", frames.commune_frame, name="commune_frame"),
    path("nhung/co-quan/<slug:codename>/", frames.office_frame, name="office_frame"),
    path("nhung/song/", frames.newest, LIVE, name="live_frame"),
    path("nhung/song/canh-bao/<slug:slug>/", frames.alert_frame, LIVE, name="live_alert_frame"),
    path("nhung/song/xa/<slug:codename>/", frames.commune_frame, LIVE, name="live_commune_frame"),
    path(
        "nhung/song/co-quan/<slug:codename>/", frames.office_frame, LIVE, name="live_office_frame"
    ),
    path("nhung.js", frames.script, name="script"),
    path("oembed/", formats.embed, name="oembed"),
    path("danh-cho-co-quan/", agencies.for_agencies, name="for_agencies"),
    path("da-trien-khai/<str:token>/", agencies.confirm_deployment, name="partner_confirmation"),
]
