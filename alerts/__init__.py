"""Official warnings: write, issue, render, deliver."""
