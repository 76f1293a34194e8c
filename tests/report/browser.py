"""A headless Chromium, spoken to through pipes."""

import contextlib
import json
import os
import select
import shlex
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATH = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-pipe",
)
PATIENCE = 60.0  # Seconds for an answer, on a busy machine.
# Of a colour of the page, from 0 to 1.
LIGHTNESS = """
(() => {{
  const colour = getComputedStyle(document.body).{};
  const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part) / (3 * 255);
}})()
"""


@contextlib.contextmanager
def open_browser(profile):
    """Start a browser, and end it; `profile` is a directory of its own."""
    read, answer = os.pipe()
    command, write = os.pipe()
    words = [str(PATH), *FLAGS, f"--user-data-dir={profile}"]
    # Chromium reads at 3 and writes at 4.
    script = f"exec {shlex.join(words)} 3<&{command} 4>&{answer}"
    process = subprocess.Popen(
        ["bash", "-c", script],
        pass_fds=(command, answer),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(command)
    os.close(answer)
    try:
        yield Browser(read, write)
    finally:
        process.kill()
        process.wait()
        os.close(read)
        os.close(write)


class Browser:
    """One page of a browser.

    Attributes:
        requests: the URLs that pages asked for.
        complaints: what pages wrote to the console or threw.
    """

    def __init__(self, read, write):
        self._read, self._write = read, write
        self._buffer, self._session, self._number = b"", None, 0
        self.requests, self.complaints, self._seen = [], [], set()
        target = self.ask("Target.createTarget", url="about:blank")
        attached = self.ask(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **parameters):
        """Send a command of the DevTools protocol; give its result."""
        self._number += 1
        message = {
            "id": self._number,
            "method": method,
            "params": parameters,
        }
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            message = self._receive()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def open(self, path):
        """Open a file, and wait until all of it is loaded."""
        self._seen.clear()
        self.ask("Page.navigate", url=path.as_uri())
        while "Page.loadEventFired" not in self._seen:
            self._receive()

    def evaluate(self, expression):
        """Evaluate JavaScript in the page."""
        result = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        return result["result"]["value"]

    def _receive(self):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self._read], [], [], left)[0], "no answer"
            received = os.read(self._read, 2**16)
            assert received, "the browser ended"
            self._buffer += received
        text, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(text)
        self._note(message.get("method"), message.get("params"))
        return message

    def _note(self, event, parameters):
        self._seen.add(event)
        if event == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif event in (
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
        ):
            self.complaints.append(parameters)
