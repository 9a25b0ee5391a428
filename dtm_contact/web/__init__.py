"""The agents' desk: pages over the store, in a process of its own, which reads by itself and has the daemon write.

`supervisor`, which the daemon uses, is imported from there: the desk's own process does not need it.
"""
