"""Reading what people write: words, sums, numbers and names in a story, each with the place where it
stands. Pure: no Django, and no other room.
"""
