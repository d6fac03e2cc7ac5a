# Everyday commands; each works in any activated virtual environment.
.PHONY: build test lint parity bench bench-check readme

BASE ?= HEAD~1

build:    ## compile in place and install for development
	pip install -e '.[test,lint]'

test:
	pytest

lint:
	ruff check .
	ruff format --check .
	cython-lint kernels
	mypy pynn

parity:   ## files across, in an environment that has Keras with TensorFlow beside pynn
	TF_CPP_MIN_LOG_LEVEL=3 python -P tests/pynn/keras_files/parity.py

bench:    ## measure everything, beside the libraries that are installed; tables, pictures and a page into pynn-bench
	pynn bench

bench-check:  ## is the working tree slower than BASE?
	python -P -m pynn.bench.regress $(BASE)

readme:   ## measure everything, and write the tables and pictures of README.md
	pynn bench
	python -P -m pynn.bench.readme pynn-bench/results.json
