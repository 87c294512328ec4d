"""Joins adapters to use cases for one run of a command; besides `adapters/environment.py` it reads variables."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gitaudit.adapters.environment import variable
from gitaudit.cli.repository import Repository
from gitaudit.errors import ConfigError, GitauditError, InputError, KeyProblemError, LogError, SetupError
from gitaudit.policy.config import FILE_NAME, Config, parse_config

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from gitaudit.adapters.clock import SystemClock
    from gitaudit.adapters.files import FileMemory, FileOutbox
    from gitaudit.adapters.git.remote import GitRemote
    from gitaudit.adapters.gnupg.signer import GpgSigner
    from gitaudit.adapters.schemas import SchemaSet
    from gitaudit.cli.confidential import Confidential
    from gitaudit.cli.output import Output
    from gitaudit.policy.policy import Policy
    from gitaudit.ports import Verifier
    from gitaudit.usecases.position import Position
    from gitaudit.usecases.verifying.verify import LogVerifier
    from gitaudit.usecases.writing.build import Tools
    from gitaudit.usecases.writing.drafts import Author
    from gitaudit.usecases.writing.publish import Log


class Session(Repository):
    """What one run of a command works with; every part is made when it is first asked for."""

    def __init__(self, directory: Path, key: str | None = None, remote: str | None = None) -> None:
        """Name what the user named; nothing is opened yet.

        Args:
            directory: where the command runs; relative paths of the user count from it.
            key: to sign with, None for the one that git's configuration names.
            remote: name of the remote, None for the usual one.
        """
        super().__init__(directory)
        self._key = key
        self._position: Position | None = None
        self.named_remote = remote

    @cached_property
    def memory(self) -> FileMemory:
        """What this clone remembers."""
        from gitaudit.adapters.files import FileMemory

        return FileMemory(self.store.common_dir)

    @cached_property
    def outbox(self) -> FileOutbox:
        """Drafts that wait."""
        from gitaudit.adapters.files import FileOutbox

        return FileOutbox(self.store.common_dir)

    @cached_property
    def schemas(self) -> SchemaSet:
        """The JSON schemas, with the policy and the pin that they were last seen to fit unless all is read anew."""
        if self.reads_anew:
            from gitaudit.adapters.schemas import SchemaSet

            return SchemaSet()
        from gitaudit.adapters.known_documents import KnownDocuments

        return KnownDocuments(self.store.common_dir)

    @cached_property
    def clock(self) -> SystemClock:
        """The clock."""
        from gitaudit.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def signer(self) -> GpgSigner:
        """The user's key; nothing is asked of gpg before it is used."""
        from gitaudit.adapters.gnupg.signer import GpgSigner, passphrase_from

        key = self._key or self.store.config("gitaudit.key")
        if key is None and self.store.config("gpg.format") in {"ssh", "x509"}:
            raise KeyProblemError(
                "expected an OpenPGP key to sign with, found gpg.format to be another",
                hint="name one for the log: git config gitaudit.key FINGERPRINT",
            )
        return GpgSigner(
            key or self.store.config("user.signingkey"),
            admitted=self._admitted_keys,
            program=self.store.config("gpg.program") or "gpg",
            passphrase=passphrase_from(variable("GITAUDIT_PASSPHRASE_FILE")),
        )

    def _admitted_keys(self) -> Collection[str]:
        """Return the fingerprints of the keys that the log admits, none where there is no log yet."""
        try:
            policy = self.position().policy
        except GitauditError:
            return ()
        return () if policy is None else policy.keys

    @cached_property
    def verifier(self) -> Verifier:
        """The engine that judges signatures in process."""
        from gitaudit.adapters.sequoia import SequoiaVerifier

        return SequoiaVerifier()

    @cached_property
    def confidential(self) -> Confidential:
        """What this run knows to be secret."""
        from gitaudit.cli.confidential import Confidential

        return Confidential()

    @cached_property
    def config(self) -> Config:
        """The log of this repository: what the clone remembers, compared with `.gitaudit.yml`."""
        from gitaudit.usecases.pin import check_pin, config_of

        remembered = self.memory.load()
        found = self.found_config()
        if found is not None:
            check_pin(found, remembered)
        known = found or config_of(remembered)
        if known is None:
            raise SetupError(
                f"expected a log in this repository, found no {FILE_NAME}",
                hint="start one, or join that of the remote, with: gitaudit init",
            )
        return known

    def found_config(self) -> Config | None:
        """Return what `.gitaudit.yml` says: of the working tree, else of HEAD; None where there is none."""
        data = self._config_bytes()
        if data is None:
            return None
        try:
            return parse_config(self.schemas.read_config(data))
        except ConfigError as error:
            error.hint = error.hint or f"restore it with: git checkout HEAD -- {FILE_NAME}"
            raise

    def _config_bytes(self) -> bytes | None:
        from gitaudit.adapters.inputs import read_small
        from gitaudit.usecases.position import find_entry, read_blob

        if self.store.work_tree is not None:
            data = read_small(self.store.work_tree / FILE_NAME)
            if data is not None:
                return data
        try:
            commit = self.store.resolve("HEAD")
        except LookupError:
            return None
        tree = self.tree_of(commit)
        entry = find_entry(self.store, tree, FILE_NAME)
        return None if entry is None else read_blob(self.store, entry)

    @cached_property
    def remote(self) -> GitRemote | None:
        """The remote that the log is shared through: the one named, `origin`, or the only one; None without any."""
        names = list(self.store.remotes()) or self._former_remotes()
        wanted = self.named_remote or self.store.config("gitaudit.remote")
        if wanted is not None and wanted not in names:
            raise InputError(
                f"expected a remote of this repository, found {wanted!r}",
                hint=f"the remotes are: {', '.join(names) or 'none'}",
            )
        chosen = wanted or ("origin" if "origin" in names else names[0] if len(names) == 1 else None)
        if chosen is None and names:
            raise InputError(
                f"expected to know which remote has the log, found {len(names)}: {', '.join(names)}",
                hint="name it with --remote, or for good: git config gitaudit.remote NAME",
            )
        if chosen is None:
            return None
        from gitaudit.adapters.git.remote import GitRemote

        return GitRemote(self.store, chosen)

    def _former_remotes(self) -> list[str]:
        """Return the remotes that the log was shared through before they were removed from this clone.

        They cannot be reached, so records wait: without them, the clone would take what it alone has for published.
        """
        from gitaudit.adapters.git.store import TRACKING

        known = (name.removeprefix(TRACKING).split("/")[0] for name, _ in self.store.refs(TRACKING))
        return list(dict.fromkeys(known))

    @property
    def clear_remote(self) -> GitRemote | None:
        """The remote, None where there is none or it is not clear which one: reading the log must not depend on it."""
        if self.named_remote is not None:
            return self.remote
        try:
            return self.remote
        except InputError:
            return None

    @cached_property
    def tools(self) -> Tools:
        """What building commits needs."""
        from gitaudit.usecases.writing.build import Tools

        return Tools(
            store=self.store,
            signer=self.signer,
            clock=self.clock,
            schemas=self.schemas,
            verifier=self.verifier,
            scanner=self.confidential.scanner,
        )

    def log(self, progress: Callable[[int, int], None] | None = None) -> Log:
        """Return the log to append to."""
        return self.log_of(self.config, progress)

    def log_of(self, config: Config, progress: Callable[[int, int], None] | None = None) -> Log:
        """Return the log that a configuration names."""
        from gitaudit.adapters.files import FileLock
        from gitaudit.usecases.writing.publish import Log

        more = {} if progress is None else {"progress": progress}
        return Log(
            tools=self.tools,
            config=config,
            outbox=self.outbox,
            memory=self.memory,
            lock=FileLock(self.store.common_dir),
            remote=self.remote,
            redactor=self.confidential,
            **more,
        )

    def log_verifier(self, config: Config, output: Output, engine: Verifier | None = None) -> LogVerifier:
        """Return what verifies the log that a configuration names, with a progress bar on `output`."""
        from gitaudit.adapters.git.core import tune_for_long_reading
        from gitaudit.adapters.schemas import SchemaSet
        from gitaudit.cli.verifying.workers import side_by_side
        from gitaudit.usecases.verifying.stretch import StretchChecker
        from gitaudit.usecases.verifying.verify import LogVerifier

        tune_for_long_reading()
        now = self.clock.now()
        checker = StretchChecker(
            store=self.store, verifier=engine or self.verifier, schemas=SchemaSet(), config=config, now=now
        )
        return LogVerifier(
            checker=checker,
            side_by_side=None if engine else side_by_side(self.store.git_dir, config, now),
            progress=output.progress("verify"),
        )

    def author(self) -> Author:
        """Return who makes records here."""
        from gitaudit.usecases.writing.drafts import Author

        return Author(origin=self.config.origin, fingerprint=self.signer.fingerprint, clock=self.clock)

    def branch_candidates(self, ref: str | None = None) -> dict[str, str]:
        """Return where the log could be read, by ref, the local branch first, then what is known of the remotes'."""
        from gitaudit.adapters.git.store import TRACKING

        name = ref or "refs/heads/audit"
        short = name.removeprefix("refs/heads/")
        names = [name]
        for remote in self.store.remotes():
            names += [f"{TRACKING}{remote}/heads/{short}", f"refs/remotes/{remote}/{short}"]
        return {name: found for name in names if (found := self.store.ref(name)) is not None}

    def head_of(self, config: Config) -> str:
        """Return the head to read. Raises `SetupError` where there is none."""
        candidates = self.branch_candidates(config.log)
        remembered = None if candidates else self.memory.load()
        if remembered is not None and remembered.log == config.log:
            seen = remembered.seen
            raise LogError(
                f"the log is gone: expected {config.log} at {seen.commit} ({seen.size} records) or later, which this "
                "clone has seen, found no such branch",
                hint=f"ask who deleted it; what is left of it here comes back with: git update-ref {config.log} "
                f"{seen.commit}",
            )
        if not candidates:
            raise SetupError(
                f"expected the log at {config.log}, found no such branch",
                hint="fetch it and join the log with: gitaudit init",
            )
        return next(iter(candidates.values()))

    def head(self) -> str:
        """Return the head of this repository's log."""
        return self.head_of(self.config)

    def published_of(self, config: Config) -> str | None:
        """Return the head that counts as published: what the remote last had, or the local one without a remote."""
        remote = self.clear_remote
        if remote is None:
            return None if self.store.remotes() else self.store.ref(config.log)
        return self.last_seen(remote, config.log)

    def last_seen(self, remote: GitRemote, name: str) -> str | None:
        """Return what a remote last had under a full ref name, without asking it; None where that is not known."""
        usual = name.replace("refs/heads/", f"refs/remotes/{remote.name}/", 1)
        return self.store.ref(remote.tracking(name)) or (None if usual == name else self.store.ref(usual))

    def check_room(self, ref: str) -> None:
        """Refuse to begin a log where branches or notes below its name leave no room for it. Raises `SetupError`."""
        for name in (ref, ref.replace("refs/heads/", "refs/notes/", 1)):
            found = self.store.refs(f"{name}/")
            if found:
                raise SetupError(
                    f"expected nothing below {name}, found {found[0][0]}",
                    hint="rename or delete it, or choose another name for the log with --branch",
                )

    def position(self) -> Position:
        """Return the position at the head, as the repository tells it."""
        from gitaudit.usecases.position import position_at

        head = self.head()
        if self._position is None or self._position.head is None or self._position.head.commit != head:
            self._position = position_at(self.store, self.schemas, head)
        return self._position

    def policy(self) -> Policy:
        """Return the policy in force. Raises `SetupError` where there is none."""
        policy = self.position().policy
        if policy is None:
            raise SetupError("expected a log with a policy, found none", hint="start one with: gitaudit init")
        return policy

    def public_key(self, name: str) -> tuple[str, bytes]:
        """Return fingerprint and certificate of a key in force, of the keyring or a file. Raises `InputError`."""
        from gitaudit.adapters.sequoia import expiration_of, fingerprint_of

        if name == "-" or (self.directory / name).is_file():
            certificate = self.read(name, "KEY").replace(b"\r\n", b"\n")
        else:
            certificate = self.signer.export(name)
        fingerprint, expires = fingerprint_of(certificate), expiration_of(certificate)
        if expires is not None and expires <= self.clock.now():
            raise InputError(
                f"expected a key that is in force, found that {fingerprint} has expired",
                hint=f"its owner extends it with: gpg --quick-set-expire {fingerprint} 1y; then give the key anew",
            )
        return fingerprint, certificate

    def unpublished_commits(self) -> set[str]:
        """Return the audit commits that only this clone has; none where it never wrote or joined the log."""
        if self.store.ref(self.config.log) is None or self.memory.load() is None or self.clear_remote is None:
            return set()
        from gitaudit.usecases.chain import split

        mine, _ = split(self.store, self.store.ref(self.config.log), self.published_of(self.config))
        return {link.commit for link in mine}

    def pager(self) -> str | None:
        """Return the user's pager, None where none is wanted."""
        from gitaudit.adapters.environment import pager

        return pager(lambda name: self.store.config(name, trusted_only=True))
