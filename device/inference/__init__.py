"""Model files, and the interpreters that run them."""
