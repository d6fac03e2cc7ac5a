"""A headless browser, driven through its DevTools protocol over two pipes: JSON messages, each ended by a zero byte."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
    "--remote-debugging-pipe",
)  # fmt: skip
BUDGET = 60.0  # seconds for one answer; machines may be busy


def browser() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """One page. `errors` collects what its console and its scripts complain of, `requests` every address it loads."""

    def __init__(self, folder: Path) -> None:
        """folder: for the profile, and the browser's own log."""
        to_browser, self._commands = os.pipe()
        self._answers, from_browser = os.pipe()
        # the browser reads from 3 and writes to 4, which may be these pipes' own numbers here
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (to_browser, from_browser)]
        os.close(to_browser)
        os.close(from_browser)

        def place() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        with open(folder / "chromium.log", "wb") as log:
            command = [browser(), *FLAGS, f"--user-data-dir={folder / 'profile'}"]
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, preexec_fn=place, close_fds=False, start_new_session=True
            )
        for end in ends:
            os.close(end)
        self._number, self._buffer, self._session = 0, b"", None
        self.errors: list[str] = []
        self.requests: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def close(self) -> None:
        self._session = None
        try:
            self.send("Browser.close")
            self._process.wait(BUDGET)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._commands)
            os.close(self._answers)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def open(self, page: Path | str, width: int, height: int = 900, dark: bool = False, scripts: bool = True) -> None:
        """Loads a file or an address, and waits until it and its pictures are there."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.errors.clear()
        self.requests.clear()
        self.send("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while (event := self._next()).get("method") != "Page.loadEventFired":
            self._note(event)

    def run(self, expression: str) -> Any:
        """The value of JavaScript, evaluated in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", expression))
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Enter, Space, Tab, Delete or an arrow, on what has the focus."""
        codes = {"Enter": 13, "Space": 32, "Tab": 9, "Delete": 46, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39}
        code, text = (codes | {"ArrowDown": 40})[key], {"Enter": "\r", "Space": " "}.get(key, "")
        named = {"key": " " if key == "Space" else key, "code": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
        self.send("Input.dispatchKeyEvent", type="keyUp", **named)

    def contrasts(self) -> dict[str, float]:
        """For the colour of each text and what is behind it, bars in cells included, their contrast as WCAG has it."""
        pairs = self.run("""(() => {
          const pairs = new Set();
          const clear = color => color === 'rgba(0, 0, 0, 0)';
          for (const element of document.querySelectorAll('body *:not(script)')) {
            if (![...element.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
            let behind = element;
            while (clear(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
            const color = getComputedStyle(element).color;
            pairs.add([color, getComputedStyle(behind).backgroundColor].join('|'));
            const bar = element.closest('.bar') && getComputedStyle(element).backgroundImage.match(/rgb\\([^)]*\\)/);
            if (bar) pairs.add([color, bar[0]].join('|'));
          }
          return [...pairs] })()""")
        return {pair: _contrast(*pair.split("|")) for pair in pairs}

    def _note(self, event: dict[str, Any]) -> None:
        found = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.errors.append(str(found["exceptionDetails"].get("exception", found)))
            case "Runtime.consoleAPICalled" if found["type"] in ("error", "warning", "assert"):
                self.errors.append(str(found["args"]))
            case "Log.entryAdded" if found["entry"]["level"] in ("error", "warning"):
                self.errors.append(found["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(found["request"]["url"])

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + BUDGET
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], end - time.monotonic())
            content = os.read(self._answers, 1 << 16) if ready else b""
            if not content:
                raise RuntimeError(f"the browser {'closed' if ready else 'did not answer'}; see its chromium.log")
            self._buffer += content
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


def _contrast(one: str, other: str) -> float:
    """Of two CSS colours like rgb(0, 0, 0)."""

    def luminance(color: str) -> float:
        parts = [int(part) / 255 for part in color.removeprefix("rgb(").removesuffix(")").split(",")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
