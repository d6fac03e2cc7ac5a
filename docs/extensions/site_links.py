"""After the build: a warning for each link that leads to a file or an anchor of the site that is not there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from sphinx.application import Sphinx  # the tests need none


class Page(HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str | None] = set()
        self.links: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.anchors.update(value for name, value in attrs if name == "id")
        self.links.update(value for name, value in attrs if name in ("href", "src", "xlink:href") and value)


def broken(site: Path) -> Iterator[tuple[Path, str]]:
    """Each page and link of it that leads nowhere; links to other sites are left out."""
    pages = {path: Page(path) for path in site.resolve().rglob("*.html")}
    for path, page in pages.items():
        for link in sorted(page.links):
            url = urlsplit(link)
            there = (path.parent / unquote(url.path)).resolve() if url.path else path
            missing = url.fragment and there in pages and unquote(url.fragment) not in pages[there].anchors
            if not (url.scheme or url.netloc) and (missing or not there.is_file()):
                yield path, link


def check(app: Sphinx, error: Exception | None) -> None:
    if app.builder.name == "html" and not error:
        for path, link in broken(Path(app.outdir)):
            logging.getLogger("sphinx.links").warning("%s: nothing is at %s", path.relative_to(app.outdir), link)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
