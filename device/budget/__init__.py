"""What the machine has to give, in memory and time, and what is left out when it is short."""
