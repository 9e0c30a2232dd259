"""What a resident does here: report, add with the code, follow, dispute a number, fetch a lost code;
what is posted for it, and what is answered.
"""
