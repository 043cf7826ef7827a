#!/bin/sh
# Runs all tests on all cores; what failed there runs once more, by itself and by the same seed.
# Only time can differ then, so what passes is said to be unsteady, not hidden, and what fails
# fails. More than a handful of failures is no matter of time and gets no second look.
# Usage: test.sh PYTHON WORKERS [ARGUMENT OF PYTEST ...]
set -eu
cd "$(dirname "$0")/.."
python=$1 workers=$2
shift 2
most=5
failures=.pytest_cache/v/cache/lastfailed
RESTANTE_SEED=${RESTANTE_SEED:-$("$python" -c 'import secrets; print(secrets.randbits(32))')}
export RESTANTE_SEED

rm -f "$failures"
outcome=0
"$python" -m pytest -n "$workers" --maxprocesses 8 --dist loadfile --no-loadscope-reorder "$@" || outcome=$?
# pytest's 1 is "tests failed"; anything else (interrupted, nothing collected) stands as it is.
if [ "$outcome" -ne 1 ] || [ ! -f "$failures" ]; then
    exit "$outcome"
fi
count=$(grep -c '": true' "$failures")
if [ "$count" -gt "$most" ]; then
    echo "$count tests failed: too many to be a matter of time." >&2
    exit 1
fi
echo "$count failed beside the others; once more, alone:" >&2
unsteady=$(sed -n 's/^ *"\(.*\)": true,\{0,1\}$/  \1/p' "$failures")
"$python" -m pytest --last-failed --last-failed-no-failures none "$@"
printf 'UNSTEADY: failed beside others, passed alone. Mend what it waits for:\n%s\n' "$unsteady" >&2
