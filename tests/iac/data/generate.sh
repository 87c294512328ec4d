#!/bin/sh
# Makes the *.json and *.jsonl files beside it from the *.tf files, with the terraform on PATH, in a temporary folder.
# terraform_data is built into terraform: nothing is downloaded. SENTINEL stands wherever a value could leak.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TF_VAR_password=SENTINEL-variable CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1

stack() { # starts a new working folder with the named configuration
    rm -rf "$work/stack"
    mkdir "$work/stack"
    cd "$work/stack"
    cp "$here/$1.tf" main.tf
    terraform init -input=false >/dev/null
}
plan() { # writes the plan in both forms; the name, then options
    name=$1
    shift
    terraform plan -input=false -out=saved -json "$@" >"$work/plan.jsonl" || true
    terraform show -json saved >"$here/$name.json"
}
fails() { # runs a command that has to fail
    if "$@"; then
        echo "expected a failure: $*" >&2
        exit 1
    fi
}

stack stack
plan plan_create
cp "$work/plan.jsonl" "$here/plan_stream.jsonl"
terraform apply -json -auto-approve -var 'command=echo SENTINEL-provisioner' >"$here/apply.jsonl"
cp terraform.tfstate "$here/state_file.json"
plan plan_empty
plan plan_change -var generation=2 -var 'command=echo SENTINEL-provisioner; exit 3'
fails terraform apply -json saved >"$here/apply_partial.jsonl"
fails terraform apply -json saved >"$here/apply_stale.jsonl"
terraform show -json >"$here/state.json"
terraform destroy -json -auto-approve >"$here/destroy.jsonl"

stack stack
fails terraform apply -json -auto-approve -target=terraform_data.replaced -var 'command=exit 3' >"$here/apply_failed.jsonl"

stack surgery_before
terraform apply -json -auto-approve >/dev/null
cp "$here/surgery.tf" main.tf
plan plan_surgery
terraform apply -json saved >"$here/apply_surgery.jsonl"

stack slow
terraform apply -json -auto-approve >/dev/null
terraform apply -json -auto-approve -var generation=2 -var 'command=touch started; exec sleep 30' \
    >"$here/apply_interrupted.jsonl" &
until test -e started; do sleep 0.1; done
kill -INT $!
fails wait $!
plan plan_deposed -var generation=2
