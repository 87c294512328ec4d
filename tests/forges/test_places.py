"""Where a repository is, and where a token may go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitaudit.errors import InputError
from gitaudit.usecases.forges import hcl
from gitaudit.usecases.forges.globs import matches_stars
from gitaudit.usecases.forges.model import Writer, number_of, parse_writer
from gitaudit.usecases.forges.place import RemotePlace, api_base, check_base, place_of


@pytest.mark.parametrize(
    ("url", "host", "path", "forge"),
    [
        ("git@github.com:acme/infra.git", "github.com", "acme/infra", "github"),
        ("https://user:secret@github.com/acme/infra.git", "github.com", "acme/infra", "github"),
        ("ssh://git@ssh.github.com:443/acme/infra.git", "github.com", "acme/infra", "github"),
        ("https://gitlab.com/acme/platform/infra", "gitlab.com", "acme/platform/infra", "gitlab"),
        ("git@bitbucket.org:acme/infra", "bitbucket.org", "acme/infra", "bitbucket"),
        ("ssh://git@codeberg.org/acme/infra.git", "codeberg.org", "acme/infra", "gitea"),
        ("https://git.example.com:8443/acme/infra.git", "git.example.com", "acme/infra", None),
        ("https://github.com.evil.example/acme/infra", "github.com.evil.example", "acme/infra", None),
    ],
)
def test_place_of_a_remote(url: str, host: str, path: str, forge: str | None) -> None:
    """Host and path are read from every form of URL that git takes; only whole names of hosts are known."""
    found = place_of(url)

    assert found == RemotePlace(host=host, path=path)
    assert found is not None
    assert found.forge == forge


@pytest.mark.parametrize("url", ["/srv/git/infra.git", "file:///srv/infra.git", "../infra", "", "https://"])
def test_folders_are_on_no_forge(url: str) -> None:
    """A remote on this machine has no place on a forge."""
    assert place_of(url) is None


def test_only_addresses_of_public_forges_are_derived() -> None:
    """A token goes where the user says, or to the public forge that the remote is on; never to another host."""
    github = RemotePlace(host="github.com", path="acme/infra")
    other = RemotePlace(host="git.example.com", path="acme/infra")

    assert api_base("github", None, github) == "https://api.github.com"
    assert api_base("gitlab", None, None) == "https://gitlab.com/api/v4"
    assert api_base("github", "https://git.example.com/api/v3/", other) == "https://git.example.com/api/v3"
    for forge, place in (("github", other), ("gitlab", github), ("gitea", github), ("gitea", None)):
        with pytest.raises(InputError, match=f"expected the address of the {forge} API"):
            api_base(forge, None, place)


@pytest.mark.parametrize(
    "base",
    [
        *(
            "http://git.example.com/api",
            "http://127.0.0.1.evil.example/api",
            "http://localhost.evil.example/",
            "ftp://x/",
        ),
        *(
            "git.example.com/api",
            "https://",
            "https:///api",
            "https://git.example.com/api?token=s3cret",
            "https://a/#b",
        ),
        *("https://user:s3cret@git.example.com/api", "https://git.example.com/a b", "https://git.example.com:x/", ""),
        *("http://10.0.0.1/", "http://[::ffff:10.0.0.1]/", "https://git.example.com/\x00", "https://[::1/"),
    ],
)
def test_addresses_that_get_no_token(base: str) -> None:
    """Only https, or plain http to this machine; no user, no query; and a secret in it is not repeated."""
    with pytest.raises(InputError) as caught:
        check_base(base)
    assert "s3cret" not in caught.value.message + str(caught.value.hint)


@pytest.mark.parametrize("base", ["https://git.example.com:8443/api", "http://127.0.0.1:80/x", "http://[::1]/x"])
def test_addresses_that_are_fine(base: str) -> None:
    """The last slash goes, nothing else."""
    assert check_base(f"{base}/") == base


def test_writers() -> None:
    """A writer is a kind and a value; a number is a plain one."""
    kinds = {"user": "user:1"}

    assert parse_writer("user:a:b@c", kinds).value == "a:b@c"
    for wrong in ("", "user", "user:", "User:1", "app:1", "user:a b", "user:\n"):
        with pytest.raises(InputError):
            parse_writer(wrong, kinds)
    assert number_of(Writer(kind="user", value="12")) == 12
    for wrong in ("-1", "1_0", "\u0661", "1e3", "9" * 16):
        with pytest.raises(InputError):
            number_of(Writer(kind="user", value=wrong))


@given(st.text("ab*/", max_size=12), st.text("ab/", max_size=12))
def test_stars(pattern: str, name: str) -> None:
    """A star stands for any characters; compared with a definition that is slow and plain."""

    def plain(pattern: str, name: str) -> bool:
        if not pattern:
            return not name
        if pattern[0] == "*":
            return any(plain(pattern[1:], name[at:]) for at in range(len(name) + 1))
        return name[:1] == pattern[0] and plain(pattern[1:], name[1:])

    assert matches_stars(pattern, name) == plain(pattern, name)


def test_many_stars_are_no_trap() -> None:
    """A pattern that would take a regular expression for ever is answered at once."""
    assert not matches_stars("*a" * 2000 + "b", "a" * 4000)


@given(st.text(max_size=30))
def test_no_text_escapes_its_quotes(text: str) -> None:
    """Whatever a name holds, the quotes of Terraform's code hold it, and no template in it is live."""
    quoted = hcl.quote(text)
    inner = quoted[1:-1]

    assert quoted[0] == quoted[-1] == '"'
    assert "\n" not in inner
    plain = inner.replace("\\\\", "").replace('\\"', "")
    assert '"' not in plain
    assert "${" not in inner.replace("$${", "")
    assert "%{" not in inner.replace("%%{", "")
