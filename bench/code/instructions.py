"""Instructions as capstone prints them, and what kind of work each is: x86-64 in Intel's syntax, and AArch64."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("fma", "vector", "scalar float", "shuffle", "load", "store", "move", "integer", "jump", "call", "other")

# Patterns of x86 mnemonics, tried in order, without the v of AVX. A suffix says what an instruction works on: packed
# (p) or scalar (s), single (s) or double (d).
_X86 = (
    ("jump", r"j\w+|ret|loop"),
    ("call", r"call"),
    ("other", r"nop|prefetch\w+|.fence|vzero\w+|endbr64|leave|push|pop|xchg|\.byte"),
    ("fma", r"fn?m(add|sub|addsub|subadd)\d{3}[ps][sd]"),
    ("move", r"k?mov(?!msk|mskp)\w*|lddqu|broadcast\w+|pbroadcast\w+|cmov\w+"),
    ("shuffle", r"p?(shuf|unpck|perm|insert|extr|align|compress|expand)\w*|movmskp[sd]|pmovmskb"),
    ("scalar float", r"(?!p)\w+(ss|sd|ss2s[di]|sd2s[si]|si2s[sd])|u?comis[sd]|cvt\w*s[sd]\w*"),
    ("vector", r"\w+p[sd]|(p?blend)\w+|cvt\w+|p(?!op|ush)\w+|ternlog\w+"),
    ("integer", r"\w+"),
)
_AARCH64 = (
    ("jump", r"b(\.\w+)?|br|ret|cbn?z|tbn?z"),
    ("call", r"blr?"),
    ("other", r"nop|prfm|dmb|bti|\.byte"),
    ("fma", r"fml[as]|fn?m(add|sub)"),
    ("load", r"ld\w+"),
    ("store", r"st\w+"),
    ("move", r"f?movi?|dup|csel"),
    ("shuffle", r"zip\d|uzp\d|trn\d|ext|tbl|ins"),
)
_SSE = re.compile(r"\b([xyz])mm\d")
_NEON = re.compile(r"\bv\d+\.(\d+)([bhsd])\b")
_ONE = re.compile(r"\d{3}s[sd]$|mov(s[sd]|[dq])$")  # of the register's elements only the first
_FLOPS = re.compile(r"v?(add|sub|mul|div|sqrt|min|max)[ps][sd]|f(add|sub|mul|div|sqrt|min|max)(nm)?")
_TARGET = re.compile(r"(?:^|, )#?(0x[0-9a-f]+|\d+)$")


@dataclass(frozen=True)
class Instruction:
    address: int
    text: str  # mnemonic and operands
    kind: str  # one of KINDS
    target: int | None = None  # of a jump or call, where it is a constant

    @property
    def mnemonic(self) -> str:
        return self.text.split()[0]

    @property
    def bits(self) -> int:
        """Of the widest register, several of whose elements it computes, loads or stores at once; 0 for all others."""
        if self.kind not in ("fma", "vector", "load", "store") or _ONE.search(self.mnemonic):
            return 0
        if neon := _NEON.search(self.text):
            return int(neon[1]) * {"b": 8, "h": 16, "s": 32, "d": 64}[neon[2]]
        return max(({"x": 128, "y": 256, "z": 512}[letter] for letter in _SSE.findall(self.text)), default=0)

    @property
    def packed(self) -> bool:
        return self.bits > 0

    def flops(self, itemsize: int) -> int:
        """Additions, multiplications and the like, one for each element; a fused multiply-add is two."""
        elements = max(1, self.bits // (8 * itemsize))
        if self.kind == "fma":
            return 2 * elements
        return elements if _FLOPS.fullmatch(self.mnemonic) else 0


def instruction(
    address: int, name: str, operands: str, aarch64: bool = False, names: Mapping[int, str] = {}
) -> Instruction:  # fmt: skip
    """name: the mnemonic, perhaps behind prefixes; names: of functions, by address."""
    name = name.split()[-1]
    kind = (_kind_aarch64 if aarch64 else _kind_x86)(name, operands)
    constant = _TARGET.search(operands) if kind in ("jump", "call") else None
    target = int(constant[1], 0) if constant else None
    if kind == "call":
        operands = names.get(target or -1, operands)
    return Instruction(address, f"{name} {operands}".rstrip(), kind, target)


def _kind_aarch64(name: str, operands: str) -> str:
    for kind, pattern in _AARCH64:
        if re.fullmatch(pattern, name):
            return kind
    if _NEON.search(operands):
        return "vector"
    return "scalar float" if re.match(r"f[a-z]|[su]cvtf", name) else "integer"


def _kind_x86(name: str, operands: str) -> str:
    floats = bool(_SSE.search(operands))
    name = name.removeprefix("v") if floats else name
    kind = next((kind for kind, pattern in _X86 if re.fullmatch(pattern, name)), "other")
    if kind in ("scalar float", "vector", "shuffle") and not floats:
        return "integer"
    if kind == "move" and "[" in operands:
        return "store" if "[" in operands.split(",")[0] else "load"
    if kind == "move" and "{k" in operands:
        return "vector"  # masked: it selects, as a blend does
    if re.fullmatch(r"p?xor(ps|pd|[dq])?", name) and len(set(operands.split(", "))) == 1:
        return "other"  # sets a register to 0
    return kind
