"""Addresses of warnings that stand under both languages."""

from django.urls import include, path

from alerts.views import pages, subscriptions

_SUBSCRIPTIONS = [
    path("dang-ky/", subscriptions.subscribe, name="subscribe"),
    path("dang-ky/xac-nhan/<str:token>/", subscriptions.join, name="subscription_join"),
    path("dang-ky/doi/<str:token>/", subscriptions.change, name="subscription_change"),
    path("dang-ky/bo/<str:token>/", subscriptions.leave, name="subscription_leave"),
]
_WARNINGS = [
    path("canh-bao/", pages.alert_list, name="list"),
    path("canh-bao/<slug:slug>/", pages.detail, name="detail"),
    path("canh-bao/<slug:slug>/lich-su/", pages.history, name="history"),
    path("canh-bao/<slug:slug>/van-ban.txt", pages.plain, name="plain"),
]
urlpatterns = [
    path("", include((_SUBSCRIPTIONS, "subscriptions"))),
    path("", include((_WARNINGS, "warnings"))),
]
