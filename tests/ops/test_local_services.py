"""PostgreSQL and Valkey of our own: as anyone, anywhere, after anything."""

import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from ops import local_postgres
from ops.child_process import StartError
from ops.local_services import SECRETS, LocalServices, local_services, read_env
from tests.support.processes import processes_about, start
from tools.portal_stack import wait_until

HOLD = """
import sys, time
from pathlib import Path
from ops.local_services import local_services
with local_services(Path(sys.argv[1]), durable=False) as services:
    print(services.env["DATABASE_URL"], flush=True)
    time.sleep(60)
"""


ELSEWHERE = {"DATABASE_URL": "postgres://elsewhere/x", "REDIS_URL": "redis://elsewhere"}
POSTGRES_ALONE = {"REDIS_URL": "redis://elsewhere"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hide from PostgreSQL")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short folder, as DATA_DIR is one; pytest's own are long."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "dữ liệu"


@pytest.fixture(scope="module")
def initialized() -> Iterator[Path]:
    """What a first start makes: a second of processor time, so it is copied."""
    with tempfile.TemporaryDirectory() as folder:
        with run(Path(folder) / "data", **POSTGRES_ALONE):
            pass
        yield Path(folder) / "data"


@pytest.fixture
def used(data_dir: Path, initialized: Path) -> Path:
    """A DATA_DIR that was started before."""
    return shutil.copytree(initialized, data_dir, symlinks=True)


def run(data_dir: Path, **environ: str) -> contextlib.AbstractContextManager[LocalServices]:
    return local_services(data_dir, durable=False, environ=environ)


def ask(services: LocalServices, question: str) -> object:
    with contextlib.closing(psycopg2.connect(services.env["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(question)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


def test_outside_of_a_first_look_no_server_of_ours_is_started(data_dir: Path) -> None:
    public = {"PORTAL_URL": "https://portal.example"}
    with pytest.raises(StartError, match=r"first look .*set DATABASE_URL$"):
        run(data_dir, **POSTGRES_ALONE, **public).__enter__()
    assert not data_dir.exists()
    with run(data_dir, **ELSEWHERE, **public) as services:
        assert services.children == []


def test_data_and_secrets_outlive_a_stop(data_dir: Path) -> None:
    with run(data_dir) as first:
        ask(first, "CREATE TABLE kept AS SELECT 7 AS n")
        redis.Redis.from_url(first.env["REDIS_URL"]).set("kept", "7")
    with run(data_dir) as second:
        assert ask(second, "SELECT n FROM kept") == 7
        assert redis.Redis.from_url(second.env["REDIS_URL"]).get("kept") == b"7"
    for name in ("FIELD_ENCRYPTION_KEYS", "SECRET_KEY", "BACKUP_KEY"):
        assert second.env[name] == first.env[name]


def test_nothing_listens_on_the_network_and_no_words_of_a_statement_reach_the_log(
    used: Path,
) -> None:
    with run(used) as services:
        assert ask(services, "SHOW listen_addresses") == ""
        client = redis.Redis.from_url(services.env["REDIS_URL"])
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        with pytest.raises(psycopg2.Error):
            ask(services, "SELECT 'lời kể'::integer")
    assert "lời kể" not in (used / "postgres.log").read_text()


def test_what_we_know_is_for_its_owner_alone(data_dir: Path) -> None:
    with run(data_dir) as services:
        known = data_dir / "local.env"
        assert stat.S_IMODE(known.stat().st_mode) == 0o600
        assert read_env(data_dir) == services.env
        sockets = (data_dir / "sockets").resolve()
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert set(read_env(data_dir)) == set(SECRETS)
    assert not sockets.exists()


def test_a_server_that_the_environment_names_is_not_started(data_dir: Path) -> None:
    with run(data_dir, DATABASE_URL="postgres://elsewhere/x", REDIS_URL_FILE="/x") as services:
        assert services.children == []
        assert set(services.env) == set(SECRETS)


def test_a_secret_of_the_environment_wins_and_ours_is_kept(data_dir: Path) -> None:
    with run(data_dir, **ELSEWHERE) as first:
        pass
    with run(data_dir, **ELSEWHERE, FIELD_ENCRYPTION_KEYS="theirs") as services:
        assert "FIELD_ENCRYPTION_KEYS" not in services.env
    assert read_env(data_dir)["FIELD_ENCRYPTION_KEYS"] == first.env["FIELD_ENCRYPTION_KEYS"]


def test_lost_keys_are_never_replaced_in_silence(used: Path) -> None:
    (used / "local.env").unlink()
    with pytest.raises(StartError, match="lost FIELD_ENCRYPTION_KEYS"), run(used):
        pass


def test_a_second_start_on_the_same_folder_is_refused(data_dir: Path) -> None:
    with (
        run(data_dir, **ELSEWHERE),
        pytest.raises(StartError, match="in use"),
        run(data_dir, **ELSEWHERE),
    ):
        pass


@pytest.mark.parametrize("place", ["/proc/nowhere", "/etc/hostname/below"])
def test_a_folder_that_cannot_be_written_is_one_line(place: str) -> None:
    with pytest.raises(StartError, match=r"^DATA_DIR .* cannot be written: .*$"), run(Path(place)):
        pass


def test_after_kill_9_nothing_is_left_and_the_next_start_works(used: Path) -> None:
    holder = start("-c", HOLD, str(used), TMPDIR=str(used.parent))
    assert holder.stdout
    assert "host=" in holder.stdout.readline()
    holder.kill()
    holder.communicate()
    assert wait_until(lambda: not processes_about(str(used)))
    with run(used) as services:
        assert ask(services, "SELECT 1") == 1


def test_a_pid_file_that_names_a_living_stranger_does_not_stop_us(used: Path) -> None:
    stale = f"{os.getppid()}\n{used / 'postgres'}\n1\n5432\n/nowhere\n\n0 0\nready\n"
    (used / "postgres" / "postmaster.pid").write_text(stale)
    with run(used, **POSTGRES_ALONE) as services:
        assert ask(services, "SELECT 1") == 1


def test_a_server_still_going_down_is_waited_for(used: Path) -> None:
    with run(used, **POSTGRES_ALONE) as services:
        [server] = services.children
        command = list(server.command)
    with tempfile.TemporaryDirectory() as sockets:
        command = [part.replace("directories=", f"directories={sockets},") for part in command]
        command = [part.split(",")[0] if "directories=" in part else part for part in command]
        orphan = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert wait_until((used / "postgres" / "postmaster.pid").exists)
        with run(used, **POSTGRES_ALONE) as services:
            assert orphan.wait(30) == 0
            assert ask(services, "SELECT 1") == 1


def test_an_initdb_that_was_cut_short_is_done_again(data_dir: Path) -> None:
    (data_dir / "postgres.new").mkdir(parents=True)
    (data_dir / "postgres.new" / "PG_VERSION").write_text("17\n")
    question = "SELECT datcollate FROM pg_database WHERE datname = 'portal'"
    with run(data_dir, **POSTGRES_ALONE) as services:
        assert ask(services, question) == "C.UTF-8"


def test_long_folder_names_do_not_make_long_sockets(
    data_dir: Path, initialized: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = shutil.copytree(initialized, data_dir / ("x" * 100), symlinks=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with run(deep) as services:
        assert ask(services, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="we are an ordinary user anyway")
@pytest.mark.parametrize("user", [65534, 4321], ids=["with a name", "without a name"])
def test_it_runs_as_an_ordinary_user(data_dir: Path, user: int) -> None:
    ordinary = ("unshare", "--user", f"--map-user={user}", f"--map-group={user}", "--")
    if subprocess.run([*ordinary, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    holder = start("-c", HOLD, str(data_dir), prefix=ordinary, TMPDIR=str(data_dir.parent))
    assert holder.stdout
    assert "host=" in holder.stdout.readline()
    holder.kill()
    holder.communicate()


@as_root
def test_root_hides_in_each_way_on_the_same_data(
    used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used.parent.chmod(0o711)
    for disguise in local_postgres.DISGUISES:
        monkeypatch.setattr(local_postgres, "DISGUISES", (disguise,))
        with run(used, **POSTGRES_ALONE) as services:
            assert ask(services, "SELECT 1") == 1


@pytest.fixture
def closed(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that only root may enter, as root's home is one, with PostgreSQL's programs in it."""
    folder = data_dir.parent / "root"
    folder.mkdir(mode=0o700)
    installed = Path(local_postgres.postgres_tool("postgres")).parent
    shutil.copytree(installed.parent, folder / "pg", symlinks=True)
    monkeypatch.setenv("PG_BIN", str(folder / "pg" / installed.name))
    data_dir.parent.chmod(0o711)
    return folder


@as_root
@pytest.mark.parametrize("disguise", local_postgres.DISGUISES)
def test_root_hides_in_each_way_from_programs_that_only_root_may_reach(
    closed: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, disguise: tuple[str, ...]
) -> None:
    """But for the last way, the data too may lie where only root may go."""
    monkeypatch.setattr(local_postgres, "DISGUISES", (disguise,))
    place = data_dir if disguise == local_postgres.DISGUISES[-1] else closed / "var"
    with run(place, **POSTGRES_ALONE) as services:
        assert ask(services, "SELECT count(*) > 0 FROM pg_timezone_names") is True


def test_root_without_any_disguise_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(local_postgres, "DISGUISES", (("false",), ("no-such-program",)))
    with pytest.raises(StartError, match="another user"):
        local_postgres.run_as_prefix()


def test_missing_programs_are_one_line_and_pg_bin_comes_before_the_wheel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "initdb").touch()
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    assert local_postgres.postgres_tool("initdb") == str(tmp_path / "initdb")
    assert local_postgres.postgres_tool("postgres") != str(tmp_path / "postgres")
    monkeypatch.setattr(local_postgres, "_postgres_folders", lambda: iter([tmp_path / "none"]))
    with pytest.raises(StartError, match="set PG_BIN or DATABASE_URL"):
        local_postgres.postgres_tool("initdb")
