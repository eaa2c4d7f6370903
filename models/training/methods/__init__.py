"""The losses of the field, one family a file: pure functions of tensors, for any scalar with a range."""
