"""From trained weights to the int8 file that ships."""
