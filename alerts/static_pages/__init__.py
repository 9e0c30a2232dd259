"""Public pages stored as files, for when the application is down."""
