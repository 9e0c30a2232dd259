"""An app under which a web process dies once, right after a COMMIT: fatal_settings.py adds it."""
