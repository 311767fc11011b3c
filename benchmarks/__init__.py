"""What the portal's speed, memory and accuracy are measured with; ``make bench`` writes docs/benchmarks.md.

Nothing here is part of the portal, and CI does not run it: times mean something on a quiet machine only.
"""
