"""What is promised, measured: each module prints a table and says whether its promise holds.

`python -m benchmarks` runs all; `python -m benchmarks.<module>` one. README.md tells what was measured.
"""
