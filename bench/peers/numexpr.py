"""numexpr: one expression per pass over the arrays; NumPy does what an expression cannot say. It has no products.

Its maximum(x, y) of float32 computes in float64, as would float64 scalars: hence `where`, and float32(scalar). Where
one side is 0, a product with the condition takes a third of the time of `where`, whose branch is hard to foretell.
"""

from __future__ import annotations

from numpy import float32

from .calls import Calls


class Numexpr(Calls):
    def __init__(self, threads: int) -> None:
        import numexpr
        from numexpr import evaluate  # it finds an expression's names in its caller

        def softmax(x):
            largest = x.max(axis=-1, keepdims=True)  # noqa: F841
            z = evaluate("exp(x - largest)")
            total = z.sum(axis=-1, keepdims=True)  # noqa: F841
            return evaluate("z / total", out=z)

        def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
            rate, kept, rest, small = map(float32, (learning_rate, rho, 1 - rho, epsilon))  # noqa: RUF059
            evaluate("kept * v + rest * g * g", out=v)
            evaluate("w - rate * g / sqrt(v + small)", out=w)

        numexpr.set_num_threads(threads)
        self.version = f"numexpr {numexpr.__version__}"
        self.functions = {
            "relu": lambda x: evaluate("x * (x > 0)"),
            "add": lambda x, y: evaluate("x + y"),
            "add_matrix_and_vector": lambda x, y: evaluate("x + y"),
            "maximum": lambda x, y: evaluate("where(x > y, x, y)"),
            "add_relu": lambda x, y: evaluate("(x + y) * (x + y > 0)"),  # it computes the sum once
            "softmax": softmax,
            "rmsprop_update": rmsprop_update,
        }
