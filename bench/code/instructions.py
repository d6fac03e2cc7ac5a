"""Instructions as objdump prints them, and what kind of work each is: x86-64 in Intel's syntax, and AArch64."""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = ("fma", "vector", "scalar float", "shuffle", "load", "store", "move", "integer", "jump", "call", "other")
MACHINES = {"elf64-x86-64": "x86-64", "elf64-littleaarch64": "aarch64"}  # objdump's name of a file's format -> ours

_PREFIX = re.compile(r"^((cs|data16|repz?|notrack|bnd|lock) )+")
_LINE = re.compile(r"^\s*([0-9a-f]+):\t(\S.*)$")
_TARGET = re.compile(r"\b([0-9a-f]+) <([^>+]+)[^>]*>")

# Patterns of x86 mnemonics, tried in order, without the v of AVX. A suffix says what an instruction works on: packed
# (p) or scalar (s), single (s) or double (d).
_X86 = (
    ("jump", r"j\w+|ret|loop"),
    ("call", r"call"),
    ("other", r".*nop.*|prefetch\w+|.fence|vzero\w+|endbr64|leave|push|pop|xchg"),
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
    ("other", r"nop|prfm|dmb|bti"),
    ("fma", r"fml[as]|fn?m(add|sub)"),
    ("load", r"ld\w+"),
    ("store", r"st\w+"),
    ("move", r"f?movi?|dup|csel"),
    ("shuffle", r"zip\d|uzp\d|trn\d|ext|tbl|ins"),
)
_SSE = re.compile(r"\b([xyz])mm\d")
_NEON = re.compile(r"\bv\d+\.(\d+)([bhsd])\b")
_FLOPS = re.compile(r"v?(add|sub|mul|div|sqrt|min|max)[ps][sd]|f(add|sub|mul|div|sqrt|min|max)(nm)?")


@dataclass(frozen=True)
class Instruction:
    address: int
    text: str  # mnemonic and operands, without encoding and comment
    kind: str | None  # one of KINDS; None on a machine that is not known here
    target: int | None = None  # of a jump, where it is a constant

    @property
    def mnemonic(self) -> str:
        return self.text.split()[0]

    @property
    def packed(self) -> bool:
        """Does it compute, load or store several elements of a register at once?"""
        if self.kind not in ("fma", "vector", "load", "store"):
            return False
        if _NEON.search(self.text):
            return True
        return bool(_SSE.search(self.text)) and not re.search(r"\d{3}s[sd]$|mov(s[sd]|[dq])$", self.mnemonic)

    @property
    def bits(self) -> int:
        """Of the widest register that it works on so; 0 for all others."""
        if not self.packed:
            return 0
        if neon := _NEON.search(self.text):
            return int(neon[1]) * {"b": 8, "h": 16, "s": 32, "d": 64}[neon[2]]
        return max({"x": 128, "y": 256, "z": 512}[letter] for letter in _SSE.findall(self.text))

    def flops(self, itemsize: int) -> int:
        """Additions, multiplications and the like, one for each element; a fused multiply-add is two."""
        elements = max(1, self.bits // (8 * itemsize))
        if self.kind == "fma":
            return 2 * elements
        return elements if _FLOPS.fullmatch(self.mnemonic) else 0


def kind_of(text: str, machine: str) -> str | None:
    """The kind of one instruction; None on a machine that is not known here."""
    name, _, operands = text.partition(" ")
    floats = bool(_SSE.search(operands))
    if machine == "aarch64":
        for kind, pattern in _AARCH64:
            if re.fullmatch(pattern, name):
                return kind
        if _NEON.search(operands):
            return "vector"
        return "scalar float" if re.match(r"f[a-z]|[su]cvtf", name) else "integer"
    if machine != "x86-64":
        return None
    name = name.removeprefix("v") if floats else name
    kind = next((kind for kind, pattern in _X86 if re.fullmatch(pattern, name)), "other")
    if kind in ("scalar float", "vector", "shuffle") and not floats:
        return "integer"
    if kind == "move" and "[" in operands:
        return "store" if "[" in operands.split(",")[0] else "load"
    if kind == "move" and "{k" in operands:
        return "vector"  # masked: it selects, as a blend does
    if re.fullmatch(r"p?xor(ps|pd|[dq])?", name) and len(set(operands.split(","))) == 1:
        return "other"  # the idiom that clears a register
    return kind


def parse(listing: str) -> list[Instruction]:
    """The instructions of a listing by `objdump -d`, whose second line names the format."""
    form = re.search(r"file format (\S+)", listing)
    machine = MACHINES.get(form[1], form[1]) if form else ""
    instructions = []
    for line in listing.splitlines():
        if not (found := _LINE.match(line)):
            continue
        text, _, comment = found[2].partition(" #" if machine == "x86-64" else "//")
        text = _PREFIX.sub("", " ".join(text.split()))
        kind, target = kind_of(re.sub(r" <.*", "", text), machine), None
        if to := _TARGET.search(text):
            target = int(to[1], 16) if kind == "jump" else None
            text = _TARGET.sub(r"\1" if kind == "jump" else r"\2", text)
        elif kind == "call" and (to := _TARGET.search(comment)):
            text = f"{text.split()[0]} {to[2]}"
        instructions.append(Instruction(int(found[1], 16), text, kind, target))
    return instructions
