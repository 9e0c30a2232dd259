"""The WSGI door that gunicorn opens."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django_application = get_wsgi_application()

from portal.db_wait_timeout import limit_database_wait  # noqa: E402  # knows the staff's paths: needs Django set up
from portal.request_body_guard import request_body_guard  # noqa: E402

application = request_body_guard(limit_database_wait(django_application))
