"""`python -m dtm_contact`: the same as `dtm-contact`."""

from dtm_contact.cli import main

main()
