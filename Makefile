# Everyday commands; each works in any activated virtual environment.
.PHONY: build test lint bench peers readme

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

peers:    ## against NumPy, PyTorch, JAX and Keras, those that are installed
	python bench/peers_kernels.py
	python bench/overhead.py
	python bench/peers_training.py
	python bench/whole_process.py

readme:   ## measure the ladder and write its table into README.md
	python bench/ladder_table.py --readme
