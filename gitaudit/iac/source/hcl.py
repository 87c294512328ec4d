"""Blocks of HCL and of its JSON form, by address: `resource.aws_s3_bucket.logs`, `module.network`, `variable.region`.

What cannot be parsed is without blocks. How HCL is parsed is in `hcl_tree`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitaudit.errors import InputError
from gitaudit.iac import text
from gitaudit.iac.compare import same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BYTES = 128 * 1024
"""Size of a file that is parsed: 30 ms of work, ten times as much where every two bytes are a value."""
MAX_BLOCKS = 10_000

_LABELS = {
    **dict.fromkeys(("resource", "data", "ephemeral", "source", "action", "list"), 2),
    **dict.fromkeys(("module", "variable", "output", "provider", "check", "component", "deployment", "build"), 1),
    **dict.fromkeys(("include", "dependency", "feature", "unit", "stack", "run", "identity_token", "store"), 1),
    **dict.fromkeys(("job", "group"), 1),
}
"""Labels of a kind of block; any other kind, such as `terraform` and `locals`, counts as having none."""
Blocks = dict[str, list[object]]
"""What stands under each address, in order: an address may occur several times, as of providers with an alias."""


def parse(data: bytes, *, is_json: bool = False, late: Callable[[], bool] = lambda: False) -> Blocks | None:
    """Return the blocks of a file, None where it cannot be parsed, in time, or has more than `MAX_BYTES`.

    Args:
        data: the file; attributes outside of any block, as in `*.tfvars`, count as a block of their name.
        is_json: whether it is the JSON form.
        late: says whether to give up; a broken file can take time with the square of its size.
    """
    if len(data) > MAX_BYTES:
        return None
    document = _of_json(data) if is_json else _of_hcl(data, late)
    if document is None:
        return None
    blocks: Blocks = {}
    for kind, content in document.items():
        for address, value in _addresses(kind, content, _LABELS.get(kind, 0)):
            blocks.setdefault(address, []).append(value)
        if len(blocks) > MAX_BLOCKS:
            return None
    return blocks


def touched(before: Blocks, after: Blocks) -> list[str]:
    """Return the addresses whose blocks differ, in order."""
    return sorted(
        address for address in before.keys() | after.keys() if not same(before.get(address, []), after.get(address, []))
    )


def _of_hcl(data: bytes, late: Callable[[], bool]) -> dict[str, object] | None:
    from gitaudit.iac.source import hcl_tree  # noqa: PLC0415 - a commit without HCL does not pay for the parser

    return hcl_tree.read(data, late)


def _of_json(data: bytes) -> dict[str, object] | None:
    try:
        document = text.read(data)
    except InputError:
        return None
    return document.head[0] if len(document.head) == 1 and not document.other else None


def _addresses(address: str, content: object, labels: int) -> Iterator[tuple[str, object]]:
    """Yield address and content of the blocks of a kind; at most two labels deep."""
    for item in content if isinstance(content, list) else [content]:
        if labels and isinstance(item, dict):
            for label, inner in item.items():
                yield from _addresses(f"{address}.{label}", inner, labels - 1)
        else:
            yield address, item
