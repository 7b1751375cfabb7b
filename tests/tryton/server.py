"""A Tryton of our own: installed once into a folder, then started from a copy of an empty database, on loopback only.

    python3 server.py FOLDER        installs, if need be, and says where
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
MODULES = ["sale_opportunity", "marketing_campaign"]
DATABASE = "crm"
USER = "admin"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


class Installed:
    """Tryton in a folder, with a database in which the modules are activated and nothing else is."""

    def __init__(self, folder: Path):
        what = hashlib.sha256((HERE / "requirements.txt").read_bytes() + repr((MODULES, sys.version_info[:2])).encode())
        self.folder = folder / what.hexdigest()[:16]
        self.template = self.folder / "template.sqlite"
        self.password = self.folder / "password"
        if not self.template.exists():
            self._install()

    def python(self) -> str:
        """The interpreter that has Tryton."""
        return str(self.folder / "python" / SCRIPTS / "python")

    def program(self, name: str) -> list[str]:
        """One of Tryton's programs."""
        return [self.python(), str(self.folder / "python" / SCRIPTS / name)]

    def _install(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        quiet([sys.executable, "-m", "venv", str(self.folder / "python")])
        quiet([self.python(), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(HERE / "requirements.txt")])
        self.password.touch(mode=0o600)
        self.password.write_text(secrets.token_urlsafe(18), encoding="utf-8")
        fresh = self.folder / "fresh"
        config = configure(fresh, 0)
        (fresh / f"{DATABASE}.sqlite").touch()
        admin = [*self.program("trytond-admin"), "-c", str(config), "-d", DATABASE]
        environment = {**os.environ, "TRYTONPASSFILE": str(self.password)}
        quiet([*admin, "--all", "--email", "admin@example.com", "-l", "en"], environment)
        quiet([*admin, "-u", *MODULES, "--activate-dependencies"], environment)
        # The last step: a folder with a template is whole.
        (fresh / f"{DATABASE}.sqlite").rename(self.template)


def configure(folder: Path, port: int) -> Path:
    """Writes the configuration of a server whose database lies in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "trytond.conf"
    config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n", encoding="utf-8")
    return config


def quiet(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Runs a command whose output matters only when it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


class Server:
    """A server over the database in a folder, from `with` to the end of its block, whatever happens in it."""

    def __init__(self, installed: Installed, folder: Path):
        self.installed = installed
        self.folder = folder
        self.database = folder / f"{DATABASE}.sqlite"
        self.password = installed.password.read_text(encoding="utf-8")
        if not self.database.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(installed.template, self.database)

    def __enter__(self) -> Server:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        config = configure(self.folder, port)
        self.log = (self.folder / "trytond.log").open("ab")
        command = [*self.installed.program("trytond"), "-c", str(config), "-d", DATABASE]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        # Ended from outside, the block ends as it does by an exception.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _wait(self) -> None:
        for _ in range(240):
            if self.process.poll() is not None:
                break
            try:
                call(f"{self.url}/rpc/", "common.server.version", [])
                return
            except OSError:
                time.sleep(0.25)
        raise SystemExit(f"Tryton does not answer; see {self.folder / 'trytond.log'}")


class Session:
    """A user's calls."""

    def __init__(self, server: Server):
        self.url = f"{server.url}/{DATABASE}/rpc/"
        user, key, _ = call(self.url, "common.db.login", [USER, {"password": server.password}])
        self.headers = {"Authorization": "Session " + base64.b64encode(f"{USER}:{user}:{key}".encode()).decode()}
        self.context: dict[str, object] = {}

    def __call__(self, method: str, *arguments: object) -> object:
        """Calls a model's method: `session("party.party.create", [...])`."""
        return call(self.url, f"model.{method}", [*arguments, self.context], self.headers)


def call(url: str, method: str, arguments: list, headers: dict[str, str] | None = None) -> object:
    """One call."""
    body = json.dumps({"id": 1, "method": method, "params": arguments}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=120) as answer:
        answered = json.load(answer)
    if "error" in answered:
        raise RuntimeError(f"{method}: {answered['error']}")
    return answered["result"]


if __name__ == "__main__":
    print(Installed(Path(sys.argv[1]).resolve()).folder)
