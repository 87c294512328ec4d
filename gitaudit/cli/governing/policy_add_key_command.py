"""`gitaudit policy add-key`: admit a key to the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import dry_run_option, option, output_options, push_option, session_options

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@click.argument("public_key", metavar="KEY")
@option("--role", "roles", multiple=True, metavar="ROLE", help="What the key may sign; see `gitaudit policy show`.")
@option("--admin", is_flag=True, help="The key may also change the policy.")
@option("--name", metavar="NAME", help="What the policy calls the key (default: the role).")
@option("--email", metavar="MAIL", help="E-mail of the audit commits of this key.")
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@output_options("policy")
def command(
    session: Session,
    output: Output,
    *,
    public_key: str,
    roles: tuple[str, ...],
    name: str | None,
    email: str | None,
    admin: bool,
    push: bool,
    dry_run: bool,
) -> None:
    """Admit KEY: a fingerprint or id in your keyring, or a file with an armored public key.

    Admitting a key again takes over its certificate as it is now, for example with a later expiry.

    \b
    Examples:
      gitaudit policy add-key 3AA5C34371567BD2 --role ci --name pipeline
      gitaudit policy add-key colleague.asc --role developer --role release --name 'release team'
    """
    from gitaudit.cli.reading import render
    from gitaudit.log.commit import DEFAULT_EMAIL
    from gitaudit.policy.policy import Key
    from gitaudit.usecases.governing.change_policy import add_key_draft, current_policy

    position = session.position()
    policy, base = current_policy(session.store, position)
    fingerprint, certificate = session.public_key(public_key)
    label = name or (roles[0] if roles else "admin")
    key = Key(fingerprint=fingerprint, name=label, email=email or DEFAULT_EMAIL)
    draft = add_key_draft(
        session.author(),
        policy,
        base,
        key,
        certificate,
        roles,
        admin=admin,
        admitted=position.certificates.get(fingerprint),
    )
    render.write(session, output, draft, push=push, dry_run=dry_run, action="add-key")
