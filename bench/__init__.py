"""Benchmarks: what the machine can do, what each rung and library makes of it, and how sure that is.

measure/    what is measured and how: the machine's limits, cases, checks, turns, workers for other libraries
peers/      the operations in other libraries          training/   the network in them, epochs, whole processes
results/    what was measured: its file, ratios and verdicts, tables, comparison of two files
own/        a function of the user's among them        exercises/  kernels to mend
code/       a rung's source, its machine code, why it is faster
report/     pictures and the HTML page
plan.py     what a run measures     suites.py   measures it     network.py  the network that is trained, and its data
command.py  `pynn bench`            explain.py  `pynn explain`
regress/, readme.py, test_ladder.py: for this repository's own use. The folder is installed as `pynn.bench`.
"""
