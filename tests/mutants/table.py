"""Mutants: small faults of the kind that people make, each with the tests that fail for it."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One change of one file, and the tests that catch it."""

    what: str
    file: str
    old: str  # occurs once in the file
    new: str
    tests: str  # in the folder of tests, with blanks between them
    hangs: bool = False  # a time-out counts as caught

    @property
    def is_compiled(self) -> bool:
        return not self.file.endswith(".py")

    @property
    def module(self) -> str:
        """What can still be imported."""
        name = "kernels" if self.is_compiled else self.file.removesuffix(".py").replace("/", ".")
        return f"pynn.{name}" if name.startswith("bench.") else name


_FILES = [
    Mutant("arrays of a model's file are unpickled", "pynn/keras/saving/arrays.py",
           "allow_pickle=False", "allow_pickle=True", "pynn/keras/saving/test_guards.py"),
    Mutant("arrays of objects are taken for numbers", "pynn/keras/saving/arrays.py",
           'or dtype.kind not in "fiub" or', "or", "pynn/keras/saving/test_guards.py"),
    Mutant("images are unpickled", "pynn/cli/images.py",
           'np.lib.format.open_memmap(name, mode="r")', "np.load(name, allow_pickle=True)",
           "pynn/cli/test_cli_predict.py"),
    Mutant("data sets are unpickled", "pynn/keras/datasets/_archive.py",
           'with damage(f"{name}: "), opened(file, ".npz", names=KEYS) as arrays:',
           'with damage(f"{name}: "):\n        loaded = np.load(file, allow_pickle=True)\n'
           "        arrays = {key: loaded[key] for key in KEYS}",
           "pynn/keras/datasets/test_dataset_files.py"),
    Mutant("a configuration imports any module for a class", "pynn/keras/common/registry.py",
           "    if found is None and (ours or",
           "    if found is None and module and not ours:\n"
           "        found = getattr(__import__(module, fromlist='x'), name, None)\n    if found is None and (ours or",
           "pynn/keras/saving/test_guards.py"),
    Mutant("a configuration takes any class that is loaded", "pynn/keras/common/registry.py",
           "found = None if ours else _find_custom(registered, name)",
           "import sys\n    found = None if ours else _find_custom(registered, name) or "
           "getattr(sys.modules.get(module), name, None)", "pynn/keras/saving/test_guards.py"),
    Mutant("a configuration imports any module for a function", "pynn/keras/common/registry.py",
           "    if found is None or isinstance(found, type):",
           "    if found is None:\n"
           "        found = getattr(__import__(config.get('module') or 'builtins', fromlist='x'), name, None)\n"
           "    if found is None or isinstance(found, type):", "pynn/keras/saving/test_guards.py"),
    Mutant("load_model takes safe_mode=False", "pynn/keras/saving/files.py",
           "@neutral(safe_mode=True)\ndef load_model", "@neutral(safe_mode=...)\ndef load_model",
           "pynn/keras/saving/test_saving_keras.py"),
    Mutant("configurations of any size", "pynn/keras/saving/files.py",
           " or archive.getinfo(CONFIG).file_size > min(MOST_CONFIG, 32 * size + 2**17)", "",
           "pynn/engine/test_budget.py::test_a_configuration_is_no_longer_than_its_file_warrants"),
    Mutant("members of archives that unpack to any size", "pynn/keras/saving/arrays.py",
           "if info.file_size > most:", "if False:",
           "pynn/keras/saving/test_saving_hostile.py::test_members_that_lie"),
    Mutant("arrays of any size in an .npz", "pynn/keras/saving/arrays.py",
           "if size > arrays.most:", 'if size > arrays.most and kind != ".npz":', "pynn/keras/saving/test_guards.py"),
    Mutant("arrays of any size in an .h5", "pynn/keras/saving/arrays.py",
           "if size > arrays.most:", 'if size > arrays.most and kind != ".h5":', "pynn/keras/saving/test_guards.py"),
    Mutant("arrays that are larger than their member", "pynn/keras/saving/arrays.py",
           "if not dtype.hasobject and math.prod(shape) * dtype.itemsize != length:", "if False:",
           "pynn/keras/saving/test_guards.py"),
    Mutant("members of an .npz in packings without limit", "pynn/keras/saving/arrays.py",
           "if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):", "if False:",
           "pynn/keras/saving/test_guards.py"),
    Mutant("weights of any size from a configuration", "pynn/engine/budget.py",
           "if numbers > _budget.left:", "if False:",
           "pynn/keras/saving/test_saving_hostile.py::test_texts_that_ask_for_too_much"),
    Mutant("one thread's limit on weights is every thread's", "pynn/engine/budget.py",
           "class _Budget(threading.local):", "class _Budget:",
           "pynn/engine/test_budget.py::test_numbers_that_a_file_holds_are_allowed"),
    Mutant("one thread's custom objects are every thread's", "pynn/keras/common/registry.py",
           "class _Scopes(threading.local):", "class _Scopes:",
           "pynn/keras/saving/test_saving.py::test_classes_of_ones_own"),
    Mutant("HDF5: raw data in another file", "pynn/keras/saving/arrays.py",
           "if dataset.external or dataset.is_virtual:", "if dataset.is_virtual:",
           "pynn/keras/saving/test_saving_hostile.py::test_hdf5_that_is_more_than_it_says"),
    Mutant("HDF5: a virtual dataset of another file", "pynn/keras/saving/arrays.py",
           "if dataset.external or dataset.is_virtual:", "if dataset.external:",
           "pynn/keras/saving/test_saving_hostile.py::test_hdf5_that_is_more_than_it_says"),
    Mutant("gzipped IDX of any size", "pynn/keras/datasets/idx.py",
           "min(MAX_BYTES, _MOST_PACKED * data.seek(0, os.SEEK_END) + _FREE) if zipped else MAX_BYTES", "MAX_BYTES",
           "pynn/keras/datasets/test_dataset_files.py"),
    Mutant("IDX claims any size", "pynn/keras/datasets/idx.py",
           "if not 0 < size <= limit:", "if not 0 < size:", "pynn/keras/datasets/test_dataset_files.py"),
    Mutant("a gzip bomb is unpacked", "pynn/keras/datasets/idx.py",
           "body = read_up_to(stream, size + 1)", "body = stream.read()", "pynn/keras/datasets/test_dataset_files.py"),
    Mutant("data sets in packings without limit", "pynn/keras/saving/arrays.py",
           "if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):", "if False:",
           "pynn/keras/datasets/test_dataset_files.py"),
    Mutant("data sets that unpack to any size", "pynn/keras/saving/arrays.py",
           "if info.file_size > most:", "if False:",
           "pynn/keras/datasets/test_dataset_files.py"),
    Mutant("a tar of any size", "pynn/keras/datasets/_archive.py",
           "read_up_to(stream, TAR_BYTES + 1)", "stream.read()", "pynn/keras/datasets/test_dataset_files.py"),
    Mutant("a tar is unpacked to paths", "pynn/keras/datasets/_archive.py",
           "            _check_complete(names, members.keys())",
           '            archive.extractall(filter="data")\n            _check_complete(names, members.keys())',
           "pynn/keras/datasets/test_dataset_files.py"),
    Mutant("pictures of any size", "pynn/cli/images.py",
           "        _check_size(name, picture.height, picture.width)  # only", "        # only",
           "pynn/cli/test_cli_predict.py"),
    Mutant("arrays of pixels of any size", "pynn/cli/images.py",
           "    _check_size(name, *size)\n", "",
           "pynn/cli/test_cli_predict.py::test_predict_reads_no_picture_that_is_too_large[shape1]"),  # shape0: 48 GB
    Mutant("a mirror sends any size", "pynn/keras/datasets/_sources.py",
           "if self.tell() + len(data) > _DOWNLOAD_BYTES:", "if False:", "pynn/keras/datasets/test_dataset_sources.py"),
    Mutant("a package client leaves any size", "pynn/keras/datasets/_sources.py",
           " or files[0].stat().st_size > _DOWNLOAD_BYTES", "", "pynn/keras/datasets/test_dataset_sources.py"),
    Mutant("data are not the original", "pynn/keras/datasets/_cache.py",
           " or digest(array) != expected", "", "pynn/keras/datasets/test_datasets.py"),
    Mutant("two writers share one partial file", "pynn/support/atomic.py",
           'f".pynn-{secrets.token_hex(8)}.partial"', 'f".pynn-{0:016}.partial"', "pynn/support/test_atomic.py"),
    Mutant("a partial file is swept while its program lives", "pynn/support/atomic.py",
           "contextlib.suppress(OSError), _locked(path, wait=False):", "contextlib.suppress(OSError):",
           "pynn/support/test_atomic.py"),
    Mutant("a name before the bytes are on the disk", "pynn/support/atomic.py",
           "os.fsync(file.fileno())  #", "#", "pynn/support/test_atomic.py"),
    Mutant("weights are written in place", "pynn/keras/saving/files.py",
           "with replacing(path) as file:", 'with open(path, "wb") as file:',
           "pynn/keras/saving/test_guards.py"),
    Mutant("models are written in place", "pynn/keras/saving/files.py",
           "with replacing(path) as file, zipfile", 'with open(path, "wb") as file, zipfile',
           "pynn/keras/saving/test_guards.py"),
    Mutant("the state of a training is written in place", "pynn/keras/saving/state.py",
           "with replacing(Path(path)) as file:", 'with open(path, "wb") as file:',
           "pynn/cli/test_cli_resume.py::test_killed_while_it_writes_the_third_state"),
]  # fmt: skip

_NUMERICS = [
    Mutant("relu drops NaN", "kernels/simd/elementwise.inc",
           "BINARY(relu, !(a <= 0) ? a : 0)", "BINARY(relu, a > 0 ? a : 0)", "kernels/test_elementwise.py"),
    Mutant("softmax forgets what fills no vector", "kernels/simd/softmax.inc",
           "if (j < m * n) {", "if (0) {", "kernels/test_losses.py"),
    Mutant("softmax without its maximum", "kernels/simd/softmax.inc",
           "out[i * n + j] = x[i * n + j] - max;", "out[i * n + j] = x[i * n + j];", "kernels/test_losses.py"),
    Mutant("Adam's epsilon inside the root", "kernels/simd/optimizers.inc",
           "(NAME(roots)(x.v) + u->eps)", "NAME(roots)(x.v + u->eps)", "kernels/test_optimizers.py"),
    Mutant("updates forget what fills no vector", "kernels/simd/optimizers.inc",
           "if (i < n) NAME(update_rest)", "if (0) NAME(update_rest)", "kernels/test_optimizers.py"),
    Mutant("RMSprop's epsilon outside the root", "kernels/optimizers.pyx",
           "<floating> sqrt(v[i] + epsilon)", "(<floating> sqrt(v[i]) + epsilon)",
           "kernels/test_ladder.py::test_small"),
    Mutant("packing forgets the last column", "kernels/gemm.pyx",
           "copy(b, k, columns, packed,", "copy(b, k, columns - 1, packed,",
           "kernels/test_products.py::test_every_tile"),
    Mutant("the transposed half from the column beside", "kernels/gemm.pyx",
           "at(c, i + 1, i, size)", "at(c, i + 1, i + 1, size)", "kernels/test_narrow.py"),
    Mutant("out over the bias", "kernels/products.pyx",
           " or v is not None and overlaps(out, v)", "", "kernels/test_out.py"),
    Mutant("out over the second operand", "kernels/elementwise.pyx",
           "if not (same_walk(a, c) and same_walk(b, c) and plain(c)):", "if not (same_walk(a, c) and plain(c)):",
           "kernels/test_out.py"),
    Mutant("float32 and float64 give float32", "kernels/_arrays.pyx",
           "p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)",
           "p, q = np.asarray(p, np.float32), np.asarray(q, np.float32)", "kernels/test_elementwise.py"),
    Mutant("amsgrad's epsilon inside the root", "pynn/keras/optimizers/adam.py",
           "(np.sqrt(largest) + self.epsilon)", "np.sqrt(largest + self.epsilon)",
           "pynn/test_against_keras.py::test_optimizers"),
    Mutant("a row that was broadcast keeps its gradients apart", "pynn/ops/_chain.py",
           "if n == 1 and have[i + new] != 1", "if n == 1 and have[i + new] < 1", "pynn/ops/test_gradients.py"),
    Mutant("a tensor used twice has its last gradient", "pynn/engine/tape.py",
           "grads[key] = grads[key] + dx if key in grads else dx", "grads[key] = dx", "pynn/engine/test_tape.py"),
    Mutant("the tape forgets operands in lists", "pynn/engine/convert.py",
           "values = [operand(v) if holds_tensors(v) else v for v in values]",
           "values = [Tensor(as_array(v)) if holds_tensors(v) else v for v in values]",
           "pynn/engine/test_lists_of_tensors.py"),
    Mutant("tapes of all threads record", "pynn/engine/tape.py",
           "class _Active(threading.local):", "class _Active:", "pynn/engine/test_tape.py"),
    Mutant("large integers are cut to 32 bits", "pynn/engine/convert.py",
           "np.int32 if fits else np.int64", "np.int32", "pynn/ops/test_ops.py::test_dtype"),
]  # fmt: skip

_THREADS = [
    Mutant("the shares of two threads overlap by one", "kernels/optimizers.pyx",
           "min((t + 1) * share, self.elements)", "min((t + 1) * share + 1, self.elements)",
           "kernels/test_threads.py::test_same_bits_for_any_number_of_threads"),
    Mutant("rows are checked, but not copied", "kernels/rows.pyx",
           "order = (<object> order).astype(np.intp)", "order = np.ascontiguousarray(order, np.intp)",
           "kernels/test_rows.py"),
    Mutant("labels are checked, but not copied", "kernels/losses.pyx",
           "t = (<object> t).astype(np.int64)", "t = np.ascontiguousarray(t, np.int64)",
           "kernels/test_rows.py kernels/test_losses.py"),
    Mutant("fork without a pause", "kernels/_threads.pyx",
           "before=lambda: pause_threads(), ", "", "kernels/test_fork.py", hangs=True),
    Mutant("prefetch reads further ahead than it is asked to", "pynn/data/threads.py",
           "1, ahead + 1)", "1, ahead + 9)", "pynn/data/test_data_threads.py"),
    Mutant("results in the order in which threads finish", "pynn/data/threads.py",
           "pending.append(SimpleQueue())", "pending.append(pending[0] if pending else SimpleQueue())",
           "pynn/data/test_data_threads.py"),
    Mutant("an abandoned iterator leaves its thread", "pynn/data/threads.py",
           "        stopped.set()\n        for _ in threads:\n            tasks.put(None)\n", "",
           "pynn/data/test_data_threads.py"),
]  # fmt: skip

_TRAINING = [
    Mutant("the order of shuffling is not restored", "pynn/keras/saving/state.py",
           "found = [random.generator()]", "found = []",
           "pynn/keras/training/test_backup_and_restore.py::test_the_same_bits"),
    Mutant("Dropout's random numbers are not restored", "pynn/keras/saving/state.py",
           "        elif isinstance(value, np.random.Generator):\n            found.append(value)\n", "",
           "pynn/keras/training/test_backup_and_restore.py::test_the_same_bits"),
    Mutant("validation data are shuffled", "pynn/keras/training/loop.py",
           "return source(*data, batch_size", "return source(*data, shuffle=True, batch_size",
           "pynn/test_against_keras.py::test_training"),
    Mutant("the mean loss counts batches, not samples", "pynn/keras/training/step.py",
           "_tracker.total += float(loss._array) * rows\n        self._loss_tracker.count += rows",
           "_tracker.total += float(loss._array)\n        self._loss_tracker.count += 1",
           "pynn/keras/training/test_training.py"),
    Mutant("metrics go on from epoch to epoch", "pynn/keras/training/step.py",
           "self._trainer_epoch = Epoch(self)\n        self.reset_metrics()", "self._trainer_epoch = Epoch(self)",
           "pynn/keras/training/test_training.py"),
    Mutant("the last batch is dropped", "pynn/keras/training/batches.py",
           "range(0, self.rows, self.batch_size)", "range(0, self.rows - self.batch_size + 1, self.batch_size)",
           "pynn/keras/training/test_training.py"),
    Mutant("the best weights are not restored", "pynn/keras/callbacks/stopping.py",
           "self.model.set_weights(self.best_weights)", "pass",
           "pynn/test_against_keras.py::test_callbacks"),
    Mutant("predict drops, as training does", "pynn/keras/training/step.py",
           "[0], training=False)", "[0], training=True)", "pynn/test_against_keras.py::test_layers"),
    Mutant("batches keep the type of the data", "pynn/keras/training/batches.py",
           'part.astype(dtype, casting="same_kind")', "part", "pynn/keras/training/test_fit_inputs.py"),
]  # fmt: skip

_COMMANDS = [
    Mutant("errors of the user's have exit code 1", "pynn/cli/main.py",
           "*map(one_line, more))\n    return 2", "*map(one_line, more))\n    return 1", "pynn/cli/test_cli.py"),
    Mutant("a loss of NaN has exit code 0", "pynn/cli/train.py",
           "return DIVERGED", "return 0",
           "pynn/cli/test_cli_resume.py::test_a_loss_of_nan_after_epochs_that_were_saved"),
    Mutant("a reader's error is a traceback", "pynn/cli/checks.py",
           "except Exception as error:  # damaged", "except (OSError, ValueError) as error:  # damaged",
           "pynn/cli/test_cli_predict.py"),
    Mutant("names of files reach the terminal as they are", "pynn/cli/checks.py",
           "c if c.isprintable() else repr(c)[1:-1]", "c", "pynn/cli/test_cli_predict.py"),
    Mutant("a run goes on with other data", "pynn/cli/train.py",
           'if before and before.get("checksum") != checksum:', "if False:",
           "pynn/cli/test_cli_resume.py::test_what_does_not_fit_the_stopped_run"),
    Mutant("an old run's files stay beside the new one's", "pynn/cli/results.py",
           "            (folder / name).unlink(missing_ok=True)\n", "            pass\n",
           "pynn/cli/test_cli_resume.py::test_pictures_are_those_of_the_weights"),
]  # fmt: skip

_BENCH = [
    Mutant("the ratio upside down", "bench/results/statistics.py",
           "each = slow / fast", "each = fast / slow", "bench/test_results.py"),
    Mutant("the least time for the median", "bench/results/statistics.py",
           "np.nanmedian(times)", "np.nanmin(times)", "bench/test_results.py"),
    Mutant("wrong results are timed", "bench/measure/turns.py",
           'largest_error(case.operation, values, truth, f"{case.title}, {name}")', '(0.0, "ulp")',
           "bench/test_measure.py"),
    Mutant("NaN passes for right", "bench/measure/accuracy.py",
           "wrong = ~(error <= bound)", "wrong = error > bound", "bench/test_measure.py"),
    Mutant("NumPy's change is told as the kernels'", "bench/results/compare.py",
           " and (elsewhere or (gain > 1) == (after_s < before_s))", "", "bench/test_results.py"),
    Mutant("the base is compared with itself", "bench/regress/verdicts.py",
           'each = (times["head"] /', 'each = (times["base"] /', "bench/test_regress.py"),
]  # fmt: skip

MUTANTS = [*_FILES, *_NUMERICS, *_THREADS, *_TRAINING, *_COMMANDS, *_BENCH]
