"""The real sandbox as a target, and the care that its account gets.

Every request of a run goes through one relay on a loopback port, whatever client sends it and from
however many workers. There, and nowhere else, are the login that all share, the budget of requests,
the mark on what is created, and the ledger that says what to remove.
"""
