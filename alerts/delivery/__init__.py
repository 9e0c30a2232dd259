"""Deliveries of warnings to partners and subscribers, by webhook and e-mail."""
