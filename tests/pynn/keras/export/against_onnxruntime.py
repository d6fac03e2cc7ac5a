"""A model, and the file that it exports, which onnxruntime computes."""

import numpy as np
import onnx
import onnxruntime

import pynn as tf

R = np.random.default_rng(0)
WIDE = R.normal(0, 3, (5, 4)).astype(np.float32)
PAIR = WIDE, R.normal(size=(5, 4)).astype(np.float32)


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def check(model, *inputs, path, rows=(None, 1, 0)):
    """The file's outputs for the inputs, for one row and for none are the model's, in value, shape and dtype."""
    model.export(path, format="onnx", verbose=False)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    run = session(path)
    names = [x.name for x in run.get_inputs()]
    for n in rows:
        data = [x[:n] for x in inputs]
        structure = model._graph.inputs if model._graph else data[0]
        wanted = model(tf.nest.pack_sequence_as(structure, data), training=False)
        found = run.run(None, dict(zip(names, data, strict=True)))
        for x, y in zip(tf.nest.flatten(wanted), found, strict=True):
            assert x.shape == y.shape and x.dtype == y.dtype
            np.testing.assert_allclose(y, x, rtol=1e-5, atol=1e-5)
    return run


def drawn(layer):
    """The layer, with other weights than those of its initializers."""
    for v in layer.weights:
        v.assign(R.uniform(0.5, 1.5, v.shape).astype(v.dtype.dtype))
    return layer
