"""Puts the application on Raspberry Pis, and looks after it there."""
