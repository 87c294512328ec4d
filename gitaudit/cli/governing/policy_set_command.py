"""`gitaudit policy set`: the lists that completeness is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitaudit.cli.options import dry_run_option, option, output_options, push_option, session_options
from gitaudit.policy.policy import ON_FAILURE, WRITERS

if TYPE_CHECKING:
    from gitaudit.cli.output import Output
    from gitaudit.cli.wiring import Session


@click.command()
@option("--env", "environments", multiple=True, metavar="NAME", help="The environments, all of them.")
@option("--iac", multiple=True, metavar="GLOB", help="What counts as infrastructure as code, all of it.")
@option("--protect", "protected_refs", multiple=True, metavar="REF", help="The protected branches, all of them.")
@option("--writer", type=click.Choice(WRITERS), help="Who writes change records; see docs/hooks.md.")
@option("--on-failure", type=click.Choice(ON_FAILURE), help="What the hook does where the log cannot be written.")
@option(
    "--unpublished-start",
    "starts",
    multiple=True,
    metavar="ENV=warn|block",
    help="What `exec` does where the start of a deployment cannot be published.",
)
@option(
    "--records",
    type=click.Choice(["required", "optional"]),
    help="Whether servers refuse IaC commits without a record on protected branches.",
)
@push_option
@dry_run_option
@session_options(key=True, remote=True)
@output_options("policy")
def command(
    session: Session,
    output: Output,
    *,
    push: bool,
    dry_run: bool,
    writer: str | None,
    on_failure: str | None,
    starts: tuple[str, ...],
    records: str | None,
    **lists: tuple[str, ...],
) -> None:
    """Replace lists of the policy, or say who writes change records; what is not given stays as it is.

    \b
    Examples:
      gitaudit policy set --env staging --env prod
      gitaudit policy set --protect main --protect 'release'
      gitaudit policy set --writer ci
      gitaudit policy set --unpublished-start prod=block
      gitaudit policy set --records required
    """
    from gitaudit.cli.governing.policy_text import parse_start
    from gitaudit.cli.reading import render
    from gitaudit.usecases.governing.change_policy import current_policy, set_draft

    policy, base = current_policy(session.store, session.position())
    given = {name: values for name, values in lists.items() if values}
    if "protected_refs" in given:
        given["protected_refs"] = tuple(session.full_ref(one) for one in given["protected_refs"])
    named = {"writer": writer, "on_failure": on_failure, "required": None if records is None else records == "required"}
    rules = {name: value for name, value in named.items() if value is not None}
    draft = set_draft(
        session.author(), policy, base, given, change_records=rules, starts=dict(map(parse_start, starts))
    )
    render.write(session, output, draft, push=push, dry_run=dry_run, action="set")
