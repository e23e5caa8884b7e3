#!/bin/sh
# Prints a Python that can make virtual environments and is new enough; says what to install when there is none.
# PYTHON, when it is given, is the only candidate.
for candidate in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
    path=$(command -v "$candidate") || continue
    "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { old=$path; continue; }
    if ! "$path" -c 'import ensurepip, venv' 2>/dev/null; then
        novenv=$path
        continue
    fi
    echo "$path"
    exit 0
done
if [ -n "$novenv" ]; then
    version=$("$novenv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$novenv has no venv module; on Debian and Ubuntu install python$version-venv (apt-get install python3-venv)" >&2
elif [ -n "$old" ]; then
    echo "$old is too old: Python 3.11 or newer is needed (make PYTHON=/path/to/python3.12)" >&2
else
    echo "no ${PYTHON:-Python} was found: Python 3.11 or newer is needed (on Debian and Ubuntu: apt-get install python3 python3-venv)" >&2
fi
echo false
exit 1
