# The tail is missed.
#
# sum_of_squares(x) takes eight elements at a time, as a loop of SIMD instructions does:
# eight sums run side by side, and are added at the end. Mend it for vectors of any
# length; keep the eight sums.

import numpy as np


def sum_of_squares(x):
    sums = np.zeros(8, x.dtype)
    for i in range(0, len(x) - 7, 8):
        sums += x[i : i + 8] * x[i : i + 8]
    return sums.sum()
