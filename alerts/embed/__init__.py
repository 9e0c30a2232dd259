"""Warnings on other sites: frames, lines to paste, oEmbed."""
