"""Any command under `gitaudit exec`: untouched, between two records, whatever goes wrong around it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.console import Console, all_objects, program, script, snapshot, words
from tests.cli.executing.running import ENV, document, exec_, last, python, records, start
from tests.cli.test_json_output import faults

if TYPE_CHECKING:
    from tests.support.git import GitRepo

SECRET = "hunter2-Sentinel-77"


def test_two_records_around_a_command(audited: Console, git_remote: GitRepo) -> None:
    """The start is published before the command runs, the end names the start, and the log is good."""
    ran = exec_(audited, "git", "-C", str(git_remote.path), "log", "-1", "--format=%s", "refs/heads/audit")

    started, finished = records(audited)
    assert (ran.code, ran.out.split(" (")[0]) == (0, "deploy prod: started")
    assert (started["type"], finished["body"]["started"]) == ("deploy.started", started["id"])
    assert (finished["body"]["outcome"], finished["body"]["exit_code"]) == ("succeeded", 0)
    assert git_remote.ref("refs/heads/audit") == audited.head()
    assert audited.run("verify", "--complete").code == 0


@pytest.mark.parametrize("code", [1, 2, 3, 77, 255])
def test_the_exit_code_is_that_of_the_command(audited: Console, code: int) -> None:
    """Whatever a command exits with, gitaudit does, and the record says failed."""
    assert exec_(audited, *python(f"raise SystemExit({code})")).code == code
    assert (last(audited)["outcome"], last(audited)["exit_code"]) == ("failed", code)


def test_input_and_output_are_untouched(audited: Console) -> None:
    """Bytes go in and come out as without gitaudit; what gitaudit says goes to stderr."""
    ran = program("exec", *ENV, "--", "cat", cwd=audited.directory, stdin=b"a\x00\xff\r\n")

    assert (ran.returncode, ran.stdout) == (0, b"a\x00\xff\r\n")
    assert ran.stderr.startswith(b"gitaudit: recorded: succeeded")
    assert program("exec", "-q", *ENV, "--", "true", cwd=audited.directory).stderr == b""


def test_other_descriptors_are_handed_on(audited: Console, tmp_path: Path) -> None:
    """What a shell opens besides, such as `3>file` or `<(…)`, reaches the command."""
    line = f"{script()} exec -q --env prod -- sh -c 'cat /dev/fd/4 >&3' 3>{tmp_path}/three 4<<<'four'"
    subprocess.run(["bash", "-c", line], cwd=audited.directory, check=True)

    assert (tmp_path / "three").read_text() == "four\n"


@pytest.mark.parametrize(
    "command",
    [
        ["deploy-tool", "--password", SECRET, f"--token={SECRET}", f"-p{SECRET}", SECRET],
        ["terraform-like/terraform", "plan", "-var", f"password={SECRET}", f"-var=x={SECRET}", f"-backend={SECRET}"],
        ["helm", "upgrade", "web", "chart", "--set", f"password={SECRET}", f"--set-string=a={SECRET}", "-n", SECRET],
        ["ansible-playbook", "-e", f"password={SECRET}", f"--extra-vars={SECRET}", f"{SECRET}.yml"],
        ["pulumi", "up", "-c", f"db:password={SECRET}", "--message", SECRET, "-y"],
        ["aws", "cloudformation", "deploy", "--parameter-overrides", f"Password={SECRET}", "--stack-name", "web"],
        ["kubectl", "create", "secret", "generic", "x", f"--from-literal=password={SECRET}", "--token", SECRET],
        ["argocd", "app", "set", "web", "-p", f"password={SECRET}", "--auth-token", SECRET],
        ["env", f"PASSWORD={SECRET}", "true", f"--{SECRET}"],
        ["sudo-like", "-u", SECRET],
    ],
    ids=lambda command: Path(command[0]).name,
)
def test_no_argument_is_recorded(audited: Console, git_repo: GitRepo, tmp_path: Path, command: list[str]) -> None:
    """Of the words of a command, only names on a list are in the log: no value of any option, no argument."""
    tool = tmp_path / "bin" / Path(command[0]).name
    tool.parent.mkdir()
    if tool.name != "env":
        tool.write_text("#!/bin/sh\nexit 0\n")
        tool.chmod(0o755)
    here = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "DB_PASSWORD": SECRET}
    first = str(tmp_path / "bin/terraform") if "/" in command[0] else command[0]

    ran = exec_(audited, first, *command[1:], env=here)

    assert ran.code == 0, ran
    assert SECRET.encode() not in all_objects(git_repo.path)
    assert records(audited)[0]["redaction"]["dropped"] >= 1


def test_values_of_arguments_are_looked_for(audited: Console, git_repo: GitRepo) -> None:
    """A value that the command line carries is scrubbed from what the user says of the deployment."""
    reason = f"rotated to {SECRET}"
    ran = exec_(audited, "true", "-var", f"password={SECRET}", options=(*ENV, "--reason", reason))

    assert ran.code == 0, ran
    assert SECRET.encode() not in all_objects(git_repo.path)
    assert [one["redaction"]["scrubbed"] for one in records(audited)] == [1, 1]


def test_a_secret_in_the_metadata_stops_it(audited: Console, tmp_path: Path) -> None:
    """What would put a secret into the log is refused before anything runs; without the field, it goes on."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    options = (*ENV, "--reason", f"with {token}")
    refused = exec_(audited, "touch", str(tmp_path / "ran"), options=options)
    begun = (tmp_path / "ran").exists()
    without = exec_(audited, "true", options=(*options, "--redact", "/body/reason"))

    assert (refused.code, begun, token in refused.err) == (2, False, False)
    assert without.code == 0, without
    assert ["reason" in one["body"] for one in records(audited)] == [False, False]


def test_a_missing_program_is_told_and_nothing_recorded(audited: Console, git_repo: GitRepo) -> None:
    """Exit code 127, as of a shell, and a hint for those who typed an alias."""
    before = snapshot(git_repo.path)
    ran = exec_(audited, "no-such-program", "apply")

    assert ran.code == 127
    assert "no-such-program" in ran.err
    assert "alias" in words(ran)
    assert snapshot(git_repo.path) == before


def test_faults_before_the_command_stop_it(audited: Console, git_repo: GitRepo, tmp_path: Path) -> None:
    """A start that cannot be recorded at all means that nothing runs: environment, key, artifact, reason."""
    before = snapshot(git_repo.path)
    mark = tmp_path / "ran"
    for options, code in (
        (["--env", "prdo"], 2),
        (["--env", "prod", "--key", "0" * 40], 3),
        (["--env", "prod", "--artifact", "web"], 2),
        (["--env", "prod", "--reason", "a\nb"], 2),
        (["--env", "prod", "--retries", "99"], 2),
    ):
        assert exec_(audited, "touch", str(mark), options=tuple(options)).code == code, options

    assert not mark.exists()
    assert snapshot(git_repo.path, objects=False) == {
        **before,
        "files": snapshot(git_repo.path, objects=False)["files"],
    }
    assert records(audited) == []


def test_remote_down_is_told_and_the_command_runs(audited: Console, git_repo: GitRepo) -> None:
    """Both records wait here; the next sync publishes them."""
    git_repo.run("remote", "set-url", "origin", "file:///nowhere")

    ran = exec_(audited, "echo", "deployed")

    assert (ran.code, ran.out) == (0, "deployed\n")
    assert "unpublished" in ran.err
    assert audited.json("status")["unpublished"] == 2


def test_no_push_keeps_both_here(audited: Console) -> None:
    """`--no-push` asks no remote."""
    ran = exec_(audited, "true", options=(*ENV, "--no-push"))

    assert (ran.code, audited.json("status")["unpublished"]) == (0, 2)
    assert audited.run("sync").code == 0
    assert audited.json("status")["unpublished"] == 0


@pytest.mark.parametrize("down", [True, False], ids=["remote-down", "no-push"])
def test_policy_can_block_what_is_not_published(
    audited: Console, git_repo: GitRepo, tmp_path: Path, *, down: bool
) -> None:
    """Where the policy says so, nothing is deployed before its start is where others see it."""
    audited.ok("policy", "set", "--unpublished-start", "prod=block")
    if down:
        git_repo.run("remote", "set-url", "origin", "file:///nowhere")
    mark = tmp_path / "ran"

    ran = exec_(audited, "touch", str(mark), options=(*ENV, *(() if down else ("--no-push",))))
    other = exec_(audited, "true", options=("--env", "staging", "--no-push"))

    assert (ran.code, mark.exists(), other.code) == (3, False, 0)
    assert "expected the start to be published" in ran.err
    body = records(audited, "--type", "deploy.finished", "--env", "prod")[0]["body"]
    assert (body["outcome"], body["reason"], "exit_code" in body) == (
        "canceled",
        "the start could not be published",
        False,
    )


def test_end_that_cannot_be_recorded_makes_a_good_exit_code_three(audited: Console, git_repo: GitRepo) -> None:
    """Exit code 0 must not say that all is well; another one stands."""
    outbox = git_repo.path / ".git/gitaudit/outbox"
    spoil = f"import os, shutil; shutil.rmtree({str(outbox)!r}); open({str(outbox)!r}, 'w').close()"
    good = exec_(audited, *python(spoil))
    outbox.unlink()
    bad = exec_(audited, *python(f"{spoil}; raise SystemExit(9)"))
    outbox.unlink()

    assert (good.code, bad.code) == (3, 9)
    assert "not recorded" in good.err
    assert [one["type"] for one in records(audited)] == ["deploy.started", "deploy.started"]


def test_killed_wrapper_leaves_a_start_without_an_end(audited: Console) -> None:
    """SIGKILL, or a machine that is gone: status and verify show it, the next run says so, and it can be closed."""
    process = start(audited, *python("print('begun', flush=True); input()"), stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    process.kill()
    process.communicate()
    begun = records(audited)[-1]

    shown = audited.json("status")
    verified = audited.json("verify", "--complete", "HEAD")
    again = exec_(audited, "true")

    assert [one["id"] for one in shown["unfinished"]] == [begun["id"]]
    assert [(one["rule"], one["severity"], one["id"]) for one in verified["findings"]] == [
        ("unfinished", "warning", begun["id"])
    ]
    assert f"has no end: record {begun['index']}" in again.err
    audited.ok("record-deploy", *ENV, "--finishes", str(begun["index"]), "--outcome", "unknown")
    assert audited.json("status")["unfinished"] == []
    assert "has no end" not in exec_(audited, "true").err


def test_another_stack_is_not_told_of_it(audited: Console) -> None:
    """A start without an end concerns runs of its own stack."""
    process = start(audited, *python("print('begun', flush=True); input()"), stdin=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()

    assert "has no end" not in exec_(audited, "true", options=(*ENV, "--stack", "net")).err
    assert "has no end" in exec_(audited, "true").err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signal_to_the_wrapper_reaches_the_command_once(audited: Console, number: signal.Signals) -> None:
    """A signal that only gitaudit is sent is passed on, and the command handles it as it likes."""
    code = (
        "import signal, time\n"
        "seen = []\n"
        f"signal.signal({int(number)}, lambda *_: seen.append(1))\n"
        "print('ready', flush=True)\n"
        "while not seen: signal.pause()\n"
        "time.sleep(0.5)\n"
        "print(len(seen), flush=True)\n"
        "raise SystemExit(5)"
    )
    process = start(audited, *python(code))
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    out, _ = process.communicate()

    assert (process.returncode, out) == (5, b"1\n")
    body = last(audited)
    canceled = number is not signal.SIGUSR1
    assert body["outcome"] == ("canceled" if canceled else "failed")
    assert body.get("signal") == (int(number) if canceled else None)


def test_signal_to_the_group_reaches_the_command_once(audited: Console) -> None:
    """A runner that ends a whole process group does not make two interrupts of one: Terraform would drop everything."""
    code = (
        "import signal, time\n"
        "seen = []\n"
        "signal.signal(15, lambda *_: seen.append(1))\n"
        "print('ready', flush=True)\n"
        "while not seen: signal.pause()\n"
        "time.sleep(0.5)\n"
        "print(len(seen), flush=True)"
    )
    process = start(audited, *python(code), start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGTERM)
    out, _ = process.communicate()

    assert (process.returncode, out) == (0, b"1\n")
    assert last(audited)["outcome"] == "succeeded"  # it was asked to end, and ended well


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_command_that_a_signal_ends(audited: Console, number: signal.Signals) -> None:
    """Gitaudit ends by the same signal, after it has recorded that."""
    ran = exec_(audited, *python(f"import os; os.kill(os.getpid(), {int(number)})"))

    body = last(audited)
    assert ran.code == -number
    assert (body["signal"], body["exit_code"], body["outcome_source"]) == (int(number), 128 + number, "signal")
    assert body["outcome"] == ("canceled" if number is signal.SIGTERM else "failed")


def test_ignored_signals_stay_ignored(audited: Console) -> None:
    """Under nohup, the command ignores what it would ignore without gitaudit."""
    code = "import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    ran = subprocess.run(
        ["nohup", script(), "exec", "-q", *ENV, "--", sys.executable, "-c", code],
        cwd=audited.directory,
        capture_output=True,
        check=True,
    )

    assert ran.stdout == b"True\n"


def test_timeout_among_the_wrappers_is_a_time_out(audited: Console) -> None:
    """`timeout` says with 124 that it ended the command."""
    assert exec_(audited, "timeout", "0.2", "sleep", "60").code == 124
    assert last(audited)["outcome"] == "timed_out"


def test_metadata_is_in_both_records(audited: Console, tmp_path: Path) -> None:
    """What is known before stands in both; evidence is looked at after the command has made it."""
    report, digest = tmp_path / "report.txt", "a" * 64
    options = (
        *ENV,
        *(
            "--stack",
            "net",
            "--reason",
            "bigger",
            "--ticket",
            "OPS-7",
            "--link",
            "run=https://user:pw@ci.example.com/7",
        ),
        *("--artifact", f"web@sha256:{digest}", "--evidence", str(report), "--evidence", "missing.txt"),
    )
    ran = exec_(audited, "sh", "-c", f"echo fine > {report}", options=options)

    started, finished = records(audited)
    for record in (started, finished):
        assert (record["body"]["reason"], record["body"]["ticket"]) == ("bigger", "OPS-7")
        assert record["body"]["stack"] == {"name": "net", "tool": "sh"}
        assert record["links"] == [{"rel": "run", "href": "https://ci.example.com/7"}]
    assert finished["body"]["artifacts"] == [{"name": "web", "sha256": digest}]
    assert [(one["name"], one["size"]) for one in finished["body"]["evidence"]] == [("report.txt", 5)]
    assert "cannot read missing.txt" in ran.err
    assert ran.code == 0


def test_json_goes_to_stderr(audited: Console) -> None:
    """Stdout is the command's; the document says what became of it and of its records."""
    ran = exec_(audited, "echo", "mine", options=(*ENV, "--json"))
    found = document(ran)

    assert (ran.code, ran.out) == (0, "mine\n")
    assert faults(found) == []
    assert (found["outcome"], found["ran"], found["exit_code"], found["shared"]) == ("succeeded", True, 0, True)
    assert [one["id"] for one in found["records"]] == [one["id"] for one in records(audited)]


def test_dry_run_runs_nothing(audited: Console, git_repo: GitRepo, tmp_path: Path) -> None:
    """It shows the record of the start."""
    before = snapshot(git_repo.path)
    mark = tmp_path / "ran"
    ran = exec_(audited, "touch", str(mark), options=(*ENV, "--dry-run", "--json"))

    assert (ran.code, faults(ran.document), mark.exists()) == (0, [], False)
    assert [one["type"] for one in ran.document["records"]] == ["deploy.started"]
    assert snapshot(git_repo.path) == before


def test_the_words_need_no_dashes_in_front(audited: Console) -> None:
    """Options after the command are the command's."""
    ran = program("exec", *ENV, "-q", "printf", "%s %s", "--env", "-q", cwd=audited.directory)

    assert (ran.returncode, ran.stdout) == (0, b"--env -q")


def test_a_pipeline_keeps_its_members(audited: Console) -> None:
    """A reader that goes away ends the command by SIGPIPE, as without gitaudit."""
    line = f"{script()} exec -q --env prod -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", line], cwd=audited.directory, capture_output=True, check=True)

    assert ran.stdout == b"y\n141\n"
    assert last(audited)["signal"] == signal.SIGPIPE
