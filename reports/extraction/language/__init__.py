"""Words, numbers, sums and scored features of a story. Pure: no Django."""
