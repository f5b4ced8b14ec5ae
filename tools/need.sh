#!/usr/bin/env bash
# Installs the Debian packages behind missing programs, as root or by sudo; says what it did or what is off.
# usage: tools/need.sh PROGRAM=PACKAGE[=WHY]...      exit 0 always, except in CI=true, where a missing program is a failure
set -u

missing=() packages=()
for need in "$@"; do
  IFS='=' read -r program package why <<<"$need"
  # /usr/sbin is not on the path of an ordinary user, and nft lives there
  if [[ "$program" == /* ]]; then [ -e "$program" ] && continue
  elif PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null 2>&1 || compgen -G "/usr/lib/postgresql/*/bin/$program" >/dev/null; then continue
  fi
  missing+=("$program (package $package${why:+: $why})")
  packages+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if sudo -n true 2>/dev/null; then as_root=(sudo -n)
  elif [ -t 0 ] && command -v sudo >/dev/null 2>&1; then as_root=(sudo)
  else as_root=(false)
  fi
fi

tell_missing() {
  printf 'missing: %s\n' "${missing[@]}" >&2
  printf 'install with: sudo apt-get install -y --no-install-recommends %s\n' "${packages[*]}" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 0
}

command -v apt-get >/dev/null 2>&1 || tell_missing
[ "${as_root[0]:-}" = false ] && tell_missing

log=$(mktemp) || exit 0
trap 'rm -f "$log"' EXIT
for attempt in 1 2 3; do
  if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1 &&
     "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}" >>"$log" 2>&1; then
    echo "installed: ${packages[*]}" >&2
    exit 0
  fi
  sleep $((attempt * 3))
done
tail -n 5 "$log" >&2
tell_missing
