import numpy as np


def sum_of_squares(x):
    sums = np.zeros(8, x.dtype)
    for i in range(0, len(x) - 7, 8):
        sums += x[i : i + 8] * x[i : i + 8]
    rest = x[len(x) - len(x) % 8 :]
    sums[: len(rest)] += rest * rest
    return sums.sum()
