"""The pages of this room that speak English too."""

from django.urls import path

from alerts.views import subscriptions as subscribing

app_name = "subscriptions"
urlpatterns = [
    path("dang-ky/", subscribing.subscribe, name="subscribe"),
    path("dang-ky/xac-nhan/<str:token>/", subscribing.join, name="subscription_join"),
    path("dang-ky/bo/<str:token>/", subscribing.leave, name="subscription_leave"),
]
