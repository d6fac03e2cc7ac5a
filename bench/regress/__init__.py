"""`python -P -m pynn.bench.regress REVISION`: is the working tree slower than a revision? The exit code tells.

builds.py    both kernels, built alike      side.py     one of them in a process of its own
pairs.py     both sides in turns            verdicts.py   what the times say
__main__.py  the command
"""
