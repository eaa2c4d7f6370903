"""The edge application: frames in, one steady age a person on the picture."""

__version__ = "0.2.0"  # as in pyproject.toml; deploy/CHANGELOG.md tells what is in it
