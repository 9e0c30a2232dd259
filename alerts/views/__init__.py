"""Answers: pages for people, frames for other sites, formats for programs."""
