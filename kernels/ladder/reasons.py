"""Sentences that the rungs of several operations share: why a rung is faster than the one below."""

NAIVE_IDEA = "pure Python loops"
LISTS_IDEA = "Python's lists and floats instead of arrays"
TYPED_IDEA = "C types instead of Python objects"
SIMD_IDEA = "the widest vectors of this CPU"
PARALLEL_IDEA = "threads share out the result"

THREADS = "_threads.pyx:team", "_threads.pyx:share"  # how many, and how the parts reach them

NAIVE = (
    "The yardstick: for each turn of the inner loop the interpreter goes through {bytecodes} bytecodes, makes an "
    "object of every number and looks up its type again"
)
LISTS = (
    "A list holds the objects that an array makes anew for each element it is asked for, and finds them by their place "
    "alone, not by NumPy's general way of indexing"
)
TYPED = (
    "C types turn the {bytecodes} bytecodes and the objects of a turn into {instructions} machine instructions on the "
    "array's own memory"
)
VECTORS = "The same loop in vectors: with {isa}, an instruction works on {lanes} elements instead of one"


def parallel(part: str, whole: str, memory: str = "") -> str:
    """`part`: what each thread has to itself; `whole`: what may be too small to be shared out."""
    return (
        f"The same inner loop runs on more than one core, each with {part}; {whole} too small to pay for waking a "
        f"thread stays on one and gains nothing{memory}"
    )
