"""How fast the fake is, beside what a test suite would use instead: `python -m benchmarks`.

Machines are noisy, so every figure that counts is a ratio: two sides take turns, round by round, in
one run, and the median of the rounds' ratios is what the aim is held against.
"""
