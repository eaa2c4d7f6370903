"""Faces of known age: read, cut, augmented, dealt into batches."""
