"""What is measured and how: the machine, cases, checks, turns, and workers for other libraries."""
