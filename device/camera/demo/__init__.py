"""The built-in demo: drawn people who walk before a drawn camera."""
