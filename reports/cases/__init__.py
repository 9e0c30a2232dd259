"""Officers' work on a report: transitions, deadlines, routing, replies, holds, documents."""
