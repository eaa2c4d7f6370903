"""The edge application: frames in, one steady age a person on the picture."""

__version__ = "0.1.0"  # as in pyproject.toml; deploy/CHANGELOG.md tells what is in it
