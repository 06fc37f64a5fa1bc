"""Facts as pictures, a file for each figure."""
