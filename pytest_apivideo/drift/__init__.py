"""Reports of what tests observed on a target, and the comparison of two reports."""
