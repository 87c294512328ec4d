#!/bin/sh
# Makes the plans and results beside it, which scripts/demo uses where terraform is missing, with the terraform on PATH.
# terraform_data is built into terraform: nothing is downloaded. The second apply fails in its last step, on purpose.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset TF_CLI_CONFIG_FILE
export TF_VAR_password=correct-horse-battery-staple CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1
cd "$work"
for name in first second; do
    cp "$here/$name.tf" main.tf
    if test "$name" = second; then export TF_VAR_migrate='exit 7'; fi
    terraform init -input=false >init.log
    terraform plan -input=false -out=plan.bin >plan.log
    terraform show -json plan.bin >"$here/$name-plan.json"
    terraform apply -json plan.bin >"$here/$name-apply.jsonl" || test "$name" = second
done
