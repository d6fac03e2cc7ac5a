# Everyday commands; each works in any activated virtual environment.
.PHONY: build test lint parity random spine mutants matrix sanitize fuzz bench size coverage bench-check readme docs notebooks links

BASE ?= HEAD~1

build:    ## compile what has changed, in place; the first time, install for development
	pip show pynn-kernels 2>/dev/null | grep -qxF 'Editable project location: $(CURDIR)' || { \
	  pip install 'setuptools>=77.0.1' 'cython>=3.1' 'numpy>=2.0' && pip install --no-build-isolation -e '.[test,lint,docs]'; }
	python setup.py --quiet build_ext --inplace

test random mutants matrix sanitize: needs-pytest
lint: needs-importlinter
coverage: needs-coverage
parity spine fuzz bench size bench-check readme notebooks: needs-pynn
docs links: needs-sphinx
needs-%:
	@python -P -c 'import $*' || { echo 'run `make build` first' >&2; exit 1; }

test:
	pytest

lint:
	ruff check .
	ruff format --check .
	cython-lint kernels
	clang-format --dry-run --Werror kernels/simd/*
	mypy kernels pynn bench
	lint-imports
	zizmor --offline --quiet --min-severity medium .github

parity:   ## files and arrays across, then random networks for 9 minutes; beside pynn it needs Keras, TensorFlow, PyTorch, JAX
	TF_CPP_MIN_LOG_LEVEL=3 python -P tests/parity/files.py
	python -P tests/parity/arrays.py
	TF_CPP_MIN_LOG_LEVEL=3 python -P tests/parity/networks.py

random:   ## the tests of random inputs, with 1000 other examples each, on each instruction set; SEED=... repeats a run
	seed=$${SEED:-$$(date +%s)}; echo "SEED=$$seed"; export HYPOTHESIS_PROFILE=long; \
	for isa in $$(python -P -c 'import kernels; print(*kernels.show_config()["instruction sets available"])'); do \
	  KERNELS_ISA=$$isa pytest tests/kernels -k "random and not other" --hypothesis-seed=$$seed || exit; done; \
	pytest tests/pynn/ops -k random --hypothesis-seed=$$seed

spine:    ## what a step of fit enters: calls, tape records, files and their lines
	python -P tests/pynn/keras/training/spine.py

mutants:  ## does a test fail for each planted fault of tests/mutants? ONLY=text: those with it in file or description
	cd tests && python -m mutants $(ONLY)

matrix:   ## the tests of each build and platform of tests/matrix/table.py that can run here; ONLY=text: those with it in group or name
	cd tests && python -m matrix $(ONLY)

sanitize: ## the rows of make matrix for builds that check themselves: bounds, addresses, undefined behaviour, threads
	cd tests && python -m matrix sanitizers

fuzz:     ## hostile files for every reader, led by coverage, in an environment with atheris; ONLY=text, SECONDS=300
	python -P tests/fuzz $(ONLY) --seconds $(or $(SECONDS),300)

bench:    ## measure everything, beside the libraries that are installed; tables, pictures and a page into pynn-bench
	pynn bench

size:     ## how large the wheel is, and how long an import takes
	python -P .ci/size.py

coverage: ## per cent of each package's lines and branches that the tests run in their own process; page in build/htmlcov
	coverage run -m pytest --ignore-glob='*/test_resources.py' --ignore-glob='*/test_spine.py'  # which measure, too
	for package in kernels pynn pynn/engine pynn/ops pynn/data pynn/keras pynn/cli pynn/plot pynn/summary pynn/support; do \
	  echo "$$package $$(coverage report --format=total --include="*/$$package/*")"; done
	coverage html --quiet --directory build/htmlcov

bench-check:  ## is the working tree slower than BASE?
	python -P -m pynn.bench.regress $(BASE)

readme:   ## measure everything, and write the tables and pictures of README.md and docs/measure/performance.md
	pynn bench
	python -P -m pynn.bench.readme pynn-bench/results.json

docs:     ## the documentation, as a site: docs/_build/html/index.html; anew, since its pages are made of sources, too
	rm -rf docs/_build/html
	python -P -m sphinx --quiet --fail-on-warning --keep-going docs docs/_build/html

links:    ## do the site's links to other places still lead somewhere? It needs the network
	python -P -m sphinx --quiet --keep-going -b linkcheck docs docs/_build/links

notebooks:  ## run the five examples, in an environment with the extra notebooks: docs/_build/notebooks/*.html
	mkdir -p docs/_build/notebooks
	for f in examples/*.md; do \
	  jupytext --quiet --to ipynb --execute $$f --output docs/_build/notebooks/$$(basename $$f .md).ipynb || exit; done
	jupyter nbconvert --log-level=ERROR --to html docs/_build/notebooks/*.ipynb
