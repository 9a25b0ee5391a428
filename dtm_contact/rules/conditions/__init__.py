"""The conditions, a module for each thing that they look at; a module put here is found by itself."""
