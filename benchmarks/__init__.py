"""What the program costs, measured; scripts, each to be run by itself or by `make bench`."""
