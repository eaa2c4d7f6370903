"""The commands of `python -m device`, one a module."""
