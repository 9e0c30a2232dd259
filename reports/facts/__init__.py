"""One report as it stands: all that was told, also without what says whose it is, what holds of it, and
what marks it as a machine's or a crowd's.
"""
