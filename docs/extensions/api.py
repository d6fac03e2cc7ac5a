"""A page for each public module, made of its docstrings; and the list of all names.

Before the build docs/api/modules gets a page for each module, with the directive `{public-module}` in it.
"""

from __future__ import annotations

import enum
import functools
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import public
from docstrings import described, link, paragraph, signature
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

entries, modules = functools.cache(public.entries), functools.cache(public.modules)
SECTIONS = {"Classes": ("class", "exception"), "Functions": ("function",), "Constants": ("data",)}


@functools.cache
def public_classes() -> dict[type, str]:
    return {entry.value: entry.full_name for entry in entries() if isinstance(entry.value, type)}


def kind(value: Any) -> str:
    if isinstance(value, type):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if callable(value) and hasattr(value, "__name__") else "data"


def shown(value: Any) -> str:
    """A constant in a line: a dict by its keys."""
    return "of " + ", ".join(f"`{key}`" for key in value) if isinstance(value, dict) else f"`{value!r}`"


class Module(SphinxDirective):
    """`{public-module} pynn.math`: its docstring, what is at home there, and the names of what is not."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.path = self.arguments[0]
        self.domain = self.env.domains.python_domain
        target = nodes.target("", "", ids=[f"module-{self.path}"])
        self.domain.note_module(self.path, target["ids"][0], "", "", False)
        self.domain.note_object(self.path, "module", target["ids"][0], location=target)
        found: list[nodes.Node] = [target, *described(inspect.getdoc(modules()[self.path]) or "")]
        for title, kinds in SECTIONS.items():
            those = [entry for entry in entries() if entry.module == self.path and kind(entry.value) in kinds]
            found += self._section(title, [node for entry in those for node in self._entry(entry)])
        elsewhere = {alias: entry.full_name for entry in entries() for alias in entry.aliases}
        for name, value in public.items(modules()[self.path]):
            if isinstance(value, ModuleType):
                elsewhere[f"{self.path}.{name}"] = value.__name__
        items = [
            nodes.list_item("", paragraph(f"`{alias.rpartition('.')[2]}`: ", link(there)))
            for alias, there in sorted(elsewhere.items())
            if alias.rpartition(".")[0] == self.path
        ]
        return found + self._section("Described elsewhere", [nodes.bullet_list("", *items)] if items else [])

    def _section(self, title: str, children: list[nodes.Node]) -> list[nodes.Node]:
        ids = [nodes.make_id(f"{self.path}-{title}")]
        return [nodes.section("", nodes.title(title, title), *children, ids=ids)] if children else []

    def _object(self, kind: str, header: str, children: list[nodes.Node]) -> list[nodes.Node]:
        """What the directive `py:kind` makes of the header, with an anchor and in the index; the children in it."""
        directive = self.domain.directive(kind)
        assert directive
        made = directive(
            f"py:{kind}", [header], {"module": self.path}, StringList(), self.lineno, self.content_offset, "",
            self.state, self.state_machine,
        ).run()  # fmt: skip
        made[-1][-1].extend(children)
        return made

    def _entry(self, entry: public.Entry) -> list[nodes.Node]:
        value, what = entry.value, kind(entry.value)
        arguments = signature(value) if what in ("class", "function") else ""
        if what == "data":
            children = [paragraph(shown(value))]
        else:
            first, _, rest = (inspect.getdoc(value) or "").partition("\n")
            # Cython's docstrings begin with the signature
            children = described(rest if first.startswith(f"{entry.name}(") else f"{first}\n{rest}", arguments)
        if isinstance(value, type):
            children += self._members(value)
        if entry.aliases:
            children.append(paragraph("Also " + ", ".join(f"`{alias}`" for alias in entry.aliases) + "."))
        made = self._object(what, entry.name + arguments, children)
        for alias in entry.aliases:
            self.domain.note_object(alias, what, made[-1][0]["ids"][0], aliased=True, location=made[-1])
        return made

    def _members(self, cls: type) -> list[nodes.Node]:
        """Its base class, and the methods and properties that the class itself defines and describes."""
        if issubclass(cls, enum.Enum):
            return [paragraph(", ".join(f"`{member.name}`" for member in cls))]
        base = next((public_classes()[base] for base in cls.__mro__[1:] if base in public_classes()), None)
        found: list[nodes.Node] = [paragraph("Base: ", link(base))] if base else []
        for name, value in vars(cls).items():
            value = value.__func__ if isinstance(value, classmethod) else value
            plain = isinstance(value, (property, functools.cached_property))
            callable_ = isinstance(value, staticmethod) or inspect.isroutine(value)
            if (name[0] == "_" and name != "__call__") or not (plain or callable_) or not value.__doc__:
                continue
            arguments = "" if plain else signature(value if isinstance(value, staticmethod) else _bound(value))
            children = described(inspect.cleandoc(value.__doc__), arguments)
            found += self._object("property" if plain else "method", f"{cls.__name__}.{name}{arguments}", children)
        return found


def _bound(function: Any) -> Any:
    """As it is called: without self."""
    return function.__get__(object()) if hasattr(function, "__get__") else function


class Names(SphinxDirective):
    """`{public-names} pynn.keras`: of this module and those under it the names, each a link, and how many they are.

    except: modules that are left out
    """

    required_arguments = 1
    option_spec: ClassVar = {"except": str.split}

    def run(self) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        for path, module in modules().items():
            if _under(path, self.arguments[0]) and not any(_under(path, o) for o in self.options.get("except", ())):
                names = [name for name, value in public.items(module) if not isinstance(value, ModuleType)]
                linked = [node for name in names for node in (link(f"{path}.{name}", name), nodes.Text(" "))]
                term = nodes.term("", "", link(path), nodes.Text(f": {len(names)}"))
                found.append(nodes.definition_list_item("", term, nodes.definition("", paragraph(*linked))))
        return [nodes.definition_list("", *found, classes=["names"])]


def _under(path: str, root: str) -> bool:
    return f"{path}.".startswith(f"{root}.")


def write_pages(app: Sphinx) -> None:
    """Those that changed; pages of modules that are gone are removed."""
    folder = Path(app.srcdir, "api", "modules")
    folder.mkdir(exist_ok=True)
    pages = {}
    for path in modules():
        inner = [
            f"{name} <{inside}>" for inside in modules() for above, _, name in [inside.rpartition(".")] if above == path
        ]
        toctree = "\n".join(["```{toctree}", ":hidden:", "", *inner, "```", ""]) if inner else ""
        pages[folder / f"{path}.md"] = f"# {path}\n\n```{{public-module}} {path}\n```\n{toctree}"
    for page in set(folder.iterdir()) - pages.keys():
        page.unlink()
    for page, text in pages.items():
        if not page.exists() or page.read_text() != text:
            page.write_text(text)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write_pages)
    app.add_directive("public-module", Module)
    app.add_directive("public-names", Names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
