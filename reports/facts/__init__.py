"""One report as it stands: merged with follow-ups, corrected; whether it counts in public."""
