"""Working days, days off and the rules of deadlines."""
