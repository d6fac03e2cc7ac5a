"""`tf.distribute` with real ranks: the numbers of one process, one voice, and an end for all."""

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pynn as tf
from pynn import keras

PROGRAM = Path(__file__).with_name("same_losses.py")
MPIRUN = Path(sys.executable).with_name("mpirun")  # of the package mpich
START = """
import os, signal, sys
import numpy as np
import pynn as tf
from pynn import keras
strategy = tf.distribute.MultiWorkerMirroredStrategy()
rank = strategy.cluster_resolver.task_id
x = np.random.default_rng(0).random((40, 3), np.float32)
y = x.sum(1, keepdims=True)
def made(outputs=1, **compiled):
    keras.utils.set_random_seed(1)
    with strategy.scope():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(outputs)])
        model.compile("sgd", "mse", **compiled)
    return model
"""


def run(ranks, program, *arguments, code=0, **environment):
    """What a job prints to stdout and to stderr; it ends with this exit code."""
    program = [sys.executable, "-P", *(["-c", START + program] if isinstance(program, str) else [program])]
    start = [MPIRUN, "-n", str(ranks)] if ranks else []
    ended = subprocess.run(
        [*start, *program, *map(str, arguments)], capture_output=True, text=True, timeout=120,
        env={name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"} | environment,
    )  # fmt: skip
    assert ended.returncode == code, ended.stderr
    return ended.stdout, ended.stderr


def numbers(value):
    """All numbers of nested lists and dicts."""
    if isinstance(value, dict):
        value = list(value.values())
    return [n for item in value for n in numbers(item)] if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    path = tmp_path_factory.mktemp("alone") / "found.json"
    run(0, PROGRAM, path)
    return json.loads(path.read_text())


@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_find_what_one_process_finds(alone, ranks, tmp_path):
    """Losses of each batch, metrics, History, weights, evaluate and predict, where shards differ and some are empty."""
    found = []
    for path in [tmp_path / "1.json", tmp_path / "2.json"][: ranks - 1]:
        run(ranks, PROGRAM, path)
        found.append(path.read_text())
    assert len(set(found)) == 1  # of 3 ranks, the same bits twice
    for name, each in json.loads(found[0]).items():
        for part in each:
            ours, theirs = numbers(each[part]), numbers(alone[name][part])
            np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-5, err_msg=f"{name}: {part}")
    assert len(found[0]) > 10_000


def test_rank_0_alone_prints_logs_and_saves(tmp_path):
    said, _ = run(3, """
os.chdir(sys.argv[1])
files = [
    keras.callbacks.CSVLogger(f"log{rank}.csv"),
    keras.callbacks.ModelCheckpoint(f"best{rank}.weights.npz", "loss", save_weights_only=True),
    keras.callbacks.BackupAndRestore(f"state{rank}", delete_checkpoint=False),
]
model = made(metrics=["mae"])
model.summary()
model.fit(x, y, epochs=2, verbose=2, callbacks=files)
model.evaluate(x, y, verbose=2)
model.predict(x, verbose=2)
assert strategy.num_replicas_in_sync == 3 and strategy.cluster_resolver.task_type == "worker"
""", tmp_path)  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best0.weights.npz", "log0.csv", "state0"]
    assert said.count("Epoch 2/2") == 1 and said.count("Total params") == 1
    assert said.count("loss:") == 3 and said.count("mae:") == 3


def test_ranks_start_alike_and_stop_together():
    """Weights, random numbers and a callback's wish may differ before; each reads its own rows alone."""
    said, _ = run(3, """
class Rows(np.memmap):
    pass
class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == rank == 1
class StopSoon(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.stop_training = True
made().fit(x, y, batch_size=4, verbose=0, callbacks=[StopSoon()] if rank == 1 else [])
model = made()
model.set_weights([w + rank for w in model.get_weights()])
tf.random.set_seed(rank)
x[(rank + 1) * 13 :] = x[: rank * 13] = np.nan  # rows of others
y[(rank + 1) * 13 :] = y[: rank * 13] = np.nan
stop = [Stop()] if rank == 1 else []
history = model.fit(x[:39], y[:39], batch_size=39, epochs=5, shuffle=False, verbose=0, callbacks=stop)
assert len(history.epoch) == 2 and np.isfinite(history.history["loss"]).all()
made().fit(np.ones((40, 3)), np.ones((40, 1)), verbose=0)
assert len(set(strategy._world.allgather((float(tf.random.normal(())), model.weights[0].numpy().tobytes())))) == 1
print("done")
""")  # fmt: skip
    assert said.count("done") == 3


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("raise ValueError('a fault')", 1, ["rank 1 of 2 on", "ValueError: a fault"]),
        ("sys.exit('no such file')", 1, ["no such file", "rank 1 on", "has ended its program"]),
        ("os.kill(os.getpid(), signal.SIGKILL)", 9, ["PID", "signal 9"]),
    ],
)
def test_a_rank_that_dies_ends_the_job(how, code, words):
    said = "".join(run(2, f"""
class Die(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == rank == 1:
            {how}
made().fit(x, y, epochs=100, verbose=0, callbacks=[Die()])
""", code=code))  # fmt: skip
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("made().fit(x, y, batch_size=12 + rank)", "The ranks differ in batch_size: 12 on rank 0, 13 on rank 1"),
        ("made().fit(x[rank * 20 :], y[rank * 20 :])", "differ in steps: (2, None) on rank 0, (1, None) on rank 1"),
        ("made().evaluate(x[rank * 20 :], y[rank * 20 :])", "differ in steps: 2 on rank 0, 1 on rank 1"),
        (
            "model = made()\nmodel.evaluate(x, y) if rank else model.fit(x, y)",
            "differ in call: fit on rank 0, evaluate on rank 1",
        ),
        ("made().fit(((x, y) for i in range(3 + rank)), steps_per_epoch=None)", "the ranks do not do the same"),
    ],
)
def test_ranks_that_differ_are_told_so(program, words):
    assert words in run(2, program, code=1)[1]


BACKUP = """
class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if sys.argv[2:] and (self.epoch, batch) == (1, 6):
            raise KeyboardInterrupt
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
folder = sys.argv[1] if rank == 0 else "not shared"
model = made(metrics=["mae"])
stopping = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=1)
backup = keras.callbacks.BackupAndRestore(folder, save_freq=3)
history = model.fit(x, y, batch_size=4, epochs=3, verbose=0, callbacks=[Stop(), stopping, backup])
if rank == 0:
    print(history.history["loss"][-1], history.history["mae"][-1], *np.ravel(model.get_weights()[0]))
"""


def test_a_backup_goes_on_with_another_number_of_ranks(tmp_path):
    """In the middle of an epoch; the hosts of the other ranks do not see the folder."""
    whole = np.array(run(0, BACKUP, tmp_path / "whole")[0].split(), float)
    run(2, BACKUP, tmp_path / "stopped", "stop", code=1)
    assert list(tmp_path.glob("stopped/*"))
    rest = np.array(run(3, BACKUP, tmp_path / "stopped")[0].split(), float)
    np.testing.assert_allclose(rest, whole, rtol=2e-5, atol=1e-6)


LAST = """
class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if sys.argv[2:] and epoch == 1:
            raise KeyboardInterrupt
model = made(2, metrics=["r2_score"])
backup = keras.callbacks.BackupAndRestore(sys.argv[1], save_freq=2)
history = model.fit(x, np.hstack([y, -y]), batch_size=20, epochs=2, verbose=0, callbacks=[Stop(), backup])
if rank == 0:
    print(*np.ravel([history.history["loss"], history.history["r2_score"]]))
"""


def test_a_backup_of_an_epochs_last_batch_goes_on_with_metrics_that_are_arrays(tmp_path):
    whole = np.array(run(0, LAST, tmp_path / "whole")[0].split(), float)
    run(2, LAST, tmp_path / "stopped", "stop", code=1)
    rest = np.array(run(3, LAST, tmp_path / "stopped")[0].split(), float)
    np.testing.assert_allclose(rest, whole, rtol=2e-5, atol=1e-6)


def test_a_model_outside_of_the_scope_is_each_ranks_own():
    said = run(2, """
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x[rank:], y[rank:], verbose=0)
""")[1]  # fmt: skip
    assert said.count("neither made nor compiled in `strategy.scope()`") == 1


def test_threads_are_shares_of_the_cpus():
    program = """
import kernels
from kernels.cpus import cpu_count
if rank == 0:
    print(cpu_count(), kernels.get_num_threads())
"""
    for ranks, environment, per_rank in (1, {}, 1), (2, {}, 2), (2, {"OMP_NUM_THREADS": "3"}, None):
        cpus, threads = map(int, run(ranks, program, **environment)[0].split())
        assert threads == (max(1, cpus // per_rank) if per_rank else 3)


def test_a_model_of_ranks_is_copied_and_pickled():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope() as inside:
        assert inside is strategy
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    assert model._ranks is None  # one process: it trains as without
    model._ranks = strategy._world
    for other in copy.deepcopy(model), pickle.loads(pickle.dumps(model)):
        assert other._ranks is strategy._world
    with pytest.raises(TypeError, match="cluster_resolver"):
        tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=1)
    with pytest.raises(AttributeError, match="MultiWorkerMirroredStrategy"):
        tf.distribute.MirroredStrategy  # noqa: B018


def test_what_lacks_is_named():
    _, said = run(0, "", code=1, OMPI_COMM_WORLD_SIZE="4")
    assert "4 processes were started, but each is alone" in said and "MPI4PY_LIBMPI" in said
    for call in "pynn.distribute.MultiWorkerMirroredStrategy()", "sys.exit(pynn.cli.main.main(['train']))":
        program = f"import sys; sys.modules['mpi4py'] = None; import pynn.cli.main; {call}"
        environment = os.environ | {"PMI_SIZE": "2"}
        ended = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, env=environment)
        assert ended.returncode and "on several processes needs mpi4py: pip install" in ended.stderr
        assert "[mpi]" in ended.stderr
