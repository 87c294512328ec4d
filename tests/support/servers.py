"""Real Git servers on loopback, each a process of its own that ends with its context: daemon, HTTP, ssh, gitolite.

What runs on them sees an environment of its own: the HOME of the server, no variable of the test.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.tools import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOST = "127.0.0.1"
USER, PASSWORD = "writer", "let me in"
START_SECONDS = 30.0
_SBIN = "/usr/sbin:/usr/local/sbin:/sbin"
"""Where Debian puts servers, which is not on everybody's PATH."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server at work.

    Attributes:
        name: for the ids of tests.
        repositories: folder of its bare repositories.
        url: of the repository `infra.git` in it.
        env: variables that a client needs.
        home: HOME of what runs on the server.
        access_log: a line for each request, where the server keeps one.
    """

    name: str
    repositories: Path
    url: str
    env: dict[str, str] = field(default_factory=dict)
    home: Path
    access_log: Path | None = None

    @property
    def repository(self) -> Path:
        """The bare repository that the URL names."""
        return self.repositories / "infra.git"


@contextmanager
def daemon(folder: Path) -> Iterator[Server]:
    """Give `git daemon`: no authentication, no environment but its own."""
    home, repositories = _folders(folder)
    port = _free_port()
    options = [f"--listen={HOST}", f"--port={port}", "--reuseaddr", "--export-all", "--enable=receive-pack"]
    command = [require_tool("git"), "daemon", *options, f"--base-path={repositories}"]
    with _running(command, home, port, folder / "log"):
        yield Server(name="daemon", repositories=repositories, url=f"git://{HOST}:{port}/infra.git", home=home)


@contextmanager
def http(folder: Path) -> Iterator[Server]:
    """Give `git http-backend` behind lighttpd, which asks for a name and a password."""
    home, repositories = _folders(folder)
    port = _free_port()
    backend = Path(subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip())
    (folder / "passwords").write_text(f"{USER}:{PASSWORD}\n", encoding="ascii")
    (folder / "lighttpd.conf").write_text(
        _LIGHTTPD.format(
            folder=folder, port=port, host=HOST, repositories=repositories, backend=backend / "git-http-backend"
        ),
        encoding="ascii",
    )
    command = [_require_server("lighttpd"), "-D", "-f", str(folder / "lighttpd.conf")]
    password = PASSWORD.replace(" ", "%20")
    with _running(command, home, port, folder / "log"):
        url = f"http://{USER}:{password}@{HOST}:{port}/git/infra.git"
        yield Server(name="http", repositories=repositories, url=url, home=home, access_log=folder / "access.log")


@contextmanager
def ssh(folder: Path) -> Iterator[Server]:
    """Give `sshd` with a key that may only run what `git-shell` allows."""
    home, repositories = _folders(folder)
    public = _client_key(folder)
    shell = require_tool("git-shell")
    (folder / "authorized").write_text(f'command="{shell} -c \\"$SSH_ORIGINAL_COMMAND\\"" {public}', encoding="ascii")
    with _sshd(folder, home, folder / "authorized") as (port, env):
        user = pwd.getpwuid(os.getuid()).pw_name
        url = f"ssh://{user}@{HOST}:{port}{repositories}/infra.git"
        yield Server(name="ssh", repositories=repositories, url=url, env=env, home=home)


@contextmanager
def gitolite(folder: Path) -> Iterator[Server]:
    """Give gitolite behind `sshd`: everybody may do everything with every repository but what hooks refuse."""
    home, _ = _folders(folder)
    program = require_tool("gitolite")
    public = folder / "admin.pub"
    public.write_text(_client_key(folder), encoding="ascii")
    env = _environment(home)
    subprocess.run([program, "setup", "-pk", str(public)], env=env, cwd=home, check=True, capture_output=True)
    conf = home / ".gitolite/conf/gitolite.conf"
    conf.write_text("repo infra\n    RW+ = @all\n", encoding="ascii")
    for command in ("compile", "trigger POST_COMPILE"):
        subprocess.run([program, *command.split()], env=env, cwd=home, check=True, capture_output=True)
    with _sshd(folder, home, home / ".ssh/authorized_keys") as (port, client):
        user = pwd.getpwuid(os.getuid()).pw_name
        url = f"ssh://{user}@{HOST}:{port}/infra"
        yield Server(name="gitolite", repositories=home / "repositories", url=url, env=client, home=home)


_LIGHTTPD = """
server.document-root = "{folder}"
server.port = {port}
server.bind = "{host}"
server.errorlog = "{folder}/log"
server.modules = ("mod_auth", "mod_authn_file", "mod_alias", "mod_cgi", "mod_setenv", "mod_accesslog")
server.max-keep-alive-requests = 1000
accesslog.filename = "{folder}/access.log"
accesslog.format = "%m %U %q %s"
auth.backend = "plain"
auth.backend.plain.userfile = "{folder}/passwords"
auth.require = ("/git" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
alias.url = ("/git" => "{backend}")
cgi.assign = ("" => "")
setenv.set-environment = ("GIT_PROJECT_ROOT" => "{repositories}", "GIT_HTTP_EXPORT_ALL" => "1")
"""
_SSHD = """
ListenAddress {host}
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {authorized}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
AcceptEnv GIT_PROTOCOL
SetEnv {variables}
"""


def _folders(folder: Path) -> tuple[Path, Path]:
    home, repositories = folder / "home", folder / "repositories"
    home.mkdir(mode=0o700)
    repositories.mkdir()
    return home, repositories


def _environment(home: Path) -> dict[str, str]:
    """Return all variables of what runs on a server."""
    return {
        "PATH": f"{os.environ['PATH']}:{_SBIN}",
        "HOME": str(home),
        "USER": pwd.getpwuid(os.getuid()).pw_name,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
    }


@contextmanager
def _sshd(folder: Path, home: Path, authorized: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Run sshd, and give its port with the variables of a client."""
    program = _require_server("sshd")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it gives up its rights
    port = _free_port()
    keygen = [require_tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host")]
    subprocess.run(keygen, check=True)
    names = ("HOME", "PATH", "GIT_CONFIG_NOSYSTEM", "LC_ALL")
    variables = " ".join(f'"{name}={value}"' for name, value in _environment(home).items() if name in names)
    config = _SSHD.format(host=HOST, port=port, folder=folder, authorized=authorized, variables=variables)
    (folder / "sshd.conf").write_text(config, encoding="ascii")
    command = [program, "-D", "-e", "-f", str(folder / "sshd.conf")]
    options = f"-F none -p {port} -i {folder}/client -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new"
    with _running(command, home, port, folder / "log"):
        yield port, {"GIT_SSH_COMMAND": f"ssh {options} -o UserKnownHostsFile={folder}/known -o LogLevel=ERROR"}


def _client_key(folder: Path) -> str:
    """Make a key of a client, and return the public part."""
    command = [require_tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "admin", "-f", str(folder / "client")]
    subprocess.run(command, check=True)
    return (folder / "client.pub").read_text("ascii")


@contextmanager
def _running(command: Sequence[str], home: Path, port: int, log: Path) -> Iterator[None]:
    """Run a server from when it accepts connections until the context ends."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command, env=_environment(home), cwd=home, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
    try:
        _wait_for(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            try:
                process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            message = f"{process.args!r} did not begin to listen:\n{log.read_text('utf-8', 'replace')}"
            raise AssertionError(message) from None
        else:
            return


@contextmanager
def slow_link(server: Server, folder: Path, seconds: float) -> Iterator[str]:
    """Give another URL of a server on HTTP, over which every piece of data takes so long in each direction."""
    behind = int(server.url.rpartition("@")[2].partition("/")[0].rpartition(":")[2])
    port = _free_port()
    command = [sys.executable, str(Path(__file__).with_name("slow_link.py")), str(port), str(behind), str(seconds)]
    with _running(command, server.home, port, folder / "link.log"):
        yield server.url.replace(f":{behind}/", f":{port}/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _require_server(name: str) -> str:
    """Return the path of a program as `require_tool` does, also where only an administrator's PATH has it."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:{_SBIN}")
    return found or require_tool(name)


PROGRAM = Path(sys.executable).with_name("gitaudit")
"""The installed program, as an administrator runs it."""
