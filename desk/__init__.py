"""The staff's side: admin site, pages, forms, filters and labels."""
