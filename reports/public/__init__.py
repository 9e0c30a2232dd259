"""What the portal says to everybody: of numbers, in figures, in sentences that officers have
confirmed; and what must be known before it does.
"""
