from django.urls import path

from alerts import views

app_name = "alerts"
urlpatterns = [
    path("canh-bao/", views.alert_list, name="list"),
    path("canh-bao/<slug:slug>/", views.detail, name="detail"),
    path("canh-bao/<slug:slug>/van-ban.txt", views.plain, name="plain"),
    path("canh-bao/<slug:slug>/nhung/", views.alert_frame, name="alert_frame"),
    path("nhung/", views.frame, name="frame"),
    path("danh-cho-co-quan/", views.for_agencies, name="for_agencies"),
]
