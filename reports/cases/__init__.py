"""The officers' work on a report: transitions, deadlines, routing, replies, holds, papers."""
