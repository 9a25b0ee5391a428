"""The law on personal data: what is kept for how long, and what one person may ask for."""
