"""Default formats of dates and times: 24/11/2026, 14:32."""
