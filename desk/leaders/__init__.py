"""The leaders' page: a week or a month beside the one before."""
