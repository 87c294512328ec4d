#!/bin/sh
# Makes the *.json and *.jsonl files beside it from site.yml, with the ansible-playbook and ansible-runner on PATH and
# the collection ansible.posix, in a temporary folder. SENTINEL stands wherever a value could leak.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
real=$HOME
trap 'rm -rf "$work"' EXIT
export ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3 ANSIBLE_RETRY_FILES_ENABLED=0 HOME="$work/home"
mkdir -p "$work/srv/project" "$work/out" "$HOME"
cp -r "$here/site.yml" "$here/roles" "$here/inventory.ini" "$work/srv/project"

play() { # callback, name, then options; folders of this machine are left out
    callback=$1 name=$2
    shift 2
    ANSIBLE_STDOUT_CALLBACK=ansible.posix.$callback ansible-playbook -i "$work/srv/project/inventory.ini" \
        "$work/srv/project/site.yml" -e folder="$work/out" "$@" 2>/dev/null | sed "s|$work||g; s|$real/|/home/|g" >"$here/$name" || true
}
play jsonl failed.jsonl
rm "$work/out/"*
play json check.json --limit 'one' --check --diff
play json failed.json -v
play jsonl succeeded.jsonl --limit one,two -e quiet=true
play json succeeded.json --limit one,two -e quiet=true
ANSIBLE_STRATEGY=free play jsonl free.jsonl --limit one,two -e quiet=true

rm "$work/out/"*
mkdir -p "$work/runner/inventory"
cp -r "$work/srv/project" "$work/runner/"
cp "$here/inventory.ini" "$work/runner/inventory/hosts"
ansible-runner run "$work/runner" -p site.yml --ident run --limit one,two \
    --cmdline "-e folder=$work/out" >/dev/null 2>&1 || true
for file in $(ls "$work/runner/artifacts/run/job_events/" | sort -n); do
    sed "s|$work/runner|/srv|g; s|$work||g; s|$real/|/home/|g" "$work/runner/artifacts/run/job_events/$file"
    echo
done >"$here/runner.jsonl"
