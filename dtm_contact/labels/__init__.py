"""Every French word and wording that agents read of what the program holds by English codes.

`judging` has what was found in a message or call, `events` what happened to its case since, `cases` the rest of what is
done with it, `formats` how times and numbers are written. A table names each member of an enumeration, or each name of
an event; what the program sends to tenants is written in `rules/answers`.
"""
