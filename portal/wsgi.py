"""The WSGI door that gunicorn opens."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django_application = get_wsgi_application()

from portal.db_wait_timeout import within  # noqa: E402  # knows the staff's paths: needs Django set up
from portal.request_body_guard import whole  # noqa: E402

application = whole(within(django_application))
