"""From a frame to the persons in it; it alone joins tracks and ages."""
