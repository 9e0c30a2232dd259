"""Base images under the names of the official ones, for a machine that reaches Debian and PyPI alone.

Users, modes, folders and signals are those of the official images. Programs are Debian's: of the next
release where this one's are older than the images say. What no stand-in shows: Alpine's musl, and the
very builds that the registry has.
"""

import shutil
import subprocess
from pathlib import Path

from tools.image_test.engine import Box
from tools.image_test.outcome import NotRunError

# Debian's next release, of which only what is asked for by `-t forky` is taken.
NEXT = """
RUN mirror=$(grep -rhom1 'https*://[^ ]*debian/*' /etc/apt/sources.list*) && echo "deb $mirror forky main" >/etc/apt/sources.list.d/next.list \\
    && printf 'Package: *\\nPin: release n=forky\\nPin-Priority: 100\\n' >/etc/apt/preferences.d/next
"""
INSTALL = (
    "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
)
PYTHON = f"""
FROM debian:trixie-slim
RUN {INSTALL} python3.13-venv && rm /usr/lib/python3.13/EXTERNALLY-MANAGED \\
    && ln -s /usr/bin/python3.13 /usr/local/bin/python3 && ln -s python3 /usr/local/bin/python \\
    && python -m venv /tmp/v && cp -r /tmp/v/lib/python3.13/site-packages/pip* /usr/local/lib/python3.13/dist-packages/ \\
    && rm -rf /tmp/v /var/lib/apt/lists/*
ENV LANG=C.UTF-8
"""
# What the official entry point does with an empty folder; POSTGRES_PASSWORD reaches the scripts, as there.
POSTGRES_ENTRY = """#!/bin/bash
set -eu
umask 077
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    export POSTGRES_PASSWORD
    eval "initdb --username=postgres --pwfile=<(printf %s '$POSTGRES_PASSWORD') ${POSTGRES_INITDB_ARGS:-}"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl --wait --options "-c listen_addresses=''" start
    for script in /docker-entrypoint-initdb.d/*.sh; do "$script"; done
    pg_ctl --wait --mode fast stop
    unset POSTGRES_PASSWORD
fi
exec "$@"
"""
POSTGRES = f"""
FROM debian:trixie-slim
RUN groupadd -r -g 999 postgres && useradd -r -g postgres -u 999 -d /var/lib/postgresql postgres \\
    && {INSTALL} postgresql-common && sed -i 's/#create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \\
    && apt-get install -y --no-install-recommends postgresql-17 && rm -rf /var/lib/apt/lists/* \\
    && sed -i "s/^#listen_addresses = .*/listen_addresses = '*'/" /usr/share/postgresql/17/postgresql.conf.sample \\
    && install -d -o postgres -g postgres -m 3777 /var/run/postgresql && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data
ENV LANG=C.UTF-8 PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
COPY --chmod=755 entry /usr/local/bin/docker-entrypoint.sh
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
CMD ["postgres"]
"""
# As in Alpine busybox is all the user land: a program, its libraries and nothing else besides.
SMALL = f"""
FROM debian:trixie-slim
{NEXT}
RUN {INSTALL} -t forky busybox-static nginx-light valkey-server valkey-tools
RUN mkdir -p /small/bin /small/etc /small/tmp /small/var/log /small/run && chmod 1777 /small/tmp && cp /bin/busybox /small/bin/ \\
    && for name in $(busybox --list | grep -vx busybox); do ln -s busybox /small/bin/$name; done
COPY --chmod=755 <<'END' /take
#!/bin/sh
# Copy programs and the libraries that they load to where the image begins.
for program; do
    for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do mkdir -p "/small${{file%/*}}" && cp -L "$file" "/small$file"; done
done
END
"""
NGINX = """
FROM image-test-small AS made
RUN /take /usr/sbin/nginx && cp -r /etc/nginx /small/etc/ && mkdir -p /small/var/log/nginx /small/var/lib/nginx \\
    && echo 'nginx:x:101:101::/:/sbin/nologin' >/small/etc/passwd && echo 'nginx:x:101:' >/small/etc/group
FROM scratch
COPY --from=made /small /
ENV PATH=/usr/sbin:/bin
STOPSIGNAL SIGQUIT
"""
VALKEY = """
FROM image-test-small AS made
RUN mkdir -p /small/usr/bin && /take /usr/bin/valkey-server /usr/bin/valkey-cli && install -d -o 999 -g 1000 /small/data \\
    && echo 'valkey:x:999:1000::/:/sbin/nologin' >/small/etc/passwd && echo 'valkey:x:1000:' >/small/etc/group
FROM scratch
COPY --from=made /small /
ENV PATH=/usr/bin:/bin
VOLUME /data
WORKDIR /data
"""
IMAGES = {
    "python:3.13-slim-trixie": PYTHON,
    "postgres:17": POSTGRES,
    "image-test-small": SMALL,
    "nginx:1.28-alpine": NGINX,
    "valkey/valkey:9-alpine": VALKEY,
}


def make_stand_ins(box: Box) -> None:
    """Make all base images in the box. Raises NotRunError with what went wrong."""
    folder = box.folder / "stand-ins"
    folder.mkdir(exist_ok=True)
    tar = folder / "debian.tar"
    bootstrap(tar)
    run(box, ["docker", "import", "--change", 'CMD ["bash"]', str(tar), "debian:trixie-slim"])
    tar.unlink()
    (folder / "entry").write_text(POSTGRES_ENTRY)
    for name, text in IMAGES.items():
        run(box, ["docker", "build", "--tag", name, "--file", "-", str(folder)], text)


def bootstrap(tar: Path) -> None:
    """Make Debian's smallest system, which knows this machine's certificates and settings of apt and pip."""
    copy = 'for each in /etc/pip.conf /etc/apt/apt.conf.d/99*; do [ ! -e "$each" ] || cp "$each" "$1$each"; done'
    trust = 'cp -r /usr/local/share/ca-certificates "$1/usr/local/share/" && chroot "$1" update-ca-certificates'
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    run(None, [
        "mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", f"--customize-hook={trust}",
        f"--customize-hook={copy}", "trixie", str(tar), *([str(sources)] if sources.exists() else []),
    ])  # fmt: skip


def run(box: Box | None, command: list[str], text: str = "") -> None:
    """Run a command, in the box where there is one. Raises NotRunError with its last lines."""
    done = subprocess.run(
        command, env=box.env if box else None, input=text, capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        last = (done.stdout + done.stderr)[-2000:]
        raise NotRunError(f"{shutil.which(command[0])} {' '.join(command[1:4])}:\n{last}")
