"""LADDER: operation -> {name: Rung}, slowest first. Tests, benchmarks and tables are generated from it.

The functions of one operation take the same arguments; those of `rmsprop_update` change w and v in place, the others
return a result. Each rung makes one change to the one below it:
naive       pure Python loops
lists       the same loops on Python's lists and floats
rows        Python loops over rows, on which NumPy works
typed       the naive loops with C types, compiled without vectors; in matrix products the loop order i-j-p: `ijp`
branchless  a look-up where relu and maximum branch
sums        several sums, so that an addition does not wait for the one before
ipj         loop order i-p-j: the inner loop runs along rows
simd        the widest vectors of this CPU, chosen at import
fused       add_relu in one pass instead of two
batched     softmax's exponentials of many rows in one loop
streaming   results written past the caches, where arrays exceed them
tiled       a tile of the result in registers
blocked     blocks that fit the caches
packed      copies of blocks whose rows lie far apart
parallel    OpenMP threads share out the result
sparse      zeros of the left operand are skipped, where there are many
The last rung of each operation is the public one. A new rung is one record in the file of its operation.
"""

from __future__ import annotations

from .elementwise import ELEMENTWISE
from .products import PRODUCTS
from .rung import Rung
from .softmax import SOFTMAX
from .updates import UPDATES

__all__ = ["LADDER", "Rung"]

LADDER: dict[str, dict[str, Rung]] = {**ELEMENTWISE, **PRODUCTS, **SOFTMAX, **UPDATES}
