"""Who works at the desk: accounts and second factors, sessions and locks, units, who may see and do
what, and the days and clocks by which it is done.
"""
