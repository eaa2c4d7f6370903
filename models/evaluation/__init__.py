"""The shipped file's errors, and those of others."""
