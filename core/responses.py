"""Responses of more than one room."""

from django.http import HttpResponseRedirect


class HttpResponseSeeOther(HttpResponseRedirect):
    """A redirect after a POST: the next page is a GET whatever the browser."""

    status_code = 303
