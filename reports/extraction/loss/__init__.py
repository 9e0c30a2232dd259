"""How much money was lost, and how."""
