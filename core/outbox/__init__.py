"""Work that is owed: the queue in PostgreSQL, and the relay that gives it to Celery."""
