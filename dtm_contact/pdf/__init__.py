"""The words of PDFs: asked for in `reader`, read in a process of its own, `served`. Whoever sends one is a stranger."""
