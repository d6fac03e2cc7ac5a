"""`python -P -m pynn.bench.regress REVISION`: is the working tree slower than a revision? The exit code tells."""
