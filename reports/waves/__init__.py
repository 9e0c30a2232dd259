"""Many reports that are one campaign: what ties them, what people merge and split, what it amounts
to; and where more comes in than usual.
"""
