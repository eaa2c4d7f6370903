"""What runs on the device when a release comes: it travels in the bundle, and needs Python 3.11 alone."""
