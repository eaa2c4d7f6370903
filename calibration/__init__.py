"""The representative faces that fix the age network's int8 ranges; programs that make and judge them."""
