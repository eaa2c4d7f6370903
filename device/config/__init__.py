"""The settings: what there is, and how file and command line are read."""
