"""Words, numbers, sums and weighed features of a story: the mechanisms below the facts. Pure: no Django."""
