#!/bin/sh
# Installs the system packages that a virtual environment cannot contain: Java 17, a compiler with the Python and
# Kerberos headers (sparkmagic's Kerberos dependency is built from source on Linux) and Python's venv module. If nothing
# is missing, it ends at once. If it cannot install a package, it says what to install and exits with 2.
set -eu

python=${1:-python3.11}

fail() {
    printf '%s\n' "$@" >&2
    exit 2
}
has_java17() {
    # launcher/local_spark.py looks in the same places.
    for java in "${JAVA_HOME:-/nonexistent}/bin/java" java /usr/lib/jvm/*17*/bin/java /usr/java/*17*/bin/java \
        /opt/java/*17*/bin/java /Library/Java/JavaVirtualMachines/*17*/Contents/Home/bin/java; do
        command -v "$java" >/dev/null 2>&1 && "$java" -version 2>&1 | grep -q 'version "17' && return 0
    done
    return 1
}
has_python_header() {
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
}
missing_packages() { # in Debian's names
    has_java17 || printf ' openjdk-17-jre-headless'
    command -v krb5-config >/dev/null 2>&1 || printf ' libkrb5-dev'
    command -v "${CC:-cc}" >/dev/null 2>&1 || printf ' gcc libc6-dev'
    has_python_header || printf ' python3.11-dev'
    "$python" -c 'import ensurepip, venv' 2>/dev/null || printf ' python3.11-venv'
}

command -v "$python" >/dev/null 2>&1 || fail \
    "Python 3.11 is needed and '$python' was not found: install it (python.org, pyenv, conda or your system's" \
    "packages), or name it with: make PYTHON=/path/to/python3.11"
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || fail \
    "Python 3.11 is needed, and '$python' is $("$python" --version 2>&1): name another with" \
    "make PYTHON=/path/to/python3.11"

missing=$(missing_packages)
[ -z "$missing" ] && exit 0

command -v apt-get >/dev/null 2>&1 || fail \
    "Please install these first (Debian's names):$missing" \
    "  Fedora, RHEL:  dnf install java-17-openjdk-headless krb5-devel gcc python3.11-devel" \
    "  Amazon Linux:  dnf install java-17-amazon-corretto-headless krb5-devel gcc python3.11-devel" \
    "  macOS:         brew install openjdk@17 krb5 python@3.11, and set JAVA_HOME as brew says" \
    "  conda:         conda env create -f environment.yml, which needs none of them"
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail \
        "Some packages are missing and only root can install them. Ask for:" \
        "  apt-get install --no-install-recommends$missing"
    sudo="sudo"
fi
echo "Installing$missing"
# An unreadable package source does not matter if the packages are in another.
$sudo apt-get update -qq || true
# shellcheck disable=SC2086  # apt-get needs one word per package
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || fail \
    "apt-get could not install$missing (see its message above). If the system has no Java 17, install one anywhere" \
    "and set JAVA_HOME."
missing=$(missing_packages)
[ -z "$missing" ] || fail "Installed, but '$python' still cannot find:$missing"
