"""The schemas of records, policy and configuration. The only importer of jsonschema and jsonschema_rs.

Every document is judged by jsonschema_rs, which is fast; only one that it refuses is shown to jsonschema, which says
why. Nothing is ever fetched: all references between the schemas resolve inside the package `gitaudit.schemas`.

A schema cannot say everything. That `sha256` of a cut list stands there exactly when `items` holds fewer than `total`,
that `files` is sorted, that a key stands in a policy once, and that a day exists in its month is checked elsewhere.
So are floats such as `1.0`, which JSON Schema takes for integers: `gitaudit.log.canonical` has refused them before.
"""

from __future__ import annotations

import importlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

from gitaudit.adapters.deferred import RARE, deferred
from gitaudit.errors import ConfigError, InputError
from gitaudit.model import RECORD_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import jsonschema
    import jsonschema_rs

SCHEMA_NUMBER = 1
MAX_PROBLEMS = 20
"""How many problems of one document are told; looking for more helps nobody and costs time a forger decides."""

_PACKAGE = "gitaudit.schemas"
_RECORD = "record.v1.json"
_POLICY = "policy.v1.json"
_CONFIG = "config.v1.json"
_RECORD_SCHEMA = re.compile(r"gitaudit/([a-z]{1,16}(?:\.[a-z]{1,16})?)/([1-9][0-9]{0,3})", re.ASCII)
_RESERVED_TYPES = ("anchor", "erasure")


class SchemaProblem(NamedTuple):
    """One thing in a document that its schema does not allow; it holds no value of the document.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the place, empty for the whole document.
        expected: what the schema asks for, one line, lower case, no full stop.
        found: type and size of what stands there.
    """

    pointer: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return the problem as one line for people."""
        return f"{self.pointer or 'the document'}: expected {self.expected}, found {self.found}"


class SchemaSet:
    """The packaged schemas; each is read and compiled once, when first needed.

    The first check costs the import of jsonschema_rs and one schema to compile (some 25 ms), a later one 10 to 60 µs;
    the first that finds a problem costs the import of jsonschema as well (some 100 ms). Make one for the process; it is
    not meant to be shared by threads.
    """

    def __init__(self) -> None:
        self._fast: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._slow: dict[str, jsonschema.protocols.Validator] = {}

    def check_record(self, document: object) -> list[SchemaProblem]:
        """Return what the schema of a record's type does not allow in it, sorted by place; empty where all is well.

        Args:
            document: a parsed record; JSON arrays must be lists. Its `schema` field chooses the schema.

        Returns:
            At most `MAX_PROBLEMS`; a single one where this version does not know the schema.
        """
        known = _record_type(document)
        if isinstance(known, SchemaProblem):
            return [known]
        return self._check(_record_file(known), document)

    def check_policy(self, document: object) -> list[SchemaProblem]:
        """Return what `policy.v1.json` does not allow in a parsed `policy.yml`, like `check_record`."""
        return self._check(_POLICY, document)

    def check_config(self, document: object) -> list[SchemaProblem]:
        """Return what `config.v1.json` does not allow in a parsed `.gitaudit.yml`, like `check_record`."""
        return self._check(_CONFIG, document)

    def read_policy(self, data: bytes) -> Mapping[str, object]:
        """Return the content of `policy.yml`.

        Raises:
            ConfigError: not YAML, not as the schema says, or with a path pattern that cannot be used.
        """
        from gitaudit.iac.patterns import PathMatcher

        document = self._read_yaml("policy.yml", data, self.check_policy)
        try:
            PathMatcher(cast("list[str]", document["iac"]))
        except InputError as error:
            raise ConfigError(f"policy.yml: {error.message}", hint=error.hint) from error
        return document

    def read_config(self, data: bytes) -> Mapping[str, object]:
        """Return the content of `.gitaudit.yml`. Raises `ConfigError` likewise."""
        return self._read_yaml(".gitaudit.yml", data, self.check_config)

    def keep(self) -> None:
        """Keep nothing: every command reads anew."""

    @staticmethod
    def _read_yaml(name: str, data: bytes, check: Callable[[object], list[SchemaProblem]]) -> Mapping[str, object]:
        from gitaudit.policy import yaml_text

        document = yaml_text.load(data, name)
        problems = check(document)
        if problems:
            first = problems[0]
            place = first.pointer or "the top"
            raise ConfigError(f"{name}: expected {first.expected} at {place}, found {first.found}")
        return document

    def _check(self, name: str, document: object) -> list[SchemaProblem]:
        if self._accepts(name, document):
            return []
        # Fails closed: jsonschema only explains, it cannot overrule the refusal.
        return self._explain(name, document) or [
            SchemaProblem(pointer="", expected=f"what {name} allows", found="something else")
        ]

    def _accepts(self, name: str, document: object) -> bool:
        with deferred(*RARE):
            import jsonschema_rs

        if name not in self._fast:
            # The linear-time regex engine: no document can make a pattern slow.
            self._fast[name] = jsonschema_rs.Draft202012Validator(
                _load(name),
                registry=jsonschema_rs.Registry(list(_shared()), retriever=_refuse),
                pattern_options=jsonschema_rs.RegexOptions(),
            )
        try:
            return self._fast[name].is_valid(document)
        except ValueError:
            # A lone surrogate, or a key that is no string: no JSON document holds these.
            return False

    def _explain(self, name: str, document: Any) -> list[SchemaProblem]:  # noqa: ANN401 -- whatever was parsed
        import jsonschema
        import referencing
        import referencing.jsonschema

        if name not in self._slow:
            resources = [(uri, referencing.jsonschema.DRAFT202012.create_resource(schema)) for uri, schema in _shared()]
            registry: referencing.Registry[Any] = referencing.Registry().with_resources(resources)
            self._slow[name] = jsonschema.Draft202012Validator(_load(name), registry=registry)
        found: set[SchemaProblem] = set()
        for error in self._slow[name].iter_errors(document):
            found.update(_problems(error))
            # A list that is too long would also be compared item by item, for minutes if its author so wishes.
            if len(found) >= MAX_PROBLEMS or error.validator == "maxItems":
                break
        return sorted(found, key=lambda one: (one.pointer, one.expected))[:MAX_PROBLEMS]


def record_schema_files() -> tuple[tuple[str, bytes], ...]:
    """Return name and bytes of the schemas that explain a log and stand in its `schemas/` folder, sorted by name."""
    names = sorted([_RECORD, _POLICY, *(_record_file(record_type) for record_type in RECORD_TYPES)])
    return tuple((name, _read(name)) for name in names)


def _record_file(record_type: str) -> str:
    """Return the name of a record type's schema; `policy.v1.json` is that of `policy.yml`."""
    return "record.policy.v1.json" if record_type == "policy" else f"{record_type}.v1.json"


def _record_type(document: object) -> str | SchemaProblem:
    """Return the record type whose schema a document names, or what is wrong with that name."""
    name = document.get("schema") if isinstance(document, dict) else None
    match = _RECORD_SCHEMA.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        if not isinstance(document, dict):
            return SchemaProblem(pointer="", expected="an object", found=_shape(document))
        found = _shape(name) if "schema" in document else "nothing"
        return SchemaProblem(pointer="/schema", expected="gitaudit/<type>/<number>", found=found)
    record_type, number = match[1], int(match[2])
    known = record_type in RECORD_TYPES
    if known and number == SCHEMA_NUMBER:
        return record_type
    # The name has the form of one, so it can be shown: it holds lower-case letters and a number.
    found = f"a record of schema {match[0]}"
    if number != SCHEMA_NUMBER:
        expected = f"number {SCHEMA_NUMBER}, which this gitaudit reads (upgrade gitaudit to read others)"
    elif record_type in _RESERVED_TYPES:
        expected = f"a type that number {SCHEMA_NUMBER} has ({record_type} is reserved; upgrade gitaudit to read it)"
    else:
        expected = f"one of the types {', '.join(RECORD_TYPES)} (upgrade gitaudit to read others)"
    return SchemaProblem(pointer="/schema", expected=expected, found=found)


def _refuse(uri: str) -> NoReturn:
    """Stand where jsonschema_rs would fetch a schema from the network; every reference resolves before it gets here."""
    raise LookupError(uri)


def _shared() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield address and content of the schemas that others refer to."""
    schema = _load(_RECORD)
    yield schema["$id"], schema


def _load(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(_read(name))
    return schema


def _read(name: str) -> bytes:
    """Return a packaged file, through its loader: importing importlib.resources would cost a hook some 20 ms."""
    package = importlib.import_module(_PACKAGE)
    content: bytes = package.__loader__.get_data(f"{package.__path__[0]}/{name}")  # type: ignore[union-attr]
    return content


def _problems(error: jsonschema.ValidationError) -> Iterator[SchemaProblem]:
    """Yield what one error of jsonschema says; its own message quotes values, so it is not used."""
    # Only names that a schema knows and list indexes can stand in the path, so it gives no value away.
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.absolute_path)
    instance: Any = error.instance
    wanted: Any = error.validator_value
    if error.validator == "required":
        for name in wanted:
            if name not in instance:
                yield SchemaProblem(pointer=pointer, expected=f"the field {name}", found="an object without it")
        return
    words = _KEYWORDS.get(str(error.validator))
    if words is None:
        # `pattern` and `not`: the description beside them says in words what they ask for.
        schema = error.schema if isinstance(error.schema, dict) else {}
        expected = _as_clause(str(schema.get("description", f"what {error.validator} in the schema allows")))
    else:
        expected = words(wanted)
    yield SchemaProblem(pointer=pointer, expected=expected, found=_shape(instance))


_TYPE_NAMES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "an integer",
    "boolean": "true or false",
    "null": "null",
}

_KEYWORDS: dict[str, Callable[[Any], str]] = {
    "type": lambda names: " or ".join(_TYPE_NAMES[name] for name in ([names] if isinstance(names, str) else names)),
    "const": str,
    "enum": lambda values: "one of " + ", ".join(values),
    "minLength": "at least {} characters".format,
    "maxLength": "at most {} characters".format,
    "minimum": "at least {}".format,
    "maximum": "at most {}".format,
    "minItems": "at least {} items".format,
    "maxItems": "at most {} items".format,
    "uniqueItems": lambda _: "each item once",
    "oneOf": lambda branches: f"exactly one of the fields {_required(branches)}",
    "anyOf": lambda branches: f"at least one of the fields {_required(branches)}",
}
"""What the keywords of our schemas ask for, in words, by their value."""

_SHAPES: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number that is no integer",
    str: "text of {} characters",
    list: "a list of {} items",
    dict: "an object of {} fields",
}


def _required(branches: list[dict[str, list[str]]]) -> str:
    return ", ".join(name for branch in branches for name in branch["required"])


def _as_clause(description: str) -> str:
    """Return a description as part of a sentence: no full stop, a first word like `Text` or `A` in lower case."""
    text = description.removesuffix(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _shape(value: object) -> str:
    """Return type and size of a value, never the value."""
    shape = _SHAPES.get(type(value), f"a {type(value).__name__}")
    return shape.format(len(value)) if isinstance(value, (str, list, dict)) else shape
