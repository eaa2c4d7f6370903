"""What happened, for other programs: events and traces as lines of JSON."""
