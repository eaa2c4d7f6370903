"""What this computer is: its processor, its temperature, and how much memory libraries take."""
