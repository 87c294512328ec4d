"""Starting a log in a repository, and finding the one that is already there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitaudit.errors import ConflictError, InputError, LogError, RemoteError, SetupError
from gitaudit.iac.patterns import PathMatcher
from gitaudit.log import paths
from gitaudit.log.commit import DEFAULT_EMAIL, sha256_hex
from gitaudit.model import Draft, Head, RefMove, Remembered
from gitaudit.policy import yaml_text
from gitaudit.policy.config import BRANCH_PREFIX, FILE_NAME, Config
from gitaudit.policy.names import check_environment_name, check_key_name
from gitaudit.policy.policy import Key, first_policy
from gitaudit.usecases.chain import walk_back
from gitaudit.usecases.governing.branch_readme import branch_readme
from gitaudit.usecases.governing.origin import check_origin
from gitaudit.usecases.pin import config_of
from gitaudit.usecases.position import Position
from gitaudit.usecases.writing.build import Tools, add_record
from gitaudit.usecases.writing.drafts import Author
from gitaudit.usecases.writing.notes import extend_notes, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitaudit.ports import Memory, ObjectReader, Remote

_TRUST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_BRANCH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user asked of a new log; `schemas` are the schema files it carries, by name."""

    origin: str
    branch: str
    key_name: str
    email: str = DEFAULT_EMAIL
    environments: tuple[str, ...] = ()
    protected_refs: tuple[str, ...] = ()
    iac: tuple[str, ...] = ()
    schemas: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What there is of a log before `init` has done anything.

    Attributes:
        ref: full name that the log has or shall have.
        config: what `.gitaudit.yml` says, None where there is none.
        remembered: what the clone remembers.
        here: local head under `ref`.
        theirs: head under `ref` on the remote, or as last seen there.
    """

    ref: str
    config: Config | None = None
    remembered: Remembered | None = None
    here: str | None = None
    theirs: str | None = None


def check_wishes(wishes: Wishes) -> None:
    """Refuse what a new log cannot be made with, before anything is written.

    Raises:
        InputError: an origin, branch, environment, key name or pattern that is not fit.
    """
    check_origin(wishes.origin)
    check_branch_name(wishes.branch)
    for name in wishes.environments:
        check_environment_name(name)
    check_key_name(wishes.key_name)
    PathMatcher(wishes.iac)


def check_branch_name(name: str) -> None:
    """Refuse a name that the branch of a log may not have. Raises `InputError`."""
    if _BRANCH.fullmatch(name) is None or name.endswith((".", ".lock")) or name == "HEAD":
        raise InputError(
            "expected --branch as a plain name such as audit, found another form",
            hint="letters, digits and . _ - only, at most 64, beginning with a letter or digit",
        )


def genesis_draft(tools: Tools, wishes: Wishes) -> Draft:
    """Return the draft of the first record, with the files that a log begins with."""
    fingerprint = tools.signer.fingerprint
    policy = yaml_text.dump(
        first_policy(
            origin=wishes.origin,
            key=Key(fingerprint=fingerprint, name=wishes.key_name, email=wishes.email),
            environments=wishes.environments,
            protected_refs=wishes.protected_refs,
            iac=wishes.iac,
        )
    )
    files = {
        paths.README: branch_readme(wishes.origin, wishes.branch),
        paths.POLICY: policy,
        paths.key_path(fingerprint): tools.signer.certificate(),
        **{paths.schema_path(name): content for name, content in wishes.schemas.items()},
    }
    author = Author(origin=wishes.origin, fingerprint=fingerprint, clock=tools.clock)
    return author.draft("genesis", {"policy_sha256": sha256_hex(policy)}, files=files)


def begin(tools: Tools, wishes: Wishes, memory: Memory, remote: Remote | None = None) -> tuple[Config, Position]:
    """Begin the log: on the remote first, so that whoever is second leaves no log of his own behind.

    Everything that can fail comes before a ref moves. Killed between the remote and here, or between the local ref
    and what remembers it, the log is taken up where it is by `choose`.

    Args:
        tools: to write and sign with.
        wishes: checked here.
        memory: of the clone.
        remote: where to publish, None to begin in this clone alone.

    Raises:
        ConflictError: somebody else began a log meanwhile.
        RemoteError: the remote cannot be reached, or refused.
        SetupError: the repository cannot be written.
        KeyProblemError: no signature to be had.
    """
    check_wishes(wishes)
    ref = BRANCH_PREFIX + wishes.branch
    position, _ = add_record(tools, Position(), genesis_draft(tools, wishes))
    head = position.head
    if head is None:
        raise AssertionError("a record was added, so there is a head")
    config = Config(log=ref, origin=wishes.origin, genesis_commit=head.commit, genesis_sha256=head.sha256)
    made = {ref: head.commit}
    old = tools.store.ref(config.notes)
    notes = extend_notes(tools, old, position)
    if notes is not None and notes != old:
        made[config.notes] = notes
    tracking: dict[str, str] = {}
    if remote is not None:
        tools.store.move_refs([], "the log begins")  # moves nothing: what is pushed must be on disk
        _publish(remote, ref, made)
        tracking = {remote.tracking(name): oid for name, oid in made.items()}
    moves = [RefMove(name=name, old=tools.store.ref(name), new=oid) for name, oid in (made | tracking).items()]
    tools.store.move_refs([move for move in moves if move.old != move.new], "the log begins")
    memory.save(Remembered(origin=wishes.origin, log=ref, genesis=head, seen=head))
    return config, position


def _publish(remote: Remote, ref: str, made: Mapping[str, str]) -> None:
    pushed = remote.push(made)
    if pushed.accepted:
        return
    if remote.fetch([ref])[ref] is not None:
        raise ConflictError(
            f"somebody else began the log on {remote.name} meanwhile; nothing was begun here",
            hint=f"take over their {FILE_NAME} with `git pull`, then run `gitaudit init` again",
        )
    raise RemoteError(
        f"{remote.name} refused the log: {pushed.reason}; nothing was begun here",
        hint="mend the reason, or begin in this clone alone with --no-push",
    )


def choose(
    store: ObjectReader, found: Situation, trust: str | None, own_key: Callable[[], str | None]
) -> Config | None:
    """Return the log to take over, None where one is to be begun.

    What `.gitaudit.yml` pins comes first, then what the clone remembers, then what the user vouches for, then a log
    that the user's own key has just begun and that holds nothing else: an `init` that was interrupted.

    Args:
        store: the repository.
        found: what there is.
        trust: commit id or SHA-256 of a genesis commit, from the user.
        own_key: returns the fingerprint of the user's key, None where there is none.

    Raises:
        InputError: `trust` is neither.
        LogError: the user vouches for another log than there is.
        SetupError: there is something that nothing vouches for, or nothing where the user vouches for a log.
    """
    if trust is not None:
        _check_trust(trust)
    known = found.config or config_of(found.remembered)
    if known is not None:
        if trust not in {None, known.genesis_commit, known.genesis_sha256}:
            raise LogError(
                f"this clone already trusts another log: expected {trust}, found {known.genesis_commit}",
                hint="leave --trust out, or use a fresh clone",
            )
        return known
    head = found.theirs or found.here
    if head is None:
        if trust is not None:
            raise SetupError(
                f"expected the log that --trust vouches for at {found.ref}, found none here and none on the remote",
                hint="check the remote; leave --trust out to start a log of your own",
            )
        return None
    if trust is not None:
        return trusted_log(store, trust, found.ref, {found.ref: head})
    where = "the remote" if found.theirs else "this clone"
    genesis, records = _beginning(store, head, found.ref, where)
    if records == 1 and record_of(store, genesis.commit).text("recorded_by") == f"openpgp:{own_key()}":
        return _config(store, found.ref, genesis)
    raise SetupError(
        f"{where} already has a log at {found.ref}, and no {FILE_NAME} here pins it; it begins with {genesis.commit}, "
        f"SHA-256 {genesis.sha256}",
        hint=f"check out a branch that has {FILE_NAME}, or compare the SHA-256 with a colleague's and run: "
        f"gitaudit init --trust {genesis.sha256}",
    )


def _beginning(store: ObjectReader, head: str, ref: str, where: str) -> tuple[Head, int]:
    """Return the genesis of the log that ends at `head`, and how many records it has."""
    try:
        links = list(walk_back(store, head))
    except LogError as error:
        raise SetupError(
            f"{where} has a branch {ref} that is no audit log",
            hint="choose another name for the log with --branch, or rename that branch",
        ) from error
    genesis = links[-1].commit
    return Head(commit=genesis, sha256=sha256_hex(store.read(genesis)[1]), size=1), len(links)


def _config(store: ObjectReader, ref: str, genesis: Head) -> Config:
    origin = record_of(store, genesis.commit).text("origin")
    return Config(log=ref, origin=origin, genesis_commit=genesis.commit, genesis_sha256=genesis.sha256)


def trusted_log(store: ObjectReader, trust: str, ref: str | None, candidates: Mapping[str, str]) -> Config:
    """Return the configuration of a log that nothing but the user's word pins.

    Args:
        store: the repository.
        trust: commit id or SHA-256 of the genesis commit.
        ref: full name of the log's ref, None for the default one.
        candidates: heads by the name of the ref that has them, in order of preference.

    Raises:
        InputError: `trust` is neither.
        LogError: the log begins with another commit.
        SetupError: no log to be found.
    """
    _check_trust(trust)
    name = ref or f"{BRANCH_PREFIX}audit"
    if not candidates:
        raise SetupError(
            f"expected a log at {name} in this clone, found none",
            hint=f"fetch it: git fetch origin {name}:{name}",
        )
    genesis, _ = _beginning(store, next(iter(candidates.values())), name, "this clone")
    if trust not in {genesis.commit, genesis.sha256}:
        raise LogError(
            f"the log begins with another commit: expected {trust}, found {genesis.commit}, SHA-256 {genesis.sha256}",
            hint="compare the genesis with somebody you trust; this may be another log",
        )
    return _config(store, name, genesis)


def _check_trust(trust: str) -> None:
    if _TRUST.fullmatch(trust) is None:
        raise InputError(
            "expected --trust to be a commit id of 40 hex digits or a SHA-256 of 64, found another form",
            hint=f"it stands in {FILE_NAME} of the audited branch, under genesis",
        )
