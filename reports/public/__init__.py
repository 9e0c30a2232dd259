"""What the public pages show: statistics, institutions, site search, training, lookalike domains."""
