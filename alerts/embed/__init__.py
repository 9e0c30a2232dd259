"""Warnings on other sites: frames, script, oEmbed."""
