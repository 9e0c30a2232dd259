"""Work to do later: the queue in PostgreSQL, and the relay that sends it to Celery."""
