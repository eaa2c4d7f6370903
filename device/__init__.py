"""The edge application: frames in, one steady age a person on the picture."""
