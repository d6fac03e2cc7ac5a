# Everyday commands; each works in any activated virtual environment.
.PHONY: build test lint bench readme

build:    ## compile in place and install for development
	pip install -e '.[plot,test,lint]'

test:
	pytest

lint:
	ruff check .
	ruff format --check .
	cython-lint kernels
	mypy pynn

bench:
	pytest bench

readme:   ## measure the ladder and write its table into README.md
	python bench/ladder_table.py --readme
