"""The field test: what the installed kiosk sees of people, step by step, and what is to be mended."""
