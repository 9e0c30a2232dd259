"""How days and times stand where a page does not say: 24/11/2026, 14:32."""
