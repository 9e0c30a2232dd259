"""The WSGI application that gunicorn loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django_application = get_wsgi_application()

from portal import wsgi_guards  # noqa: E402  # knows the staff's paths: needs Django set up

application = wsgi_guards.omit_head_body(
    wsgi_guards.guard_request_body(
        wsgi_guards.limit_large_bodies(wsgi_guards.limit_database_wait(django_application))
    )
)
