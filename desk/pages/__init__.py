"""What the pages of the desk share: permission checks, actions under read-only pages, paging, form checks."""
