"""What the public pages show: statistics, offices, site search, training, lookalike domains."""
