"""The pages of reports: list, page of one report, actions, forms."""
