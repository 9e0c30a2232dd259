"""The addresses: those of the apps, and what the portal itself answers."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts import invitations
from portal import sitemaps, views
from reports.views import blocking, office_questions, zalo

admin.autodiscover()

urlpatterns = [
    path("api/v1/", include("reports.urls_api")),  # first: programs ask by the thousand
    *i18n_patterns(
        path("", include("reports.urls")),
        path("", include("alerts.urls_localized")),
        path("offline/", views.offline, name="offline"),
        prefix_default_language=False,
    ),
    path("en", RedirectView.as_view(url="/en/", permanent=True), name="english_home"),
    path("", include("alerts.urls")),
    path("api/open311/v2/", include("reports.urls_open311")),
    path("api/zalo/", zalo.webhook, name="zalo_webhook"),
    path("taxii2/", include("reports.urls_taxii")),
    path("csp/", views.log_csp_report, name="csp"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("sw.js", views.service_worker, name="service_worker"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("can-bo/loi-moi/<str:token>/", invitations.invitation, name="invitation"),
    path("tra-loi-cong-an/<str:token>/", office_questions.answer, name="office_answer"),
    path("de-nghi-chan/<str:token>/", blocking.answer_letter, name="block_answer"),
    path("de-nghi-chan/<str:token>/van-ban.pdf", blocking.letter_paper, name="block_letter"),
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
]

handler400 = "portal.views.bad_request"
handler404 = "portal.views.not_found"
handler500 = "portal.views.broken"
