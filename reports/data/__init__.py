"""Data files of the reports: words, phrases, codes, offices, communes; trained weights."""
