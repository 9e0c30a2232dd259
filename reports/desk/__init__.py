"""What officers work with: many reports at once, replies, papers, sheets, searches, reading again,
alarms, and the tables that the desk looks after.
"""
