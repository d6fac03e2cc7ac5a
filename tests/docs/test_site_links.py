"""The check of the site's own links, which ends `make docs`: docs/extensions/site_links.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs/extensions"))

from site_links import broken


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "style.css").touch()
    right = "#here", "inner/b.html#there", "style.css?v=1", "https://elsewhere.org/a", "mailto:a@b.org"
    wrong = ["#there", "b.html", "inner", "inner/b.html#here"]
    links = "".join(f'<a href="{link}">' for link in (*right, *wrong))
    (tmp_path / "a.html").write_text(f'<h1 id="here">{links}<img src="none.svg">')
    (tmp_path / "inner/b.html").write_text('<a id="there" href="../a.html#here">')
    assert sorted(link for _, link in broken(tmp_path)) == sorted([*wrong, "none.svg"])
