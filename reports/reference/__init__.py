"""Tables from data files: communes, offices, units."""
