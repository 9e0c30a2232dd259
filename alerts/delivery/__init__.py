"""Subscriptions and partners: e-mail, webhooks, tries and receipts."""
