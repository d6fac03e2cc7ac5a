"""Sphinx's settings: `make docs` builds the site into docs/_build/html, and takes each warning as an error."""

from pynn.support.version import __version__

project = "kernels and pynn"
author = "the pynn-kernels authors"
release = version = __version__

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_design"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = project
