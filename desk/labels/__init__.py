"""What the desk calls things: codes, dates and claims in, Vietnamese words out."""
