"""The pages of this room that speak English too."""

from django.urls import path

from alerts.views import subscriptions

app_name = "subscriptions"
urlpatterns = [
    path("dang-ky/", subscriptions.subscribe, name="subscribe"),
    path("dang-ky/xac-nhan/<str:token>/", subscriptions.join, name="subscription_join"),
    path("dang-ky/bo/<str:token>/", subscriptions.leave, name="subscription_leave"),
]
