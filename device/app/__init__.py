"""The application: all parts opened, run and closed."""
