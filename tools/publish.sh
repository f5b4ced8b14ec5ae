#!/usr/bin/env bash
# Publishes a project in Release to artifacts/NAME when a source is newer than the last time. Words go to stderr.
# usage: tools/publish.sh NAME PROJECT_FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
name=$1 project=$2
stamp=artifacts/$name/.stamp

shared=()
[ "$name" != bench ] || shared=(tests/Shared/SecFlow.SigstoreKit)
sources() {
  find src demo plugins-js "$project" "${shared[@]}" Directory.Build.props Directory.Packages.props builtin-plugins.targets global.json \
    \( -name bin -o -name obj -o -name node_modules -o -name _framework \) -prune -o -type f "$@"
}
# A file that is gone makes nothing newer: the list of names is compared as well.
names=$(sources -print | LC_ALL=C sort | sha256sum)
if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$names" ] && [ -z "$(sources -newer "$stamp" -print -quit)" ]; then exit 0; fi

echo "building $name (the first time takes a minute or two)" >&2
mkdir -p artifacts
began=$(mktemp artifacts/.began-XXXXXX)
next=artifacts/$name.next
log=$(mktemp)
trap 'rm -rf "$began" "$next" "$log"' EXIT
rm -rf "$next"
# Compressing the static files takes longer than the rest of the build, and gains nothing on loopback.
if ! dotnet publish "$project" -c Release -o "$next" --nologo -v q -p:CompressionEnabled=false >"$log" 2>&1; then
  grep -E 'error|warn' "$log" | sort -u | head -20 >&2 || tail -n 20 "$log" >&2
  echo "publishing $project failed" >&2
  exit 1
fi
tools/ready-to-run.sh "$next"
echo "$names" >"$next/.stamp"
touch -r "$began" "$next/.stamp"
rm -rf "artifacts/$name"
mv "$next" "artifacts/$name"
