"""Reports of one scheme: matching, grouping by machine and by hand, bursts, clustering."""
