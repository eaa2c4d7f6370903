"""The notice for the door: what people are told before the camera sees them."""
