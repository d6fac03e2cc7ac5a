"""The code side of the report: every rung of LADDER has its source, its inner loop and its reason."""

from __future__ import annotations

import re
import struct
import sys
from pathlib import Path

import pytest
from pynn.bench.code import assembly, bytecode, machine_code, reasons, sources
from pynn.bench.code.instructions import KINDS, instruction
from pynn.bench.code.loops import innermost

import kernels
from kernels.ladder import LADDER

RUNGS = [(operation, rung) for operation, rungs in LADDER.items() for rung in rungs]
COMPILED = [(operation, rung) for operation, rung in RUNGS if LADDER[operation][rung].compiled]
ISA = kernels.show_config()["instruction set"]
X86 = ISA != "baseline" or "avx2" in kernels.show_config()["instruction sets available"]

needs_elf = pytest.mark.skipif(sys.platform != "linux", reason="machine code is read from ELF files, on Linux")
needs_x86 = pytest.mark.skipif(not X86, reason="what this test expects are instructions of an x86 CPU with AVX2")


@pytest.mark.parametrize(("operation", "rung"), RUNGS)
def test_sources_stand_in_their_files(operation, rung):
    found = sources.sources(operation, rung)
    assert found
    for source in found:
        file = (Path(kernels.__file__).parents[1] / source.path).read_text().splitlines()
        lines = source.text.splitlines()
        there = file[source.line - 1 : source.line - 1 + len(lines)]
        assert [line.strip() for line in there] == [line.strip() for line in lines]
        assert re.search(rf"\b{source.title}\b", source.text)
        if source.language == "c" and not re.search(r"#define|^[A-Z]+\(", source.text, re.M):
            assert source.text.endswith("}") and source.text.count("{") == source.text.count("}") > 0
        if source.language == "python":
            compile(source.text, source.path, "exec")


def test_sources_of_known_rungs():
    def titles(operation, rung):
        return [source.title for source in sources.sources(operation, rung)]

    assert titles("dense", "naive") == [
        "naive_dense", "naive_relu", "naive_add_matrix_and_vector", "naive_matrix_dot", "naive_vector_dot",
    ]  # fmt: skip
    (typed,) = sources.sources("dot", "ijp")
    assert typed.path == "kernels/products.pyx" and typed.language == "cython"
    assert typed.text.startswith("cdef void loop_ijp(") and typed.text.endswith("c[i * rc + j] = sum")
    leaf, macro = sources.sources("relu", "simd")
    assert leaf.text.startswith("/* ")
    assert leaf.text.splitlines()[-1] == "BINARY(relu, WHERE(~(a <= 0), a, (NAME(vec)){0}))"
    assert "\n#define BINARY(name, expression)" in macro.text and macro.text.endswith("    }")


@pytest.mark.parametrize(
    ("file", "name", "count"),
    [("products.pyx", "loop_jip", 0), ("simd/gemm.inc", "no_tile", 0), ("simd/family.inc", "INTERLEAVE_LOW", 4)],
)
def test_a_definition_that_is_not_there_once_is_an_error(file, name, count):
    with pytest.raises(ValueError, match=rf"kernels/{file} holds {count} definitions of {name}.*kernels/ladder/"):
        sources.definition(file, name)


def test_a_rung_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match="LADDER has no rung 'winograd'"):
        sources.sources("dot", "winograd")


@needs_elf
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("operation", "rung"), COMPILED)
def test_every_rung_shows_an_inner_loop(operation, rung, dtype):
    loop = assembly.inner_loop(operation, rung, dtype)
    addresses = [instruction.address for instruction in loop.instructions]
    assert addresses == sorted(set(addresses)) and len(addresses) >= 3
    assert any(i.kind == "jump" and i.target in addresses for i in loop.instructions)
    assert loop.file.endswith(".so") and loop.isa == (ISA if loop.file.startswith("_simd") else "baseline")
    assert loop.counts.total() == len(loop.instructions)
    assert set(loop.counts) <= set(KINDS)
    assert loop.counts["vector"] + loop.counts["scalar float"] + loop.fma > 0
    if rung == "parallel":
        below = list(LADDER[operation])[list(LADDER[operation]).index("parallel") - 1]
        assert loop == assembly.inner_loop(operation, below, dtype)


@needs_elf
@needs_x86
@pytest.mark.parametrize(("dtype", "itemsize"), [("float32", 4), ("float64", 8)])
@pytest.mark.parametrize(("isa", "bits", "tile"), [("baseline", 128, 0), ("avx2", 256, 12), ("avx512", 512, 24)])
def test_inner_loops_of_each_instruction_set(isa, bits, tile, dtype, itemsize):
    lanes = bits // 8 // itemsize

    def loop(operation, rung):
        return assembly.inner_loop(operation, rung, dtype, isa)

    for operation in ("relu", "add", "maximum", "add_relu"):
        assert loop(operation, "simd").bits == bits and loop(operation, "typed").bits == 8 * itemsize
    assert loop("add", "simd").flops == 4 * lanes and loop("add", "simd").vector == 4
    assert loop("vector_dot", "simd").flops == 2 * 256 // itemsize
    assert loop("matrix_vector_dot", "simd").flops == 2 * 8 * lanes
    ipj = loop("dot", "simd")
    assert (ipj.bits, ipj.flops) == (bits, 2 * lanes)
    for rung in ("tiled", "blocked"):
        in_tiles = loop("dot", rung)
        assert in_tiles.fma == tile and in_tiles.vector == (tile or 24) and in_tiles.counts["store"] == 0
        assert in_tiles.flops == 2 * (tile or 12) * lanes and in_tiles.isa == isa
    assert loop("softmax", "simd").bits == bits and loop("softmax", "simd").counts["call"] == 0


@needs_elf
@needs_x86
def test_inner_loops_of_the_compiled_rungs_without_leaves():
    ijp, ipj = assembly.inner_loop("dot", "ijp"), assembly.inner_loop("dot", "ipj")
    assert (ijp.vector, ijp.fma, ijp.bits, ijp.flops) == (0, 0, 32, 2)
    assert (ipj.vector, ipj.fma, ipj.bits, ipj.flops) == (0, 0, 32, 2)
    assert ijp.strided and not ipj.strided  # down a column, along a row
    sums = assembly.inner_loop("vector_dot", "sums")
    assert (sums.vector, sums.bits, sums.flops, sums.sums) == (0, 32, 8, 4)
    for dtype, narrow in (("float32", True), ("float64", False)):
        softmax = assembly.inner_loop("softmax", "typed", dtype)
        assert softmax.counts["call"] == 1 and softmax.vector == 0
        assert any(i.mnemonic == "cvtsd2ss" for i in softmax.instructions) == narrow


@pytest.mark.parametrize("operation", LADDER)
def test_naive_has_bytecode_and_no_machine_code(operation):
    assert assembly.inner_loop(operation, "naive") is None
    turn = bytecode.bytecode(operation)
    assert "JUMP_BACKWARD" in turn.instructions[-1] and sum("JUMP_BACKWARD" in i for i in turn.instructions) == 1
    assert any(i.startswith(("BINARY_OP", "COMPARE_OP")) for i in turn.instructions)


def test_bytecode_is_that_of_the_deepest_loop():
    assert bytecode.bytecode("dense").function == bytecode.bytecode("dot").function == "naive_vector_dot"
    assert any("exp" in i for i in bytecode.bytecode("softmax").instructions)


@needs_elf
@pytest.mark.parametrize(("operation", "rung"), RUNGS)
def test_reasons_are_one_sentence(operation, rung):
    text = reasons.reason(operation, rung)
    assert text[0].isupper() and text.endswith(".") and not re.search(r"[{}]|\. |several|None", text[:-1])


def test_without_the_extra_reasons_remain(monkeypatch):
    monkeypatch.setattr(machine_code, "capstone", None)
    machine_code.functions.cache_clear()
    machine_code.disassembled.cache_clear()
    with pytest.raises(machine_code.NoAssembly, match="extra `bench`"):
        assembly.inner_loop("relu", "simd")
    assert "several" in reasons.reason("dot", "blocked")


@needs_elf
def test_a_stripped_file_says_so(monkeypatch):
    monkeypatch.setattr(machine_code, "_functions", lambda symbols: iter(()))
    machine_code.functions.cache_clear()
    with pytest.raises(machine_code.NoAssembly, match="was stripped"):
        assembly.inner_loop("relu", "simd")


def test_a_file_of_another_kind_says_so(tmp_path):
    path = tmp_path / "module.so"
    path.write_bytes(b"MZ" + bytes(100))
    with pytest.raises(machine_code.NoAssembly, match=r"module.so is not an ELF file"):
        machine_code.functions(path)


def test_unknown_names_are_errors():
    with pytest.raises(ValueError, match="float32, float64"):
        assembly.inner_loop("dot", "blocked", "float16")
    with pytest.raises(ValueError, match="avx1024"):
        assembly.inner_loop("dot", "blocked", isa="avx1024")


def test_functions_belong_to_the_file_named_before_them():
    class Symbol(dict):
        def __init__(self, kind, name, address=0, size=0):
            super().__init__(st_info={"type": kind}, st_shndx=1, st_value=address, st_size=size)
            self.name = name

    symbols = [
        Symbol("STT_FILE", "baseline.c"), Symbol("STT_FUNC", "relu_line_f32", 16, 8), Symbol("STT_FILE", "avx2.c"),
        Symbol("STT_FUNC", "relu_line_f32", 64, 9), Symbol("STT_OBJECT", "most_rows", 80, 4),
        Symbol("STT_FUNC", "imported"),
    ]  # fmt: skip
    assert list(machine_code._functions(iter(symbols))) == [
        machine_code.Function("relu_line_f32", "baseline.c", 1, 16, 8),
        machine_code.Function("relu_line_f32", "avx2.c", 1, 64, 9),
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("vfmadd231ps ymm3, ymm2, ymm1", "fma"), ("vfnmadd213pd zmm0, zmm1, ZMMWORD PTR [rax]", "fma"),
        ("mulps xmm0, xmm3", "vector"), ("vaddps ymm0, ymm1, YMMWORD PTR [rsi+rax*1]", "vector"),
        ("andnps xmm0, xmm2", "vector"), ("vpmaxsd ymm0, ymm1, ymm2", "vector"), ("cvtdq2ps xmm0, xmm1", "vector"),
        ("vblendvps ymm0, ymm4, ymm0, ymm1", "vector"), ("vmovaps zmm0{k1}{z}, zmm4", "vector"),
        ("mulss xmm0, DWORD PTR [r14]", "scalar float"), ("comiss xmm1, xmm0", "scalar float"),
        ("cvtss2sd xmm0, xmm0", "scalar float"), ("cvttsd2si rax, xmm0", "scalar float"),
        ("shufps xmm2, xmm0, 0x55", "shuffle"), ("vunpckhps xmm2, xmm1, xmm0", "shuffle"),
        ("movups xmm0, XMMWORD PTR [rdx+rax*1]", "load"), ("vbroadcastss ymm2, DWORD PTR [rbx]", "load"),
        ("movsxd rax, DWORD PTR [r12+rdx*1]", "load"), ("vmovups YMMWORD PTR [rdx+rax*1], ymm0", "store"),
        ("vmovntps YMMWORD PTR [rdx], ymm0", "store"), ("movaps xmm2, xmm0", "move"), ("mov rcx, rax", "move"),
        ("pxor xmm1, xmm1", "other"), ("vxorps xmm1, xmm1, xmm1", "other"), ("vzeroupper", "other"),
        ("nop WORD PTR [rax+rax*1+0x0]", "other"), ("prefetcht0 BYTE PTR [rax]", "other"), ("push r15", "other"),
        ("add rax, 0x10", "integer"), ("lea r9, [rax+0x1]", "integer"), ("popcnt eax, ebx", "integer"),
        ("korw k1, k1, k0", "integer"), ("jne 73af", "jump"), ("ret", "jump"), ("call 30b0", "call"),
    ],
)  # fmt: skip
def test_kinds_of_x86_instructions(text, kind):
    name, _, operands = text.partition(" ")
    assert instruction(0, name, operands).kind == kind


# ldr q0, [x1], #16; fmla v1.4s, v0.4s, v2.4s; fadd v3.2d, v3.2d, v1.2d; fmadd s0, s1, s2, s0; fmul s0, s1, s2;
# str q0, [x2], #16; subs x3, x3, #1; b.ne to the first; ret
AARCH64 = [0x3CC10420, 0x4E22CC01, 0x4E61D463, 0x1F020020, 0x1E220820, 0x3C810440, 0xF1000463, 0x54FFFF21, 0xD65F03C0]


def test_aarch64_is_read_too():
    code = list(machine_code.decoded(struct.pack("<9I", *AARCH64), 0x40, "EM_AARCH64"))
    kinds = ["load", "fma", "vector", "fma", "scalar float", "store", "integer", "jump", "jump"]
    assert [instruction.kind for instruction in code] == kinds
    assert innermost(code) == [tuple(code[:-1])]
    loop = assembly.Loop("f", "f.so", "baseline", "float32", tuple(code[:-1]))
    assert (loop.fma, loop.vector, loop.bits, loop.flops) == (2, 2, 128, 8 + 2 + 2 + 1 + (4 - 2))


def test_a_machine_that_is_not_known_says_so():
    with pytest.raises(machine_code.NoAssembly, match="instructions of RISCV are not read here"):
        list(machine_code.decoded(bytes(4), 0, "EM_RISCV"))


def made(*lines):
    """Instructions one byte apart from text."""
    return [instruction(i, *line.partition(" ")[::2]) for i, line in enumerate(lines)]


def addresses(loops):
    return sorted([instruction.address for instruction in loop] for loop in loops)


def test_a_loop_inside_a_loop_is_the_inner_one():
    code = made("xor eax, eax", "add rax, 1", "cmp rax, rbx", "jne 1", "cmp rcx, rdx", "jne 0", "ret")
    assert addresses(innermost(code)) == [[1, 2, 3]]


def test_a_loop_entered_in_its_middle_is_whole():
    code = made("jmp 2", "add rax, 1", "cmp rax, rbx", "jne 1", "ret")
    assert addresses(innermost(code)) == [[1, 2, 3]]


@pytest.mark.parametrize("padding", ["nop dword ptr [rax]", "nop word ptr cs:[rax + rax]", "xchg ax, ax"])
def test_padding_before_a_loop_is_no_way_into_it(padding):
    code = made("jmp 3", padding, "add rax, 1", "cmp rax, rbx", "jne 2", "ret")
    assert addresses(innermost(code)) == [[2, 3, 4]]


def test_a_loop_has_its_distant_part_and_not_what_lies_between():
    code = made("cmp rax, rbx", "je 5", "add rax, 1", "jne 0", "ret", "sub rax, 1", "jmp 2")
    assert addresses(innermost(code)) == [[0, 1, 2, 3, 5, 6]]


def test_exits_and_cases_of_a_switch_belong_to_no_loop():
    code = made("jmp rax", "test rax, rax", "je 5", "cmp rax, rbx", "jne 1", "ret", "add rcx, 1", "jne 6", "ret")
    assert addresses(innermost(code)) == [[1, 2, 3, 4], [6, 7]]
