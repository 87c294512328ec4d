"""Looking at everything, one check after the other; a check that ends with an error is a check that failed."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from gitaudit.cli.reading.render import counted
from gitaudit.errors import GitauditError, InputError, KeyProblemError, RemoteError, SetupError
from gitaudit.usecases.doctor import clone, programs, remotes
from gitaudit.usecases.doctor.model import Check, command, from_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitaudit.adapters.git.remote import GitRemote
    from gitaudit.cli.wiring import Session
    from gitaudit.policy.config import Config
    from gitaudit.usecases.doctor.programs import KeyFacts
    from gitaudit.usecases.position import Position

_TRIAL = b"gitaudit doctor: a trial signature\n"
_PIN = "git add .gitaudit.yml && git commit -m 'Pin the audit log'"


class Examination:
    """One look at a clone and what it works with."""

    def __init__(self, session: Session, *, offline: bool, sign: bool) -> None:
        """Say what to leave out.

        Args:
            session: what the run works with.
            offline: do not ask the remote.
            sign: make a trial signature.
        """
        self._session = session
        self._offline = offline
        self._sign = sign
        self._config: Config | None = None
        self._position: Position | None = None
        self._key: KeyFacts | None = None
        self._has_gpg = False
        self._agent_answers: bool | None = None

    def checks(self) -> Iterator[Check]:
        """Yield the checks, in the order in which one needs what another found."""
        yield self._safely("git", self._git)
        repository = self._safely("repository", self._repository)
        yield repository
        yield self._safely("gpg", self._gpg)
        yield self._safely("agent", self._agent)
        if repository.status != "ok":
            return
        yield self._safely("key", self._key_check)
        yield self._safely("history", self._history)
        yield self._safely("log", self._log)
        yield self._safely("admission", self._admission)
        yield self._safely("replace-refs", self._replaced)
        yield self._safely("names", self._names)
        yield from self._hooks()
        yield self._safely("remote", self._remote_check)
        yield self._safely("tracking", self._tracking)
        yield self._safely("protection", self._protection)
        yield self._safely("clock", self._clock)
        yield self._safely("unpublished", self._unpublished)

    @staticmethod
    def _safely(name: str, look: Callable[[], Check]) -> Check:
        try:
            return look()
        except GitauditError as error:
            return from_error(name, error)

    def _git(self) -> Check:
        from gitaudit.adapters.git.facts import git_version

        return programs.judge_git(*git_version())

    def _repository(self) -> Check:
        store = self._session.store
        return Check(name="repository", status="ok", told=str(store.work_tree or store.git_dir))

    @cached_property
    def _gpg_program(self) -> str:
        try:
            return self._session.store.config("gpg.program") or "gpg"
        except SetupError:
            return "gpg"

    def _gpg(self) -> Check:
        from gitaudit.adapters.gnupg.state import gpg_state

        state = gpg_state(self._gpg_program)
        self._agent_answers = state.agent
        check = programs.judge_gpg(state.version)
        self._has_gpg = check.status == "ok"
        return check

    def _agent(self) -> Check:
        return programs.judge_agent(self._agent_answers) if self._has_gpg else _needs("agent", "gpg")

    def _key_check(self) -> Check:
        from gitaudit.adapters.gnupg.state import lifetimes

        if not self._has_gpg:
            return _needs("key", "gpg")
        signer = self._session.signer
        try:
            fingerprint = signer.fingerprint
        except KeyProblemError as error:
            return self._no_key(error)
        parts = lifetimes(self._gpg_program, fingerprint)
        primary = parts[0] if parts else None
        self._key = programs.KeyFacts(
            fingerprint=fingerprint,
            expires=None if primary is None else primary.expires,
            parts=tuple(
                programs.SigningPart(fingerprint=part.fingerprint, expires=part.expires) for part in parts if part.signs
            ),
        )
        if self._sign:
            signer.sign(_TRIAL)
        return programs.judge_key(self._key, self._session.clock.now())

    def _no_key(self, error: KeyProblemError) -> Check:
        """Return the check of a key that is not to be had; where there is none at all, with how to make one."""
        from gitaudit.adapters.gnupg.state import has_secret_key

        found = from_error("key", error)
        if found.mend or has_secret_key(self._gpg_program):
            return found
        name, email = (self._session.store.config(f"user.{field}") for field in ("name", "email"))
        who = f"{name or 'infra'} <{email}>" if email else name or "infra"
        return replace(found, mend=(command("gpg", "--quick-generate-key", who, "ed25519", "sign", "1y"),))

    def _history(self) -> Check:
        store = self._session.store
        shallow = (store.common_dir / "shallow").exists()
        return clone.judge_depth(shallow=shallow, partial=store.is_partial(), remote=self._remote_name)

    def _log(self) -> Check:
        from gitaudit.usecases.verifying.trust import rewind_finding

        session = self._session
        try:
            remembered = session.memory.load()
        except SetupError as error:
            forget = (command("rm", "--", str(session.memory.path)), "gitaudit init")
            return Check(name="log", status="problem", told=error.message, mend=forget)
        self._config = session.config
        head = session.head_of(self._config)
        if remembered is None:
            told = f"this clone has not joined the log of {self._config.origin}"
            return Check(name="log", status="problem", told=told, mend=("gitaudit init",))
        found = rewind_finding(session.store, remembered, head)
        if found is not None:
            told = f"{found.message}: expected {found.expected}, found {found.found}"
            return Check(name="log", status="bad", told=told, hint="keep this clone as evidence; run `gitaudit verify`")
        self._position = session.position()
        told = f"{self._config.origin} on {self._config.log}, {counted(self._position.size, 'record')}"
        if self._is_pin_loose():
            return Check(
                name="log",
                status="warning",
                told=f"{told}; .gitaudit.yml is not committed, so other clones do not know which log it is",
                mend=(_PIN,),
            )
        return Check(name="log", status="ok", told=told)

    def _is_pin_loose(self) -> bool:
        """Return whether the work tree has a pin that HEAD has not."""
        from gitaudit.policy.config import FILE_NAME
        from gitaudit.usecases.position import find_entry

        session = self._session
        if session.store.work_tree is None or session.found_config() is None:
            return False
        try:
            return find_entry(session.store, session.tree_of(session.lookup("HEAD")), FILE_NAME) is None
        except LookupError:
            return True

    def _admission(self) -> Check:
        from gitaudit.adapters.sequoia import expiration_of, holds_key

        policy = None if self._position is None else self._position.policy
        if self._position is None or policy is None:
            return _needs("admission", "log")
        if self._key is None:
            return _needs("admission", "key")
        certificate = self._position.certificates.get(self._key.fingerprint)
        until = None if certificate is None else expiration_of(certificate)
        now = self._session.clock.now()
        found = programs.judge_admission(policy, self._key, until, now, self._remote_name)
        if found.status == "problem" or certificate is None or self._session.signer.is_part_named:
            return found
        return programs.judge_parts(policy, self._key, lambda part: holds_key(certificate, part), now) or found

    def _replaced(self) -> Check:
        return clone.judge_replaced([name for name, _ in self._session.store.refs("refs/replace/")])

    def _names(self) -> Check:
        if self._config is None:
            return _needs("names", "log")
        return clone.judge_names(self._config.log, [name for name, _ in self._session.store.refs("refs/")])

    def _hooks(self) -> Iterator[Check]:
        from gitaudit.cli.doctor.hook_facts import hook_facts
        from gitaudit.usecases.doctor.hooks import judge_hooks, judge_managers

        policy = None if self._position is None else self._position.policy
        if self._session.store.work_tree is None:
            yield Check(name="hooks", status="skipped", told="a bare repository is not pushed from")
            return
        try:
            facts = hook_facts(self._session.store)
        except GitauditError as error:
            yield from_error("hooks", error)
            return
        yield judge_hooks(facts, policy)
        yield judge_managers(facts)

    @cached_property
    def _remote(self) -> GitRemote | None:
        """The remote; None also where it is not clear which one, which the check of it tells."""
        try:
            return self._session.remote
        except InputError:
            return None

    @property
    def _remote_name(self) -> str | None:
        return None if self._remote is None else self._remote.name

    def _remote_check(self) -> Check:
        remote = self._session.remote
        if remote is None:
            return Check(name="remote", status="skipped", told="there is no remote: this clone is the only copy")
        if self._config is None:
            return _needs("remote", "log")
        if self._offline:
            return Check(name="remote", status="skipped", told=f"{remote.name} was not asked")
        seen = self._session.last_seen(remote, self._config.log)
        try:
            theirs = remote.fetch([self._config.log, self._config.notes])
        except RemoteError as error:
            hint = f"check the network, your access, and the address: git remote get-url {remote.name}"
            return Check(name="remote", status="problem", told=error.message, hint=hint)
        return remotes.judge_presence(remote.name, theirs[self._config.log], seen)

    def _tracking(self) -> Check:
        from gitaudit.adapters.git.config import GitConfig

        remote, config = self._remote, self._config
        if remote is None:
            return Check(name="tracking", status="skipped", told="there is no remote")
        if config is None:
            return _needs("tracking", "log")
        found = GitConfig.by_git(self._session.store.git_dir).everything().get(f"remote.{remote.name}.fetch", [])
        specs = [clone.Refspec(text=text) for text in found]
        published = self._session.last_seen(remote, config.log) is not None
        return clone.judge_tracking(remote.name, config.log, remote.tracking(config.log), specs, published=published)

    def _protection(self) -> Check:
        from gitaudit.adapters.git.config import GitConfig
        from gitaudit.adapters.git.facts import local_repository, read_program
        from gitaudit.usecases.doctor.hooks import HookFile
        from gitaudit.usecases.forges.place import place_of

        remote, store = self._remote, self._session.store
        url = None if remote is None else store.remotes().get(remote.name)
        if remote is None or url is None:
            return Check(name="protection", status="skipped", told="there is no remote")
        there = local_repository(store, url)
        if there is None:
            return remotes.judge_elsewhere(place_of(url), remote.name)
        path = there / "hooks" / "pre-receive"
        hook = read_program(path)
        found = None if hook is None else HookFile(path=str(path), executable=hook[0], text=hook[1])
        guarded = found is not None and found.executable and found.reaches
        return remotes.judge_bare(
            remotes.Bare(path=str(there), settings=GitConfig.by_git(there).everything(), guarded=guarded)
        )

    def _clock(self) -> Check:
        from gitaudit.log.commit import parse_commit

        if self._config is None or self._position is None or self._position.policy is None:
            return _needs("clock", "log")
        latest = self._position.signed_at
        theirs = None if self._remote is None else self._session.last_seen(self._remote, self._config.log)
        if theirs is not None:
            latest = max(latest, parse_commit(self._session.store.read(theirs)[1]).text.committed)
        return clone.judge_clock(self._session.clock.now(), latest, self._position.policy.tolerance_seconds)

    def _unpublished(self) -> Check:
        outbox = self._session.outbox
        unreadable = [str(path) for path in outbox.unreadable()]
        waiting = 0 if unreadable else len(outbox.entries())
        alone = len(self._session.unpublished_commits()) if self._config is not None else 0
        return clone.judge_waiting(waiting, unreadable, alone, self._remote_name)


def _needs(name: str, what: str) -> Check:
    return Check(name=name, status="skipped", told=f"to be looked at when the check `{what}` is well")
