# Everyday commands; each works in any activated virtual environment.
.PHONY: build test lint parity bench bench-check readme

BASE ?= HEAD~1

# what pip wrote when it installed this folder for development in this environment
INSTALLED := $(or $(shell python -P -c "from importlib.metadata import files; print(*(f.locate() for f in \
  files('pynn-kernels') if f.name == 'direct_url.json' and '\"editable\": true' in (text := f.read_text()) \
  and 'file://$(CURDIR)\"' in text))" 2>/dev/null),none)

build: $(INSTALLED)  ## compile what changed, in place; the first time, install for development
	python setup.py --quiet build_ext --inplace

$(INSTALLED): pyproject.toml
	python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')" \
	  | pip install -r /dev/stdin
	pip install --no-build-isolation -e '.[test,lint]'

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
