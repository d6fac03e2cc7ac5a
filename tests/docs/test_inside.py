"""docs/inside: files that are there, and sizes that are the code's. Other numbers are read as the pages are built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs/inside").glob("*.md"))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def number(name: str, before: str) -> int:
    (found,) = set(re.findall(rf"{before}(\d+)", read(name)))
    return int(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_files_are_there(page):
    named = re.findall(r"`((?:kernels|pynn|bench|tests|docs)/[^` ]*)`", page.read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_where_things_are():
    (tree,) = re.findall(r"^```text\n(.*?)^```", read("docs/inside/index.md"), re.M | re.S)
    path: list[str] = []
    seen = set()
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for name in re.findall(r"\w+(?:/|\.pyx?)(?=\s|$)", line):
            path[depth:] = [name]
            seen.add("".join(path))
    assert {name for name in seen if not (ROOT / name).exists()} == set()
    packages = {f"{p.parent.relative_to(ROOT)}/" for p in ROOT.glob("[kpb]*/*/__init__.py")}
    assert "pynn/ops/" in packages and packages <= seen
    assert {f"kernels/{p.name}" for p in (ROOT / "kernels").glob("*.pyx")} <= seen


def test_sizes_of_products():
    page = read("docs/inside/products.md")
    vectors = [int(n) for n in re.findall(r"#define MOST_VECTORS (\d)", read("kernels/simd/gemm.inc"))]
    rows = [int(n.split(",")[-1]) for n in re.findall(r"#define MOST_ROWS \{(.*)\}", read("kernels/simd/gemm.inc"))]
    avx512, avx2 = (
        (most, count * number(f"kernels/simd/{isa}.c", "VBYTES ") // 4)
        for most, count, isa in zip(rows, vectors, ("avx512", "avx2"), strict=True)
    )
    assert avx512[0] == avx2[0]
    assert f"{avx2[0]} rows by {avx2[1]} columns with AVX2, by {avx512[1]} with AVX-512" in page
    deep = number("kernels/_plan.pxd", "SLICE_BYTES = ") // 4
    assert f"{deep * avx2[1] * 4 // 1024} KiB with AVX2, {deep * avx512[1] * 4 // 1024} KiB with AVX-512" in page
    assert f"rows: {number('kernels/_plan.pxd', ' ROWS = ') * deep * 4 // 1024} KiB" in page
    picture = read("docs/extensions/inside.py")
    assert f'"{avx2[1]} columns (AVX2)"' in picture and f'"tile: {avx2[0]} rows,"' in picture


def test_numbers_of_threads():
    page = read("docs/inside/threads.md")
    turns = number("kernels/_load.py", 'os.environ."GOMP_SPINCOUNT". = "')
    assert f"{turns:,} turns" in page
    assert f"vector ({number('kernels/simd/avx512.c', 'VBYTES ')} bytes)" in page
    assert f"registers ({number('kernels/simd/avx512.c', 'VREGS ')})" in page
