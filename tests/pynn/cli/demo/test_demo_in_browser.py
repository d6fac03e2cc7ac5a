"""The page of `pynn demo` in a real browser: digits are drawn by pointer and by keyboard, and a network trains."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from chromium import Chromium, browser
from demo_server import BUDGET, Server, random_weights

from pynn import keras
from pynn.cli.train import network

pytestmark = pytest.mark.skipif(browser() is None, reason="no browser here: install the package chromium")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, many: str) -> Iterator[str]:
    """Its address. The network has learned MNIST for two epochs."""
    (x, y), _ = keras.datasets.mnist.load_data()
    keras.utils.set_random_seed(0)
    model = network(784, 128, 10)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.divide(x.reshape(-1, 784), 255, dtype=np.float32), y, batch_size=128, epochs=2, verbose=0)
    folder = tmp_path_factory.mktemp("page")
    model.save_weights(folder / "weights.npz")
    server = Server(folder, "--weights", str(folder / "weights.npz"), "--data", many)
    yield server.address
    server.stop()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    running = Chromium(tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()


def show(chromium: Chromium, address: str, width: int = 1280, dark: bool = False) -> None:
    chromium.open("about:blank", width)  # else only what follows # might change, and nothing be loaded
    chromium.open(address, width, dark=dark)
    until(chromium, "document.getElementById('source').textContent")


def until(chromium: Chromium, expression: str) -> None:
    end = time.monotonic() + BUDGET
    while not chromium.run(expression):
        assert time.monotonic() < end, expression
        time.sleep(0.02)


# Each run of a row's pixels is a stroke between their centres. The value is what the page then says.
DRAW = """
  window.draw = async strokes => {
    document.getElementById('clear').click();
    const board = document.getElementById('drawing'), box = board.getBoundingClientRect();
    const point = (type, x, y) => board.dispatchEvent(new PointerEvent(type, { isPrimary: true, bubbles: true,
      clientX: box.left + (x + 0.5) / 28 * box.width, clientY: box.top + (y + 0.5) / 28 * box.height }));
    for (const [y, left, right] of strokes) {
      point('pointerdown', left, y);
      point('pointermove', right, y);
      point('pointerup', right, y);
    }
    const answer = document.getElementById('probabilities');
    while (answer.ariaBusy === 'true') await new Promise(done => setTimeout(done, 5));
    return document.getElementById('best').textContent;
  }"""


def strokes(picture: np.ndarray) -> list[list[int]]:
    rows = []
    for y, row in enumerate(picture > 127):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]])))
        rows += [[y, int(left), int(right) - 1] for left, right in zip(edges[::2], edges[1::2], strict=True)]
    return rows


def test_digits_of_the_test_set_are_recognized(chromium: Chromium, page: str) -> None:
    _, (x, y) = keras.datasets.mnist.load_data()
    show(chromium, page)
    still = {"name": "prefers-reduced-motion", "value": "reduce"}  # bars that move take a fifth of the time
    chromium.send("Emulation.setEmulatedMedia", features=[still])
    chromium.run(DRAW)
    said = [chromium.run(f"draw({strokes(picture)})") for picture in x[:100]]
    assert sum(a == str(b) for a, b in zip(said, y[:100], strict=True)) >= 95
    assert chromium.errors == []


def test_a_pause_is_measured_and_said(chromium: Chromium, page: str) -> None:
    show(chromium, page)
    chromium.run(DRAW)
    assert chromium.run("draw(Array.from({ length: 18 }, (_, i) => [5 + i, 13, 14]))") == "1"
    until(chromium, "document.getElementById('rungs').rows.length === 11")
    assert chromium.run("document.getElementById('heard').textContent").startswith("This looks like 1, ")
    assert chromium.run("document.getElementById('measured').textContent").startswith("Every rung says 1;")
    assert chromium.run("document.querySelectorAll('#strongest canvas').length") == 8
    bars = "[...document.querySelectorAll('#probabilities i')]"
    widths = chromium.run(f"{bars}.map(bar => +bar.style.transform.slice(7, -1))")
    assert abs(sum(widths) - 1) < 1e-5 and int(np.argmax(widths)) == 1
    chromium.run("document.getElementById('clear').click()")
    assert chromium.run("document.getElementById('heard').textContent") == ""
    assert chromium.errors == []


def test_a_later_measurement_stays_under_way_when_an_earlier_one_ends(chromium: Chromium, page: str) -> None:
    show(chromium, page)
    chromium.run(DRAW)
    chromium.run("""window.ends = [];
      const real = fetch;
      window.fetch = (path, options) => path !== 'rungs' ? real(path, options) :
        new Promise((_, reject) => ends.push(() => reject(new DOMException('', 'AbortError'))))""")
    for count in (1, 2):
        chromium.run("draw([[5, 8, 20], [6, 8, 20]])")
        until(chromium, f"ends.length === {count}")
    for i, state in ((0, "true"), (1, "false")):
        chromium.run(f"ends[{i}](); new Promise(done => setTimeout(done))")
        assert chromium.run("document.getElementById('rungs').ariaBusy") == state
    assert chromium.errors == []


def test_each_network_is_asked_for_its_answer(chromium: Chromium, page: str) -> None:
    show(chromium, page)
    chromium.run(DRAW)
    chromium.run("draw([[5, 8, 20], [6, 8, 20]])")
    chromium.run("""window.asked = 0;
      const real = fetch;
      window.fetch = (path, options) => { asked += path === 'predict'; return real(path, options) }""")
    for count, asked in ((1, 0), (2, 1), (2, 1), (3, 2)):
        chromium.run(f"""import(new URL('draw.js', location)).then(draw => draw.retrained({count})).then(async () => {{
          while (document.getElementById('probabilities').ariaBusy === 'true') await new Promise(setTimeout) }})""")
        assert chromium.run("asked") == asked
    assert chromium.errors == []


def test_the_page_works_by_the_number_that_others_open(chromium: Chromium, tmp_path: Path) -> None:
    server = Server(tmp_path, "--weights", random_weights(tmp_path / "weights.npz"), "--host", "0.0.0.0")
    show(chromium, server.address)
    chromium.run("delete PointerEvent.prototype.getCoalescedEvents")  # where that number is loopback's, it is there
    chromium.run(DRAW)
    assert chromium.run("draw([[5, 8, 20], [6, 8, 20]])").isdigit()
    assert chromium.errors == []
    server.stop()


def test_a_page_without_its_server_says_so(chromium: Chromium, page: str) -> None:
    chromium.open("about:blank", 1280)
    chromium.send("Network.setBlockedURLs", urls=["*/settings"])
    chromium.open(page, 1280)
    until(chromium, "document.getElementById('notice').textContent.startsWith('The server does not answer.')")
    chromium.send("Network.setBlockedURLs", urls=[])


def test_the_keyboard_draws(chromium: Chromium, page: str) -> None:
    show(chromium, page)
    seen = []
    while not seen or seen[-1] != "drawing":
        chromium.press("Tab")
        seen.append(chromium.run("document.activeElement.id || document.activeElement.textContent"))
        assert chromium.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert len(seen) < 10
    assert seen == ["Draw", "Train", "clear", "drawing"]
    for key in ["ArrowLeft"] * 5 + ["Space"] + ["ArrowRight"] * 9 + ["ArrowDown"] * 16 + ["Space"] + ["ArrowDown"]:
        chromium.press(key)  # the 7 of a child that has no oblique lines
    until(chromium, "document.getElementById('heard').textContent.startsWith('This looks like 7')")
    assert chromium.run("document.getElementById('pen').checkVisibility()")
    chromium.press("Delete")
    until(chromium, "document.getElementById('best').textContent === '…'")
    assert chromium.errors == []


def test_it_trains_stops_and_goes_on(chromium: Chromium, page: str) -> None:
    show(chromium, page + "#train")
    assert chromium.run("document.getElementById('draw').hidden")
    chromium.run("document.querySelector('[name=epochs]').value = 20")
    chromium.run("document.getElementById('start').click()")
    until(chromium, "document.querySelector('#loss polyline')?.points.length > 5")
    chromium.run("document.getElementById('stop').click()")
    until(chromium, "document.getElementById('state').textContent.startsWith('Stopped')")
    assert chromium.run("document.getElementById('spoken').textContent").startswith("Stopped: epoch ")
    assert chromium.run("document.getElementById('stop').textContent") == "Go on"
    assert chromium.run("document.querySelectorAll('#units canvas').length") == 24
    before = chromium.run("document.getElementById('progress').value")
    chromium.run("document.getElementById('stop').click()")
    until(chromium, f"document.getElementById('progress').value > {before}")
    until(chromium, "document.querySelectorAll('#accuracy .dot').length > 1")
    chromium.run("document.getElementById('stop').click()")
    until(chromium, "document.getElementById('state').textContent.startsWith('Stopped')")
    assert chromium.errors == []


@pytest.mark.parametrize("part", ["#draw", "#train"])
def test_it_fits_and_stands_out(chromium: Chromium, page: str, part: str) -> None:
    for width, dark in ((390, False), (768, False), (1920, False), (1280, False), (1280, True)):
        show(chromium, page + part, width, dark)
        if part == "#draw":
            chromium.run(DRAW)
            chromium.run("draw([[5, 8, 20], [6, 8, 20], [24, 3, 3]])")
        assert chromium.run("document.documentElement.scrollWidth") <= width == chromium.run("innerWidth")
        assert (
            chromium.run("""[...document.querySelectorAll('main:not([hidden]) section')].filter(section =>
          section.scrollWidth > section.clientWidth).map(section => section.className)""")
            == []
        )
        if width == 1280:
            assert {pair: value for pair, value in chromium.contrasts().items() if value < 4.5} == {}
        assert all(address.startswith((page, "about:")) for address in chromium.requests)
        assert chromium.errors == []
