"""What people read of warnings, in both languages; what programs and other sites read has one
address (alerts/urls.py).
"""

from django.urls import path

from alerts.views import pages

app_name = "warnings"
urlpatterns = [
    path("canh-bao/", pages.alert_list, name="list"),
    path("canh-bao/<slug:slug>/", pages.detail, name="detail"),
    path("canh-bao/<slug:slug>/lich-su/", pages.history, name="history"),
    path("canh-bao/<slug:slug>/van-ban.txt", pages.plain, name="plain"),
]
