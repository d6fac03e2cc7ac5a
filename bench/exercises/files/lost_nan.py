# A NaN is lost.
#
# relu(x) is to give what np.maximum(x, 0) gives for any array of floats, bit for bit:
# a NaN says that something went wrong before, and must not become a harmless 0.
# Mend it without calling np.maximum, so that you see what a comparison with NaN says.

import numpy as np


def relu(x):
    return np.where(x > 0, x, x.dtype.type(0))
