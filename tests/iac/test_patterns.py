"""Which paths are infrastructure as code."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitaudit.errors import InputError
from gitaudit.iac.patterns import DEFAULT_PATTERNS, TOOL_PATTERNS, PathMatcher, parse_pattern, tool_of


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.tf", "main.tf", True),
        ("*.tf", "a/b/c/main.tf", True),
        ("*.tf", "a/.tf", True),
        ("*.tf", "main.tf.json", False),
        ("*.tf", "main.tf/readme", False),
        ("*.tf", "main.TF", False),
        ("cdk.json", "app/cdk.json", True),
        ("cdk.json", "app/xcdk.json", False),
        ("?.tf", "a.tf", True),
        ("?.tf", ".tf", False),
        ("?.tf", "ab.tf", False),
        ("a?*?d", "abcd", True),
        ("a?*?d", "abd", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "ac-b", False),
        ("ab*ba", "aba", False),
        ("*ab*b", "ab", False),
        ("*ab*b", "abb", True),
        ("*a?d*", "xabcabdx", True),
        ("*a?d*", "xabcabc", False),
        ("a**c", "abc", True),
        ("a**c", "a/c", False),
        ("/main.tf", "main.tf", True),
        ("/main.tf", "a/main.tf", False),
        ("live/*.tf", "live/main.tf", True),
        ("live/*.tf", "live/prod/main.tf", False),
        ("live/*.tf", "x/live/main.tf", False),
        ("live", "live", True),
        ("live", "live/main.tf", False),
        ("**/live/*.tf", "live/main.tf", True),
        ("**/live/*.tf", "a/b/live/main.tf", True),
        ("live/**/*.tf", "live/main.tf", True),
        ("live/**/*.tf", "live/a/b/main.tf", True),
        ("live/**", "live/a/b", True),
        ("live/**", "live", False),
        ("**", "a", True),
        ("**", "a/b", True),
        ("**/", "a/b", True),
        ("live/", "live/a", True),
        ("live/", "x/live/a/b", True),
        ("live/", "live", False),
        ("/live/", "live/a", True),
        ("/live/", "x/live/a", False),
        ("live/prod/", "live/prod/a/b", True),
        ("live/prod/", "x/live/prod/a", False),
        ("a/**/b/**/c", "a/b/x/b/c", True),
        ("a/**/b/**/c", "a/c/b", False),
        ("ä?.tf", "äb.tf", True),
        ("??.tf", "ä.tf", True),
    ],
)
def test_a_pattern_matches_as_documented(pattern: str, path: str, *, expected: bool) -> None:
    """The language of the module's docstring, line by line."""
    assert PathMatcher((pattern,)).matches(path.encode()) is expected


def test_a_path_that_is_not_utf8_can_be_matched() -> None:
    """Lone surrogates in a pattern stand for the bytes, as Python reads them from a command line."""
    assert PathMatcher(("\udcff*.tf",)).matches(b"\xff\xfe.tf")
    assert PathMatcher(("*.tf",)).matches(b"\xff\x00.tf")


def test_the_last_pattern_that_matches_decides() -> None:
    """Negation takes out what was taken in, and the other way round."""
    matcher = PathMatcher(("*.tf", "!examples/", "examples/kept.tf"))
    paths = [b"main.tf", b"examples/main.tf", b"a/examples/main.tf", b"examples/kept.tf", b"README.md"]
    assert [matcher.matches(path) for path in paths] == [True, False, False, True, False]


def test_no_pattern_matches_nothing() -> None:
    """An empty list, and one that only takes out."""
    assert PathMatcher(()).matches(b"main.tf") is False
    assert PathMatcher(("!*.tf",)).matches(b"main.tf") is False


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "!",
        "/",
        "//",
        "!/",
        "a//b",
        "./a",
        "a/../b",
        "..",
        "a\nb",
        "a\x00b",
        "\x7f\x1b",
        "[ab].tf",
        r"a\b",
        "\ud800",
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(pattern: str) -> None:
    """Better than a pattern that silently never matches."""
    with pytest.raises(InputError) as caught:
        parse_pattern(pattern)
    assert caught.value.message.isprintable()


def test_patterns_are_bounded() -> None:
    """In length and in number."""
    assert PathMatcher(("*" * 1024,)).matches(b"a")
    with pytest.raises(InputError, match="at most 1024 bytes, found 1025"):
        parse_pattern("*" * 1025)
    with pytest.raises(InputError, match="at most 1000 path patterns, found 1001"):
        PathMatcher(("a",) * 1001)


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("main.tf", "terraform"),
        ("a/b/prod.tfvars.json", "terraform"),
        (".terraform.lock.hcl", "terraform"),
        ("a/main.tofu", "opentofu"),
        ("live/terragrunt.hcl", "terragrunt"),
        ("terragrunt.stack.hcl", "terragrunt"),
        ("Pulumi.yaml", "pulumi"),
        ("Pulumi.prod.yaml", "pulumi"),
        ("net.bicep", "bicep"),
        ("charts/web/Chart.yaml", "helm"),
        ("charts/web/values-prod.yml", "helm"),
        ("overlays/prod/kustomization.yml", "kustomize"),
        ("image.pkr.hcl", "packer"),
        ("cdk.json", "cdk"),
        ("stack.template.yaml", "cloudformation"),
        ("template.yaml", "sam"),
        ("serverless.yml", "serverless"),
        ("job.nomad.hcl", "nomad"),
        ("site.yml", "ansible"),
        ("ops/group_vars/all/main.yml", "ansible"),
        ("ops/roles/web/tasks/main.yml", "ansible"),
        ("ops/roles/web/templates/app.conf.j2", "ansible"),
        ("charts/web/templates/deployment.yaml", "helm"),
        ("compose.yaml", "docker-compose"),
        ("compose.prod.yml", "docker-compose"),
        ("deploy/docker-compose-prod.yml", "docker-compose"),
        ("platform/crossplane.yaml", "crossplane"),
        ("crossplane/network/xrd.yaml", "crossplane"),
        ("apps/k8s/web.yaml", "kubernetes"),
        ("kubernetes/web.json", "kubernetes"),
        ("web.k8s.yml", "kubernetes"),
        ("k8s/main.tf", "terraform"),
        ("cloudformation/vpc.yaml", "cloudformation"),
        ("vpc.template", "cloudformation"),
        ("main.bicepparam", "bicep"),
        ("roles/web/files/logo.png", None),
        ("src/compose.py", None),
        ("README.md", None),
        ("src/values.py", None),
    ],
)
def test_a_file_has_the_tool_of_its_name(path: str, tool: str | None) -> None:
    """By convention; what has none is no infrastructure as code by default either."""
    assert tool_of(path.encode()) == tool
    assert PathMatcher(DEFAULT_PATTERNS).matches(path.encode()) is (tool is not None)


def test_every_default_pattern_stands_once() -> None:
    """A second one would never name its tool."""
    assert len(set(DEFAULT_PATTERNS)) == len(DEFAULT_PATTERNS) == len(TOOL_PATTERNS)


def reference(pattern: str, path: str) -> bool:
    """Return what the module's docstring says, by trying everything."""
    anchored = pattern.rstrip("/").count("/") > 0
    pattern = pattern + "**" if pattern.endswith("/") else pattern
    pattern = pattern.removeprefix("/") if anchored else "**/" + pattern
    return _segments(pattern.split("/"), path.split("/"))


def _segments(globs: list[str], parts: list[str]) -> bool:
    if not globs:
        return not parts
    if globs == ["**"]:
        return bool(parts)
    if globs[0] == "**":
        return any(_segments(globs[1:], parts[number:]) for number in range(len(parts) + 1))
    return bool(parts) and _segment(globs[0], parts[0]) and _segments(globs[1:], parts[1:])


def _segment(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return any(_segment(glob[1:], name[number:]) for number in range(len(name) + 1))
    return bool(name) and glob[0] in ("?", name[0]) and _segment(glob[1:], name[1:])


GLOBS = st.lists(st.text("ab*?", min_size=1, max_size=5) | st.just("**"), min_size=1, max_size=4)
PATHS = st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=5)


@settings(max_examples=400)
@given(st.sampled_from(["", "/"]), GLOBS, st.sampled_from(["", "/"]), PATHS)
def test_the_matcher_agrees_with_a_naive_one(front: str, globs: list[str], back: str, parts: list[str]) -> None:
    """Whatever the stars: trying only the last one again is enough."""
    pattern, path = front + "/".join(globs) + back, "/".join(parts)
    assert PathMatcher((pattern,)).matches(path.encode()) is reference(pattern, path)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["*.a", "!*.a", "b/", "!b/**", "b/c.a", "!c.a"]), max_size=5), PATHS)
def test_negation_agrees_with_a_naive_one(patterns: list[str], parts: list[str]) -> None:
    """Going through all patterns in order and letting each one decide anew."""
    path = "/".join([*parts, "c.a"])
    expected = False
    for pattern in patterns:
        if reference(pattern.removeprefix("!"), path):
            expected = not pattern.startswith("!")
    assert PathMatcher(patterns).matches(path.encode()) is expected


@settings(max_examples=200)
@given(st.text("ab*?/!.[\\\n\x00é\udcff\ud800", max_size=20), st.binary(max_size=40))
def test_any_text_is_a_pattern_or_refused(pattern: str, path: bytes) -> None:
    """Nothing but an `InputError` escapes."""
    try:
        matcher = PathMatcher((pattern,))
    except InputError:
        return
    assert matcher.matches(path) in (True, False)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 500 + "b", b"a" * 4000),
        ("*?a" * 300 + "b", b"a" * 4000),
        ("**/a/" * 200 + "b", b"a/" * 1000 + b"c"),
        ("**/" + "a/" * 200 + "b", b"a/" * 1000 + b"c"),
        ("**/*a*a?a*/" * 90 + "b", (b"a" * 100 + b"/") * 40 + b"c"),
    ],
)
def test_no_pattern_takes_long(pattern: str, path: bytes) -> None:
    """Patterns that blow up a matcher that goes back and forth."""
    matcher = PathMatcher((pattern,))
    start = time.process_time()
    assert matcher.matches(path) is False
    assert time.process_time() - start < 2
