"""The estate and its people: the landlord's CSV files, checked, and a fast look-up over them."""
