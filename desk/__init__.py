"""All that a member of staff sees: the admin site, its pages, forms, filters and labels."""
