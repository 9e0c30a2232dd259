"""What two officers confirmed, for programs of others: lists, TAXII, a MISP feed."""
