#!/bin/sh
# Installs what the virtual environment cannot hold: Java 17, a compiler with the Python and Kerberos headers
# (sparkmagic's Kerberos dependency is built from source on Linux) and Python's venv module. Does nothing, in no
# time, when all of it is there. On systems without apt-get it says what to install.
set -eu

python=${1:-python3.11}
missing=""

has_java17() {
    for java in "${JAVA_HOME:-/nonexistent}/bin/java" java /usr/lib/jvm/*17*/bin/java; do
        command -v "$java" >/dev/null 2>&1 && "$java" -version 2>&1 | grep -q 'version "17' && return 0
    done
    return 1
}
has_python_header() {
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
}

if ! command -v "$python" >/dev/null 2>&1; then
    echo "Python 3.11 is needed and '$python' was not found: install it (python.org, pyenv, conda or your" \
         "system's packages), or name it with: make PYTHON=/path/to/python3.11" >&2
    exit 2
fi
has_java17 || missing="$missing openjdk-17-jre-headless"
command -v krb5-config >/dev/null 2>&1 || missing="$missing libkrb5-dev"
command -v cc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
has_python_header || missing="$missing python3.11-dev"
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3.11-venv"
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Please install these first (Debian's names):$missing" >&2
    echo "On macOS: brew install openjdk@17 krb5; with conda: conda env create -f environment.yml" >&2
    exit 2
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "These packages are missing and need root to install: apt-get install$missing" >&2
        exit 2
    fi
    sudo="sudo"
fi
echo "Installing$missing"
$sudo apt-get update -qq
# shellcheck disable=SC2086  # one word a package is what apt-get wants
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
