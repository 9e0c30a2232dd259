"""The page of a telephone call: questions, the card of the number, what to read out, the report."""
