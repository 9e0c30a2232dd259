"""The province's load balancer: nginx with the lines of docs/operations/deploy.md, before two hosts."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ops.child_process import ChildProcess
from ops.local_postgres import NAMESPACE
from tools.portal_stack import wait_until
from tools.process_memory import list_process_tree
from tools.servers import ROOT, find_free_port, is_listening

HANDBOOK = ROOT / "docs" / "operations" / "deploy.md"
TEMP_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
CONF = """
daemon off;
worker_processes 1;
pid {folder}/pid;
events {{}}
http {{
    {temp_paths}
    access_log off;
    error_log stderr emerg;
    {upstream}
    server {{
        listen 127.0.0.1:{port};
        {heads}
        location / {{ proxy_pass http://portal; }}
    }}
}}
"""


@dataclass
class LoadBalancer:
    """It leads to the hosts at `ports`, of which one after the other is taken out."""

    folder: Path
    ports: list[int] = field(default_factory=list)
    port: int = field(default_factory=find_free_port)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._write()
        words = ["nginx", "-e", "stderr", "-c", str(self.folder / "nginx.conf")]
        prefix = NAMESPACE if os.geteuid() == 0 else ()
        env = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
        child = ChildProcess("balancer", [*prefix, *words], env=env, log=self.folder / "log")
        child.start()
        try:
            child.wait_until_ready(lambda: is_listening(self.port))
            yield
        finally:
            child.kill_process_group()

    @contextmanager
    def without(self, port: int) -> Iterator[None]:
        """Until the block ends nobody is led to this host; what it was asked before is answered."""
        self._reload(down=port)
        yield
        self._reload()

    def _reload(self, down: int = 0) -> None:
        master = int((self.folder / "pid").read_text())
        before = _list_workers(master)
        self._write(down)
        os.kill(master, signal.SIGHUP)
        assert wait_until(lambda: bool(now := _list_workers(master)) and not now & before)

    def _write(self, down: int = 0) -> None:
        """The handbook's servers are ours, perhaps one of them down; TLS ends at none."""
        text = HANDBOOK.read_text()
        (upstream,) = re.findall(r"^upstream portal \{\n[^}]*\}\n", text, re.MULTILINE)
        for name, port in zip(re.findall(r"server (\S+);", upstream), self.ports, strict=True):
            upstream = upstream.replace(name, f"127.0.0.1:{port}{' down' * (port == down)}")
        (heads,) = re.findall(r"^```\n((?:proxy_set_header [^\n]*\n)+)```", text, re.MULTILINE)
        temp_paths = " ".join(f"{name}_temp_path {self.folder}/{name};" for name in TEMP_PATHS)
        values = {"upstream": upstream, "heads": heads.replace("https", "http")}
        conf = CONF.format(folder=self.folder, port=self.port, temp_paths=temp_paths, **values)
        (self.folder / "nginx.conf").write_text(conf)


def _list_workers(master: int) -> set[int]:
    return {pid for pid, depth in list_process_tree(master, 0) if depth}
