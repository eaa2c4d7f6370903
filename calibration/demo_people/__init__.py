"""The drawn people of the demo scene."""
