"""Proofs: long trials of the whole program, each with a ledger. `python -m tests.prove`; `docs/proofs.md`."""
