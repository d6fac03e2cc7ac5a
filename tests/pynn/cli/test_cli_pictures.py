"""Pictures of any size as `pynn predict` sees them: one digit, scaled and centred as MNIST's are."""

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from pynn import keras
from pynn.cli.checks import UserError
from pynn.cli.images import read_images
from pynn.cli.main import main

SEVEN = np.zeros((28, 28), np.uint8)  # in its box of 20x20 as MNIST's are, its centre of mass at (14.1, 13.8)
SEVEN[7:9, 5:19] = SEVEN[9:27, 14:17] = 255


def read(path, invert=False, count=20):
    shown, total, done = read_images(str(path), 784, count, invert)
    return shown.reshape(-1, 28, 28), total, ", ".join(done)


def drawn(picture, ground=0, ink=255):
    return (ground + (picture / 255) * (ink - ground)).astype(np.uint8)


def enlarged(digit=SEVEN, ground=0, ink=255, size=(320, 240), corner=(120, 10)):
    """The digit 8 times as large, at a corner (x, y) of a canvas of `size`."""
    canvas = Image.new("L", size)
    canvas.paste(Image.fromarray(digit).resize((224, 224), Image.Resampling.NEAREST), corner)
    return drawn(np.asarray(canvas), ground, ink)


def save(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


def centre(field):
    return np.indices(field.shape).reshape(2, -1) @ field.ravel() / field.sum()


@pytest.mark.parametrize(("height", "width", "box"), [(40, 10, (20, 5)), (30, 60, (10, 20)), (12, 12, (20, 20))])
def test_a_bar_fills_its_box(tmp_path, height, width, box):
    canvas = np.zeros((100, 130), np.uint8)
    canvas[7 : 7 + height, 50 : 50 + width] = 200
    ((field,), total, done) = read(save(tmp_path / "bar.png", canvas))
    assert total == 1 and done == "130x100, light on dark, scaled to 20x20, centred as MNIST's digits are"
    rows, columns = (np.flatnonzero(field.any(axis)) for axis in (1, 0))
    assert (len(rows), len(columns)) == box and field.dtype == np.float32
    inside = field[np.ix_(rows, columns)]
    np.testing.assert_allclose(inside[1:-1, 1:-1], 1, atol=1e-6)
    assert inside.min() > 0.6  # the edges are smooth, as MNIST's are
    np.testing.assert_allclose(centre(field), 14, atol=0.51)  # of whole pixels: MNIST's own lie at 14, too


@pytest.mark.parametrize("ground, ink", [(0, 255), (220, 30)])
@pytest.mark.parametrize("margin", [0, 2])
def test_a_digit_cut_out_at_its_edges(tmp_path, ground, ink, margin):
    """The border is half ink: no unevenness of light that may be taken away."""
    whole = np.pad(SEVEN[7:27, 5:19].repeat(8, 0).repeat(8, 1), margin)
    ((field,), _, _) = read(save(tmp_path / "seven.png", drawn(whole, ground, ink)), invert=ground > ink)
    assert abs(field - SEVEN / 255).mean() < 0.02


@pytest.mark.parametrize("ground, ink", [(0, 255), (210, 40)])
def test_strokes_at_the_border_leave_the_ground_known(tmp_path, ground, ink):
    four = np.zeros((120, 80), np.uint8)
    four[:60, :6] = four[57:63] = four[:, -6:] = 255
    ((field,), _, done) = read(save(tmp_path / "four.png", drawn(four, ground, ink)))
    assert ("dark on light: inverted" in done) == (ground > ink)
    np.testing.assert_allclose(field.sum(), (four > 0).sum() / 6**2, rtol=0.05)  # 120 became 20; edges are soft


@pytest.mark.parametrize("ground, ink", [(0, 255), (40, 140), (255, 0), (190, 60)])
def test_the_digit_is_found_on_any_ground(tmp_path, ground, ink):
    ((field,), _, done) = read(save(tmp_path / "seven.png", enlarged(ground=ground, ink=ink)))
    np.testing.assert_array_equal(field > 0.5, SEVEN > 0)
    assert ("dark on light: inverted" if ground > ink else "light on dark") in done


def test_noise_and_uneven_light_do_not_count(tmp_path):
    """A photo: lit from the right, darker in its corners, with noise, as JPEG."""
    y, x = np.mgrid[-1:1:480j, -1:1:640j]
    light = 0.8 + 0.1 * x - 0.25 * (x * x + y * y)
    canvas = np.kron(enlarged(ground=200, ink=40), np.ones((2, 2))) * light
    canvas += np.random.default_rng(0).normal(0, 20, canvas.shape)
    path = save(tmp_path / "photo.jpg", canvas.clip(0, 255).astype(np.uint8), quality=75)
    ((field,), _, done) = read(path)
    np.testing.assert_array_equal(field > 0.5, SEVEN > 0)
    assert field[SEVEN == 0].mean() < 0.02 and done.startswith("640x480, dark on light: inverted")


def test_thin_lines_are_as_bright_as_others(tmp_path):
    canvas = np.full((400, 400), 255, np.uint8)
    canvas[50:350, 150:152] = canvas[348:350, 150:270] = 0  # an L
    ((field,), _, _) = read(save(tmp_path / "line.png", canvas))
    assert field.max() == 1 and (field > 0.4).sum() == 20 + 8 - 1


def writers():
    image = enlarged(ground=255, ink=0)
    colour = np.dstack([image] * 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter, clockwise, to see it upright
    black, white = np.zeros_like(image), np.full_like(image, 255)
    return {
        "colour.png": lambda path: save(path, colour),
        "colour.jpg": lambda path: save(path, colour, quality=95),
        "cmyk.jpeg": lambda path: Image.fromarray(colour).convert("CMYK").save(path, quality=95),
        "jpeg without a name": lambda path: save(path, image, format="JPEG", quality=95),
        "turned.jpg": lambda path: save(path, np.rot90(image).copy(), exif=exif, quality=95),
        "turned.png": lambda path: save(path, np.rot90(image).copy(), exif=exif),
        "palette.png": lambda path: Image.fromarray(colour).convert("P").save(path),
        "deep.png": lambda path: save(path, image.astype(np.uint16) * 256),
        "black on clear.png": lambda path: save(path, np.dstack([black, black, black, 255 - image])),
        "white on clear.png": lambda path: save(path, np.dstack([white, white, white, 255 - image])),
        "bytes.npy": lambda path: np.save(path, image),
        "floats.npy": lambda path: np.save(path, image / 255),
    }


@pytest.mark.parametrize("name", writers())
def test_every_kind_gives_the_same_digit(tmp_path, name):
    writers()[name](tmp_path / name)
    ((field,), _, done) = read(tmp_path / name)
    np.testing.assert_array_equal(field > 0.5, SEVEN > 0)
    assert done.startswith("320x240, ")
    assert ("transparent taken as" in done) == ("clear" in name)
    assert ("light on dark" in done) == (name == "white on clear.png")


def test_a_stack_is_scaled_one_by_one(tmp_path):
    light = enlarged()
    np.save(tmp_path / "stack.npy", np.stack([light, 255 - light, light]))
    fields, total, done = read(tmp_path / "stack.npy", count=2)
    assert len(fields) == 2 and total == 3 and "1 of 2 dark on light: inverted" in done
    np.testing.assert_allclose(fields[0], fields[1], atol=1e-3)


def test_of_the_right_size_nothing_is_scaled(tmp_path):
    clear = save(tmp_path / "clear.png", np.dstack([0 * SEVEN] * 3 + [SEVEN]))  # black, seen on white
    ((field,), _, done) = read(clear)
    np.testing.assert_array_equal(field, 1 - np.float32(SEVEN / 255))
    assert done == "transparent taken as white"
    ((field,), _, done) = read(save(tmp_path / "grey.png", SEVEN // 2), invert=True)
    np.testing.assert_array_equal(field, 1 - np.float32(SEVEN // 2) / 255)
    assert done == ""
    wide = np.pad(SEVEN, ((0, 0), (0, 756)))  # 784 wide, yet no rows of 784 pixels
    assert read(save(tmp_path / "wide.png", wide))[2].startswith("784x28, ")
    np.save(tmp_path / "thin.npy", np.pad(SEVEN, ((14, 14), (0, 0)))[:, 7:21])  # 56x14, as many as 28x28
    assert read(tmp_path / "thin.npy")[2].startswith("14x56, ")


def test_invert_decides_against_the_border(tmp_path):
    canvas = np.zeros((60, 60), np.uint8)  # a black frame around white paper
    canvas[4:56, 4:56] = 255
    canvas[20:40, 25:30] = 0
    path = save(tmp_path / "frame.png", canvas)
    assert "light on dark" in read(path)[2] and "dark on light: inverted" in read(path, invert=True)[2]


@pytest.mark.parametrize(("ground", "noise"), [(0, 0), (255, 0), (200, 5)])
@pytest.mark.parametrize("invert", [False, True])
def test_blank_pictures(tmp_path, ground, noise, invert):
    blank = np.random.default_rng(0).normal(ground, noise, (240, 320)).clip(0, 255).astype(np.uint8)
    with pytest.raises(UserError, match=r"blank.png: there is no digit in it"):
        read(save(tmp_path / "blank.png", blank), invert)
    np.save(tmp_path / "stack.npy", np.stack([enlarged(), blank]))
    with pytest.raises(UserError, match=r"stack.npy 1: there is no digit in it"):
        read(tmp_path / "stack.npy")


def test_a_picture_of_two_floats_beside_each_other_is_blank(tmp_path):
    np.save(tmp_path / "blank.npy", np.where(SEVEN.repeat(2, 0) > 0, np.nextafter(np.float32(0.5), 1), np.float32(0.5)))
    with pytest.raises(UserError, match=r"blank.npy: there is no digit in it"):
        read(tmp_path / "blank.npy")


def jpeg(size=None):
    """A JPEG's bytes, whose header claims `size`."""
    Image.fromarray(enlarged()).save(buffer := io.BytesIO(), "JPEG")
    data = bytearray(buffer.getvalue())
    if size:
        at = data.index(b"\xff\xc0") + 5  # start of frame: marker, length, precision, height, width
        data[at : at + 4] = size.to_bytes(2, "big") * 2
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (jpeg()[:1000], "not a PNG, JPEG, IDX or npy file, or damaged .*truncated"),
        (jpeg()[:3], "damaged"),
        (jpeg(65535), "65535x65535; pictures of at most 64 million pixels"),
    ],
)
def test_bad_jpeg(tmp_path, content, words):
    (tmp_path / "bad.jpg").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(UserError, match=words):
        read(tmp_path / "bad.jpg")
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_an_array_too_large_is_not_read(tmp_path):
    header = io.BytesIO()
    shape = {"descr": "|u1", "fortran_order": False, "shape": (10**5, 10**5)}
    np.lib.format.write_array_header_1_0(header, shape)
    with open(tmp_path / "sparse.npy", "wb") as file:
        file.write(header.getvalue())
        file.truncate(len(header.getvalue()) + 10**10)
    with pytest.raises(UserError, match="100000x100000; pictures of at most 64 million"):
        read(tmp_path / "sparse.npy")


@pytest.mark.parametrize("pixels, words", [(64, "scaled to 6x6"), (783, "240x320, but .* 783 pixels")])
def test_other_weights(tmp_path, pixels, words):
    path = str(save(tmp_path / "seven.png", enlarged()))
    if pixels == 783:
        with pytest.raises(UserError, match=words):
            read_images(path, pixels, 20, False)
    else:
        shown, _, done = read_images(path, pixels, 20, False)
        assert shown.shape == (1, pixels) and words in done


def test_the_command_says_what_it_did(tmp_path, capsys):
    """Weights that know a 7 from its mirror image: `digit` 1 and 0."""
    pattern = (SEVEN.ravel() - SEVEN[:, ::-1].ravel().astype(float)) / 255
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(2, activation="softmax")])
    model.set_weights([np.stack([-pattern, pattern], 1).astype(np.float32), np.zeros(2, np.float32)])
    model.save_weights(tmp_path / "weights.npz")
    small = save(tmp_path / "small.png", SEVEN)
    large = save(tmp_path / "large.jpg", enlarged(ground=220, ink=30), quality=75)
    mirrored = save(tmp_path / "mirrored.jpg", enlarged(SEVEN[:, ::-1], ground=220, ink=30), quality=75)
    assert main(["predict", *map(str, (small, large, mirrored)), "--weights", str(tmp_path / "weights.npz")]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == "" and [line.split()[1] for line in lines[1:4]] == ["1", "1", "0"]
    did = "320x240, dark on light: inverted, scaled to 20x20, centred as MNIST's digits are"
    assert lines[4:] == [f"{large}: {did}", f"{mirrored}: {did}"]
