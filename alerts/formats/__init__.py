"""Warnings rendered for people, programs and paper."""
