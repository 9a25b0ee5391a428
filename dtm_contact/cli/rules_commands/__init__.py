"""The commands under `dtm-contact rules`, a module each."""
