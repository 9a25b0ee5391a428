"""The text of scanned letters: asked for in `reader`, recognised by Tesseract in processes of their own, `served`."""
