"""The picture as a page in the browser."""
