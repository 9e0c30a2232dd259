"""Queue statistics and alarms."""
