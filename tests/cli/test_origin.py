"""The name of a log never holds credentials, ports, queries or fragments of the URL it is made from."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitaudit.errors import InputError
from gitaudit.usecases.governing.origin import check_origin, origin_from_url

NAMES = {
    "https://git.example.com/acme/infra.git": "git.example.com/acme/infra",
    "https://git.example.com/acme/infra": "git.example.com/acme/infra",
    "https://git.example.com/acme/infra/": "git.example.com/acme/infra",
    "https://git.example.com/acme/infra.git/": "git.example.com/acme/infra",
    "https://user@git.example.com/acme/infra.git": "git.example.com/acme/infra",
    "https://user:hunter2@git.example.com/acme/infra.git": "git.example.com/acme/infra",
    "https://x-access-token:hunter2@git.example.com:8443/acme/infra.git": "git.example.com/acme/infra",
    "https://user:hun@ter2@git.example.com/acme/infra": "git.example.com/acme/infra",
    "https://user:hun:ter2@git.example.com:8443/acme/infra": "git.example.com/acme/infra",
    "https://:hunter2@git.example.com/acme/infra": "git.example.com/acme/infra",
    "https://hunter2:@git.example.com/acme/infra": "git.example.com/acme/infra",
    "https://git.example.com/acme/infra?private_token=hunter2": "git.example.com/acme/infra",
    "https://git.example.com/acme/infra.git#hunter2": "git.example.com/acme/infra",
    "HTTPS://User:Hunter2@Git.Example.COM/Acme/Infra": "git.example.com/Acme/Infra",
    "https://git.example.com//acme//infra": "git.example.com/acme/infra",
    "https://org@dev.example.com/org/My%20Project/_git/infra": "dev.example.com/org/My-20Project/_git/infra",
    "ssh://git@git.example.com:2222/acme/infra.git": "git.example.com/acme/infra",
    "ssh://git@git.example.com/~user/infra.git": "git.example.com/~user/infra",
    "ssh://git@[2001:db8::1]:22/acme/infra": "2001-db8--1/acme/infra",
    "git+ssh://git@git.example.com/acme/infra": "git.example.com/acme/infra",
    "git://git.example.com:9418/acme/infra.git": "git.example.com/acme/infra",
    "git@git.example.com:acme/infra.git": "git.example.com/acme/infra",
    "git.example.com:acme/infra": "git.example.com/acme/infra",
    "git@git.example.com:~user/infra": "git.example.com/~user/infra",
    "git@[git.example.com:2222]:acme/infra.git": "git.example.com/acme/infra",
    "git@[2001:db8::1]:acme/infra": "2001-db8--1/acme/infra",
    "file:///srv/git/infra.git": "localhost/infra",
    "file://user:hunter2@host/share/infra.git": "localhost/infra",
    "/srv/git/infra.git": "localhost/infra",
    "/srv/my git/my infra": "localhost/my-infra",
    "../infra.git": "localhost/infra",
    "./infra": "localhost/infra",
}
REFUSED = [
    "https://user:hun/ter2@git.example.com/acme",
    "https://git.example.com",
    "https://git.example.com/",
    "https://user:hunter2@git.example.com/acme/in@fra",
    "user:hunter2@git.example.com:acme/infra",
    "user:hunter2@git.example.com",
    "user:hun/ter2@git.example.com:infra",
    "codecommit::us-east-1://profile@infra",
    "ext::sh -c 'hunter2 %S'",
    "git.example.com:",
    "https://user:hunter2@",
    ".",
    "..",
    "/",
    "",
]


@pytest.mark.parametrize(("url", "name"), NAMES.items(), ids=NAMES)
def test_name_of_a_url(url: str, name: str) -> None:
    """Host and path, and nothing that is secret or changes; the name is one that a log may have."""
    assert origin_from_url(url) == name
    assert check_origin(name) == name


@pytest.mark.parametrize("url", REFUSED)
def test_url_that_gives_no_name(url: str) -> None:
    """Where credentials cannot be told from the path, no name is made, and the URL is not quoted."""
    with pytest.raises(InputError, match="found one that does not") as caught:
        origin_from_url(url)

    assert "hunter2" not in caught.value.message
    assert "ter2" not in f"{caught.value.message}{caught.value.hint}"


USERS = (
    "",
    "hunter2@",
    "hunter2:@",
    ":hunter2@",
    "a:hunter2@",
    "a:hunter2:hunter2@",
    "a:hunter2@hunter2@",
    "%40:hunter2@",
)
HOSTS = ("host", "host:1", "HOST", "[::1]", "[::1]:22", "")
PATHS = ("", "/", "/a", "/a/b.git", "//a", "/a?x=hunter2", "/a#hunter2", "/a/?hunter2/b", "/a.git/?q@hunter2")


@pytest.mark.parametrize("scheme", ["https", "ssh", "git+ssh", "file", "s3"])
def test_no_combination_lets_a_secret_through(scheme: str) -> None:
    """Users, hosts, ports, paths, queries and fragments in all combinations."""
    for user, host, path in itertools.product(USERS, HOSTS, PATHS):
        url = f"{scheme}://{user}{host}{path}"
        try:
            name = origin_from_url(url)
        except InputError:
            continue
        assert "hunter2" not in name, url


@given(st.text(max_size=60))
def test_any_text_gives_a_fit_name_or_none(text: str) -> None:
    """Whatever a remote is called, what comes out is a name that a log may have."""
    try:
        name = origin_from_url(text)
    except InputError:
        return
    assert check_origin(name) == name


@given(
    st.text(alphabet="ab:/@.-[]?#%", max_size=12),
    st.text(alphabet="ab:/@.-[]?#", max_size=12),
)
def test_what_stands_before_the_last_at_is_never_told(before: str, after: str) -> None:
    """A password in front of the last @ of a URL's authority does not come through, wherever else an @ may stand."""
    try:
        name = origin_from_url(f"https://u:HUNTER2{before}@{after}")
    except InputError:
        return
    assert "HUNTER2" not in name


@pytest.mark.parametrize(
    "name",
    ["", "A/b", "https://a/b", "a//b", "a/", "/a", "a b", "a@b/c", "a:1/b", "é", "a" * 256, "a\n", "a/b?c", "-a"],
)
def test_names_that_no_log_may_have(name: str) -> None:
    """A scheme, credentials, a port, spaces, or an odd start are refused with the form that is expected."""
    with pytest.raises(InputError, match=r"expected --origin as a URL without a scheme"):
        check_origin(name)
