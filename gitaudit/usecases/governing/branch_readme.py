"""The README.md of the audit branch: what it is, and how a stranger checks it with git, gpg and sha256sum alone.

Its commands are run by `tests/e2e/test_stranger.py`, on a good log and on tampered ones.
"""

from __future__ import annotations

import shlex

_TEXT = r"""# Audit log of @ORIGIN@

This branch is an audit log, written by [gitaudit](https://pypi.org/project/gitaudit/). Every commit adds one record
about a change to infrastructure as code, or about a deployment of it, and is signed with GPG. The branch only ever
grows: it is never force-pushed, rebased, merged or edited. A mistake is put right by a later record.

| path | what it is |
|---|---|
| `records/` | the records, one JSON file each, by index |
| `policy.yml` | whose keys may sign which records |
| `keys/` | the public keys, as they were when they were admitted |
| `schemas/` | what the fields of the records mean, as JSON Schema |
| `merkle/frontier` | the state of the Merkle tree over all records |

With gitaudit, one command checks everything: `gitaudit verify --full`.

## Check a record without gitaudit

You need `bash`, `git`, `gpg` and `sha256sum`, and nothing of this project. Paste the blocks below, one after the
other, into one shell in a fresh clone of the repository. They read the clone and make an empty keyring in a temporary
folder; your own keys are not used and nothing of yours is changed. A check prints a line that begins with `good` or
with `BAD`. One `BAD` is enough: keep the clone as it is, and ask the owners of the log and somebody who has an older
clone.

Choose a record. Without a change, this takes the newest one; for another, put its id from the list: `COMMIT=1a2b3c4d`.

```sh
export GIT_NO_REPLACE_OBJECTS=1
LOG=$(git rev-parse --verify --quiet refs/heads/@BRANCH@ || git rev-parse --verify refs/remotes/origin/@BRANCH@)
git --no-pager log -n 20 --format='%h %s' "$LOG"
COMMIT=$LOG
```

**1. It is the right log.** The first commit decides. Both values must be those under `genesis:` in `.gitaudit.yml` on
the main branch; better still, those that somebody you trust wrote down. With other values this is another log: stop.

```sh
FIRST=$(git rev-list --max-parents=0 "$COMMIT")
echo "commit: $FIRST"
echo "sha256: $(git cat-file commit "$FIRST" | sha256sum | cut -c 1-64)"
```

**2. The signature is by a key that the log had admitted before.** Expect one line with `GOODSIG`, then `good` with the
fingerprint of the key. `EXPKEYSIG` instead of `GOODSIG` means that the key has expired by now, which is no fault if it
had not when it signed. `BADSIG`, `ERRSIG`, `REVKEYSIG` or no such line is bad.

```sh
BEFORE=$(git rev-parse --verify --quiet "$COMMIT~1" || git rev-parse "$COMMIT")
KEYRING=$(mktemp -d)
export GNUPGHOME=$KEYRING
git ls-tree --name-only "$BEFORE" -- keys/ | while read -r KEY; do
  git cat-file blob "$BEFORE:$KEY" | gpg --quiet --import
done
STATUS=$(git -c gpg.format=openpgp -c gpg.program=gpg verify-commit --raw "$COMMIT" 2>&1)
SIGNER=$(sed -n 's/^\[GNUPG:\] VALIDSIG .* //p' <<<"$STATUS")
grep -E '(GOOD|BAD|ERR|EXP|EXPKEY|REVKEY)SIG ' <<<"$STATUS"
if [ -n "$SIGNER" ] && git cat-file blob "$BEFORE:policy.yml" | grep -qx -e "- fingerprint: $SIGNER"
then echo "good: signed by $SIGNER"; else echo "BAD: not signed by a key of the policy before it"; fi
```

What that key may sign stands in the policy before: a role with the key must list the record's type and environment.
Records of the types `genesis` and `policy` need a key that stands under `admins`.

```sh
git cat-file blob "$BEFORE:policy.yml" | sed '/^protected_refs:/,$d'
```

**3. The record is the signer's own.** This prints the record; read what it says.

```sh
RECORD=$(git diff-tree --root --no-commit-id -r --name-only "$COMMIT" -- records/)
git cat-file blob "$COMMIT:$RECORD"
if git cat-file blob "$COMMIT:$RECORD" | grep -qx "  \"recorded_by\": \"openpgp:$SIGNER\","
then echo "good: recorded by the signer"; else echo "BAD: recorded in the name of another key"; fi
```

**4. The commit before it is the one it was written after.** The record holds, as `prev`, the id of that commit and the
SHA-256 of the whole of it, signature included. (The first record has `null` there.)

```sh
PREV=$(git cat-file blob "$COMMIT:$RECORD" | grep -A 2 '^  "prev":' | tr -d ' \n')
WANT="\"prev\":{\"commit\":\"$BEFORE\",\"sha256\":\"$(git cat-file commit "$BEFORE" | sha256sum | cut -c 1-64)\""
if [ "$COMMIT" = "$FIRST" ] || [ "$PREV" = "$WANT" ]
then echo "good: linked to the commit before"; else echo "BAD: written after another commit: $PREV"; fi
```

**5. Every record up to here is as it was signed.** `Audit-Root`, at the end of the signed commit message, is one
SHA-256 value computed from all records so far (a Merkle tree, RFC 6962), so a record that was changed, left out or put
in gives another value. This computes it anew, in some seconds for a thousand records.

```sh
bytes() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }
sha256() { sha256sum | cut -c 1-64; }
NODES=()
SIZE=0
for FILE in $(git ls-tree -r --name-only "$COMMIT" -- records/); do
  NODE=$({ printf '\0'; git cat-file blob "$COMMIT:$FILE"; } | sha256)
  for ((REST = SIZE; REST & 1; REST >>= 1)); do
    NODE=$(bytes "01${NODES[-1]}$NODE" | sha256)
    unset 'NODES[-1]'
  done
  NODES+=("$NODE")
  SIZE=$((SIZE + 1))
done
ROOT=${NODES[-1]}
for ((I = ${#NODES[@]} - 2; I >= 0; I--)); do ROOT=$(bytes "01${NODES[I]}$ROOT" | sha256); done
SAID=$(git cat-file commit "$COMMIT" | sed -n 's/^Audit-Root: //p' | tail -n 1)
if [ "$(bytes "$ROOT" | base64)" = "$SAID" ]
then echo "good: the root over all records so far, $SIZE of them"
else echo "BAD: the records have another root than $SAID"; fi
```

**6. Nothing else came with it.** A commit brings its record and the new `merkle/frontier`. Any other file that it
brings is listed in the record under `files`, with its SHA-256.

```sh
git diff-tree --root --no-commit-id -r --name-only "$COMMIT" | while read -r FILE; do
  case $FILE in "$RECORD" | merkle/frontier) echo "good: $FILE"; continue ;; esac
  SUM=$(git cat-file blob "$COMMIT:$FILE" | sha256sum | cut -c 1-64)
  if git cat-file blob "$COMMIT:$RECORD" | grep -A 1 -F "\"path\": \"$FILE\"" | grep -qF "\"sha256\": \"$SUM\""
  then echo "good: $FILE"; else echo "BAD: $FILE is not what the record lists"; fi
done
```

**All signatures at once.** This looks for commits of the log that none of its keys has signed well.

```sh
git ls-tree --name-only "$LOG" -- keys/ | while read -r KEY; do
  git cat-file blob "$LOG:$KEY" | gpg --quiet --import
done
WRONG=$(git -c gpg.format=openpgp -c gpg.program=gpg --no-pager log --format='%G? %h %s' "$LOG" | grep -v '^[GUXY] ')
if [ -z "$WRONG" ]; then echo "good: all signatures"; else sed 's/^/BAD: /' <<<"$WRONG"; fi
```

**What it is about.** Hold the record against the commit that it names.

```sh
SUBJECT=$(git cat-file commit "$COMMIT" | sed -n 's/^Audit-Commit: //p' | head -n 1)
if [ -n "$SUBJECT" ]; then git --no-pager show --stat --format=fuller "$SUBJECT"; fi
```

At the end, remove the temporary keyring:

```sh
GNUPGHOME=$KEYRING gpgconf --kill all
rm -rf "$KEYRING"
unset GNUPGHOME
```

What these steps leave out, `gitaudit verify --full` does: it judges every signature by the policy at its place in the
log, compares times, and holds each record against the commit that it is about.
"""


def branch_readme(origin: str, branch: str) -> bytes:
    """Return the README.md of a log's branch; `branch` is its short name."""
    return _TEXT.replace("@ORIGIN@", origin).replace("@BRANCH@", shlex.quote(branch)).encode("utf-8")
