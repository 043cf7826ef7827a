#!/bin/sh
# Picks a Python of 3.11 or newer and lets dev/venv.py bring .venv up to the lock.
# PYTHON=/path/to/python overrides the choice. A name may exist and still not run (version
# managers leave such shims behind), so each one is tried.
set -eu
cd "$(dirname "$0")/.."

for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$candidate" -I dev/venv.py
    fi
done

echo "Restante needs Python 3.11 or newer, and '${PYTHON:-python3}' is not it." \
     "Install one, or name it: make PYTHON=/path/to/python3.11" >&2
exit 1
