"""Sphinx's settings: `make docs` builds the site into docs/_build/html, and takes each warning as an error."""

import sys
from pathlib import Path

from pynn.support.version import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "kernels and pynn"
author = copyright = "the pynn-kernels authors"
release = version = __version__

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_design", "api", "inside", "lessons", "site_links"]
exclude_patterns = ["_build", "extensions"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True
smartquotes = False
add_module_names = False
python_display_short_literal_types = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"top_of_page_buttons": []}  # else a link to the source of each page
html_copy_source = False
