"""All addresses. Pages belong to the apps; here only what the portal itself answers."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from portal import invitations, metrics, views

urlpatterns = [
    *i18n_patterns(path("", include("reports.urls")), prefix_default_language=False),
    path("", include("alerts.urls")),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("robots.txt", views.robots, name="robots"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("can-bo/loi-moi/<str:token>/", invitations.invitation, name="invitation"),
    path("admin/", admin.site.urls),
]

handler400 = "portal.views.bad_request"
handler404 = "portal.views.not_found"
handler500 = "portal.views.broken"
