"""Which files are infrastructure as code: glob patterns over paths as Git has them, in bytes.

A pattern means what it means in a `.gitignore`, as far as it goes, and always matches files, never folders:

- `*` is any number of bytes but `/`, `?` is one byte but `/`; both also match a leading dot.
- `**` as a whole segment is any number of segments, none included: `a/**/b` matches `a/b`. At the end it is at least
  one: `a/**` matches what is below `a`. Elsewhere `**` is `*`.
- A pattern without a slash matches the last segment of a path, at any depth: `*.tf`.
- A pattern with a slash matches the whole path from the root of the repository; a slash in front says only that.
- A slash at the end means everything below: `infra/` is `**/infra/**`, `live/prod/` is `live/prod/**`.
- `!` in front takes paths out again. The last pattern that matches decides.

What a `.gitignore` has besides is refused rather than misread: `[…]` and backslashes. Letter case counts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from gitaudit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PATTERNS = 1000
MAX_PATTERN_BYTES = 1024

Glob = tuple[bytes, ...]
"""A glob for one segment, cut at its stars; one piece where it has none."""

ANY: Glob = ()
"""The glob for any number of segments."""

_QUESTION = ord("?")

TOOL_PATTERNS = (
    ("terraform", "*.tf"),
    ("terraform", "*.tf.json"),
    ("terraform", "*.tfvars"),
    ("terraform", "*.tfvars.json"),
    ("terraform", "*.tfbackend"),
    ("terraform", "*.tftest.hcl"),
    ("terraform", "*.tftest.json"),
    ("terraform", "*.tfcomponent.hcl"),
    ("terraform", "*.tfdeploy.hcl"),
    ("terraform", "*.tfstack.hcl"),
    ("terraform", "*.tfquery.hcl"),
    ("terraform", ".terraform.lock.hcl"),
    ("opentofu", "*.tofu"),
    ("opentofu", "*.tofu.json"),
    ("opentofu", "*.tofutest.hcl"),
    ("opentofu", "*.tofutest.json"),
    ("terragrunt", "terragrunt.hcl"),
    ("terragrunt", "terragrunt.hcl.json"),
    ("terragrunt", "terragrunt.*.hcl"),
    ("terragrunt", "root.hcl"),
    ("terragrunt", "account.hcl"),
    ("terragrunt", "region.hcl"),
    ("terragrunt", "env.hcl"),
    ("cdktf", "cdktf.json"),
    ("pulumi", "Pulumi.yaml"),
    ("pulumi", "Pulumi.yml"),
    ("pulumi", "Pulumi.*.yaml"),
    ("pulumi", "Pulumi.*.yml"),
    ("bicep", "*.bicep"),
    ("bicep", "*.bicepparam"),
    ("bicep", "bicepconfig.json"),
    ("arm", "azuredeploy*.json"),
    ("helm", "Chart.yaml"),
    ("helm", "Chart.lock"),
    ("helm", "values.y*ml"),
    ("helm", "values-*.y*ml"),
    ("helm", "values.*.y*ml"),
    ("helm", "**/templates/**/*.tpl"),
    ("helm", "**/templates/**/*.y*ml"),
    ("helmfile", "helmfile.y*ml"),
    ("helmfile", "helmfile.y*ml.gotmpl"),
    ("kustomize", "kustomization.y*ml"),
    ("kustomize", "Kustomization"),
    ("packer", "*.pkr.hcl"),
    ("packer", "*.pkr.json"),
    ("packer", "*.pkrvars.hcl"),
    ("packer", "*.pkrvars.json"),
    ("cdk", "cdk.json"),
    ("cdk", "cdk.context.json"),
    ("cloudformation", "*.template"),
    ("cloudformation", "*.template.json"),
    ("cloudformation", "*.template.y*ml"),
    ("cloudformation", "*.cfn.json"),
    ("cloudformation", "*.cfn.y*ml"),
    ("cloudformation", "*.cloudformation.json"),
    ("cloudformation", "*.cloudformation.y*ml"),
    ("cloudformation", "cloudformation/"),
    ("sam", "samconfig.toml"),
    ("sam", "samconfig.y*ml"),
    ("sam", "template.y*ml"),
    ("serverless", "serverless.y*ml"),
    ("serverless", "serverless.json"),
    ("nomad", "*.nomad"),
    ("nomad", "*.nomad.hcl"),
    ("ansible", "ansible.cfg"),
    ("ansible", "site.y*ml"),
    ("ansible", "playbook.y*ml"),
    ("ansible", "playbooks/"),
    ("ansible", "group_vars/"),
    ("ansible", "host_vars/"),
    ("ansible", "**/roles/*/defaults/**"),
    ("ansible", "**/roles/*/handlers/**"),
    ("ansible", "**/roles/*/meta/**"),
    ("ansible", "**/roles/*/tasks/**"),
    ("ansible", "**/roles/*/templates/**"),
    ("ansible", "**/roles/*/vars/**"),
    ("docker-compose", "compose.y*ml"),
    ("docker-compose", "compose.*.y*ml"),
    ("docker-compose", "docker-compose.y*ml"),
    ("docker-compose", "docker-compose.*.y*ml"),
    ("docker-compose", "docker-compose-*.y*ml"),
    ("crossplane", "crossplane.y*ml"),
    ("crossplane", "crossplane/"),
    ("kubernetes", "*.k8s.y*ml"),
    ("kubernetes", "k8s/"),
    ("kubernetes", "kubernetes/"),
)
"""Tools, and the names that their files have by convention. The first that matches names the tool of a file."""

DEFAULT_PATTERNS = tuple(pattern for _, pattern in TOOL_PATTERNS)
"""What counts as infrastructure as code where a policy says nothing else.

Nothing is taken out: what lies in `.terraform/` or `vendor/` is used by the tools if somebody commits it.
"""


class Pattern(NamedTuple):
    """One pattern, cut at its slashes.

    Attributes:
        segments: globs of one segment each, or `ANY`; a pattern for the last segment alone begins with `ANY`.
        negated: whether it takes paths out.
    """

    segments: tuple[Glob, ...]
    negated: bool = False

    def matches(self, parts: Sequence[bytes]) -> bool:
        """Return whether the pattern, negated or not, matches a path that was cut at its slashes.

        At most len(path) times len(pattern) bytes are compared, however many stars there are.
        """
        globs = self.segments
        if len(globs) == 2 and globs[0] == ANY:  # noqa: PLR2004 - `**` and a name, as nearly all patterns
            return match_segment(globs[1], parts[-1])
        return _match(globs, parts)


class PathMatcher:
    """Patterns, compiled; the last one that matches a path decides."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile the patterns.

        Args:
            patterns: at most 1000, each as in `parse_pattern`.

        Raises:
            InputError: too many, or one that cannot be used.
        """
        if len(patterns) > MAX_PATTERNS:
            raise InputError(f"expected at most {MAX_PATTERNS} path patterns, found {len(patterns)}")
        self.patterns = tuple(parse_pattern(pattern) for pattern in patterns)
        """In their order."""

    def matches(self, path: bytes) -> bool:
        """Return whether `path`, relative to the root of the repository and with `/`, is taken in."""
        parts = path.split(b"/")
        for pattern in reversed(self.patterns):
            if pattern.matches(parts):
                return not pattern.negated
        return False


def parse_pattern(text: str) -> Pattern:
    """Return the compiled pattern.

    Args:
        text: of at most 1024 bytes in UTF-8, in the language of this module; lone surrogates stand for the bytes of a
            path that is not UTF-8, as `os.fsdecode` writes them.

    Raises:
        InputError: empty, too long, with a character class, a backslash, a control character, or with a segment that
            no path has (empty, `.` or `..`).
    """
    shown = ascii(text[:80])
    body = text.removeprefix("!")
    try:
        glob = body.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InputError(f"expected a path pattern in Unicode, found a lone surrogate in {shown}") from error
    if len(glob) > MAX_PATTERN_BYTES:
        raise InputError(f"expected a path pattern of at most {MAX_PATTERN_BYTES} bytes, found {len(glob)}")
    if any(byte < ord(" ") for byte in glob):
        raise InputError(f"expected a path pattern without control characters, found {shown}")
    if b"\\" in glob:
        raise InputError(f"expected a path pattern without backslashes, found {shown}", hint="use / between folders")
    if b"[" in glob:
        hint = "write a pattern for each name, or use ? for one character"
        raise InputError(f"expected a path pattern without character classes, found {shown}", hint=hint)
    return Pattern(segments=_segments(glob, shown), negated=body != text)


def tool_of(path: bytes) -> str | None:
    """Return the tool whose file this is by its name, such as `terraform`; None where `TOOL_PATTERNS` has none."""
    parts = path.split(b"/")
    for tool, pattern in _tools():
        if pattern.matches(parts):
            return tool
    return None


def match_segment(glob: Glob, segment: bytes) -> bool:
    """Return whether a glob matches a path segment, in at most len(glob) times len(segment) steps."""
    if len(glob) == 1:
        return len(glob[0]) == len(segment) and _match_at(glob[0], segment, 0)
    head, *middle, tail = glob
    end = len(segment) - len(tail)
    if end < len(head) or not _match_at(tail, segment, end) or not _match_at(head, segment, 0):
        return False
    at = len(head)
    # The leftmost place for each piece leaves the most room for the next, so nothing has to be tried twice.
    for piece in middle:
        at = _find(piece, segment, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _segments(glob: bytes, shown: str) -> tuple[Glob, ...]:
    """Return the segments of a glob, with the `**` that its slashes, or their lack, stand for."""
    names = glob.split(b"/")
    below = len(names) > 1 and names[-1] == b""
    if below:
        names[-1] = b"**"
    if names[0] == b"" and len(names) > 1:
        del names[0]
    elif len(names) - below == 1:
        names.insert(0, b"**")
    if any(name in (b"", b".", b"..") for name in names) or not glob.strip(b"/"):
        raise InputError(f"expected a path pattern that a path can match, found {shown}")
    if names[-1] == b"**":
        names.insert(-1, b"*")
    return tuple(ANY if name == b"**" else tuple(name.split(b"*")) for name in names)


def _match(globs: Sequence[Glob], parts: Sequence[bytes]) -> bool:
    """Return whether `globs` match all `parts`.

    Only the last `ANY` is ever tried again: an earlier one that took more would gain nothing.
    """
    at = position = 0
    retry_at = retry_position = -1
    while position < len(parts):
        if at < len(globs) and globs[at] == ANY:
            at += 1
            retry_at, retry_position = at, position
        elif at < len(globs) and match_segment(globs[at], parts[position]):
            at += 1
            position += 1
        elif retry_at >= 0:
            retry_position += 1
            at, position = retry_at, retry_position
        else:
            return False
    return all(glob == ANY for glob in globs[at:])


def _find(piece: bytes, segment: bytes, start: int, end: int) -> int:
    """Return the first place from `start` where `piece` matches before `end`, or -1."""
    if _QUESTION not in piece:
        return segment.find(piece, start, end)
    for at in range(start, end - len(piece) + 1):
        if _match_at(piece, segment, at):
            return at
    return -1


def _match_at(piece: bytes, segment: bytes, at: int) -> bool:
    """Return whether `piece`, without stars, matches at one place."""
    if _QUESTION not in piece:
        return segment.startswith(piece, at)
    found = segment[at : at + len(piece)]
    return len(found) == len(piece) and all(p in (_QUESTION, f) for p, f in zip(piece, found, strict=True))


@cache
def _tools() -> tuple[tuple[str, Pattern], ...]:
    return tuple((tool, parse_pattern(pattern)) for tool, pattern in TOOL_PATTERNS)
