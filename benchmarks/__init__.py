"""Benchmarks of the fake against a stock pytest-httpserver: `python -m benchmarks`.

Machines are noisy, so the two sides take turns, round by round, in one run, and the figure to
judge by is the median of the rounds' ratios.
"""
