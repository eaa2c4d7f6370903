"""The audience in numbers: who was there, who watched, for how long, of what age."""
