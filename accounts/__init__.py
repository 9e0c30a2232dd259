"""Officers: log-in, roles, sessions, second factor."""
