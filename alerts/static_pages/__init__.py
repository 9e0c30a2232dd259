"""Public pages kept as files, for when the application is down."""
