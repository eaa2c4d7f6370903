"""Faces in a frame: found, aligned, cut out, and judged."""
