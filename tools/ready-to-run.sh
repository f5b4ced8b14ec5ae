#!/usr/bin/env bash
# Compiles the assemblies of a published folder, and of the plugin host in it, to machine code (ReadyToRun): programs start in a fraction of the time.
# Where the compiler's package is not to be had, the folder stays as it is: slower, not different. Words go to stderr.
# usage: tools/ready-to-run.sh FOLDER
set -euo pipefail
folder=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"

case "$(uname -m)" in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) echo "no ReadyToRun for $(uname -m): programs start slower" >&2; exit 0 ;;
esac
shared=$(dirname "$(readlink -f "$(command -v dotnet)")")/shared
version=$(dotnet msbuild ready-to-run.proj -getProperty:BundledNETCoreAppPackageVersion)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! [ -d "$shared/Microsoft.NETCore.App/$version" ] || ! dotnet restore ready-to-run.proj -v q -p:CompilerArch="$arch" >"$log" 2>&1; then
  echo "the ReadyToRun compiler $version is not to be had: programs start slower" >&2
  exit 0
fi
compiler=$(dotnet msbuild ready-to-run.proj -p:CompilerArch="$arch" -getProperty:Compiler)
chmod u+x "$compiler"

# Most assemblies are in every published folder and seldom change: what was compiled is kept by the digest of its source.
kept=$PWD/../artifacts/.ready-to-run
mkdir -p "$kept"
find "$kept" -type f -mtime +30 -delete

compile() { # ASSEMBLY, in place; what is not managed code stays as it is
  local hash made
  hash=$(sha256sum "$1")
  made=$kept/${hash%% *}-$version-$arch
  if ! [ -e "$made" ]; then
    "$compiler" "$1" -o "$made.$$" --targetos linux --targetarch "$arch" -O \
      -r "$shared/Microsoft.NETCore.App/$version/*.dll" -r "$shared/Microsoft.AspNetCore.App/$version/*.dll" -r "$(dirname "$1")/*.dll" >/dev/null 2>&1 || { rm -f "$made.$$"; return 0; }
    mv "$made.$$" "$made"
  fi
  cp "$made" "$1.next" && touch -r "$1" "$1.next" && mv "$1.next" "$1"
}
export -f compile
export compiler arch shared version kept
# Assemblies refer to each other while one of them is being replaced: a rename is atomic, and either form of a reference will do.
for part in "$folder" "$folder/plugin-host"; do
  [ ! -d "$part" ] || find "$part" -maxdepth 1 -name '*.dll' -print0 | xargs -0 -r -n 1 -P "$(nproc)" bash -c 'compile "$0"'
done
