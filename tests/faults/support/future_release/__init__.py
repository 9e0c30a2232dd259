"""The portal of tomorrow: a column more, as its own app, because its migration must never run
anywhere else.
"""

# The environment of a portal of that release.
TOMORROW = {"DJANGO_SETTINGS_MODULE": f"{__name__}.settings"}
