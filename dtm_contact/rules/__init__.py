"""The rules that admins own: read strictly, checked whole, and applied in order; the first that holds decides."""
