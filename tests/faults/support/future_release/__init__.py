"""The portal of tomorrow: a column more, as its own app, because its migration must never run
anywhere else.
"""
