"""Mechanisms that know no user of theirs: keys, text, outbox, audit log, rate limits, storage."""
