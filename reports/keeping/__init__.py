"""What is kept, and for how long: erasing and destroying, holds and rights, new keys, and the record
of acts, which nobody changes unseen.
"""
