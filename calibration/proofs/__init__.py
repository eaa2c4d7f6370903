"""Whether the shipped faces are good enough, and for what."""
