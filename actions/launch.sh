#!/bin/sh
# Find a Python that is new enough and let launch.py go on: sh actions/launch.sh ACTION.
# Plain POSIX sh, because container jobs may have no bash, and the bash of macOS is 3.2.
set -eu

here=$(cd -P "$(dirname "$0")" && pwd)

new_enough() {
  [ -n "$1" ] && command -v "$1" >/dev/null 2>&1 &&
    "$1" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# -I and -S: nothing of the caller's Python (PYTHON* variables, site-packages, current folder) is used.
use() {
  if new_enough "$1"; then exec "$1" -I -S -X utf8 "$here/launch.py" "$action"; fi
}

action=${1:?usage: launch.sh ACTION}

if [ -n "${BENCHGOV_PYTHON:-}" ]; then
  use "$BENCHGOV_PYTHON"
  echo "::error title=benchgov::BENCHGOV_PYTHON does not name a Python 3.11 or newer"
  exit 78
fi
# First the one that the job's own steps call: benchmarks run with it, and with its packages.
for name in python3 python python3.14 python3.13 python3.12 python3.11; do
  use "$name"
done
use "${pythonLocation:+$pythonLocation/bin/python3}"
for name in "${RUNNER_TOOL_CACHE:-${AGENT_TOOLSDIRECTORY:-/opt/hostedtoolcache}}"/Python/3.*/*/bin/python3; do
  use "$name"
done
echo "::error title=benchgov::no Python 3.11 or newer was found; add actions/setup-python before this step, or set BENCHGOV_PYTHON"
exit 78
