"""The forms of a warning: CAP, feeds, page, poster, print, share image."""
