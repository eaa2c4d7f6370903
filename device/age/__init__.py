"""From crops of a face to one steady age."""
