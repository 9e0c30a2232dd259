"""The portal as an operator has it: a copy of this checkout with .env and secrets, and Docker's commands."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HOST = "portal.example"
VISITOR = Path(__file__).with_name("visitor.py")
ROOT = Path(__file__).resolve().parents[2]
SECONDS_FOR_A_COMMAND = 900


class Portal:
    """One project of Compose; `enter` begins what is to run in the engine's network."""

    def __init__(
        self, folder: Path, env: Mapping[str, str], enter: tuple[str, ...], port: int = 8080
    ) -> None:
        self.folder, self.env, self.enter, self.port = folder, dict(env), enter, port
        self.settings = {
            "PORTAL_VERSION": "1", "PORTAL_URL": f"https://{HOST}", "ALLOWED_HOSTS": HOST, "TRUSTED_PROXIES": "1",
            "FRONT_ADDRESS": f"127.0.0.1:{port}", "COMPOSE_PROJECT_NAME": f"image-test-{port}",
        }  # fmt: skip

    def copy_checkout(self) -> None:
        """Copy what git knows or would take in."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)

    def write_env(self, **settings: str) -> None:
        self.settings |= settings
        lines = (f"{name}={value}\n" for name, value in self.settings.items())
        (self.folder / ".env").write_text("".join(lines))

    def run(self, *command: str, text: str | None = None, file: Path | None = None) -> str:
        """Return what a command in the folder prints. Raises CommandError."""
        done = self.try_run(*command, text=text, file=file)
        if done.returncode:
            raise CommandError(
                f"{' '.join(command)[:200]}: exit code {done.returncode}\n{done.stdout[-1500:]}"
            )
        return done.stdout

    def try_run(
        self, *command: str, text: str | None = None, file: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return how a command in the folder ended, with both of its outputs in one."""
        streams: dict[str, Any] = {"input": text} if file is None else {"stdin": file.open("rb")}
        if text is None and file is None:
            streams = {"stdin": subprocess.DEVNULL}
        return subprocess.run(
            command, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False, timeout=SECONDS_FOR_A_COMMAND, **streams,
        )  # fmt: skip

    def compose(self, *words: str, **streams: Any) -> str:
        return self.run("docker", "compose", "--progress", "plain", *words, **streams)

    def shell(self, service: str, script: str) -> str:
        """Return what a shell in a running service prints."""
        return self.compose("exec", "-T", service, "sh", "-c", script).strip()

    def manage(self, *words: str) -> str:
        return self.compose("exec", "-T", "web", "python", "manage.py", *words)

    def container(self, service: str) -> str:
        return self.compose("ps", "--quiet", "--all", service).split()[0]

    def inspect(self, service: str) -> dict[str, Any]:
        (found,) = json.loads(self.run("docker", "inspect", self.container(service)))
        return dict(found)

    def database(self, sql: str) -> str:
        return self.shell("db", f'psql -U postgres -d portal -Atc "{sql}"')

    def visit(self, *words: str) -> str:
        return self.run(*self._visitor(*words)).strip()

    def start_prober(self, seconds: int, *paths: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._visitor("probe", str(seconds), *paths),
            env=self.env,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until(self, is_so: Callable[[], object], seconds: float = 90) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if is_so():
                    return True
            except CommandError:
                pass  # what it asks is not there yet
            time.sleep(1)
        return False

    def _visitor(self, *words: str) -> list[str]:
        names = [f"PORT={self.port}", f"HOST={HOST}"]
        return [*self.enter, "env", *names, sys.executable, str(VISITOR), *words]


class CommandError(Exception):
    """A command that had to succeed did not."""
