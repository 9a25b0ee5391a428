"""Every French word and wording that agents read of what the program holds by English codes.

`judging` has what was found in a message or call, `cases` what happened since and who did it, `formats` how times and
numbers are written. A table names each member of an enumeration, or each name of an event; what the program sends to
tenants is written in `rules/answers`.
"""
