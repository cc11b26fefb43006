#!/usr/bin/env bash
# Installs Python 3.11 with the project's pinned packages on a node, before Hadoop and Spark are installed:
#
#     bootstrap.sh s3://bucket/bootstrap/ [wheelhouse]
#
# The packages are wheels, whose hashes the requirements files have: nothing is compiled. They come from the package
# index; with the second argument, from wheels-<machine>.tar of `make wheelhouse` in the same folder, for this kind of
# machine (x86_64 or aarch64).
#
# The primary node gets requirements-master.txt (which adds papermill, sparkmagic and their dependencies), every other
# node requirements-cluster.txt. The environment is /opt/mineria-ml/venv, which cluster.json sets as Spark's Python. A
# second run finds it and changes nothing. A failure terminates the node, and the cluster does not start. The reason is
# the last line of /var/log/mineria-ml-bootstrap.log on the node, and of the log that EMR writes to S3 below
# logs/emr/<cluster>/node/<instance>/bootstrap-actions/.
set -Eeuo pipefail

source_uri=${1:?usage: bootstrap.sh s3://bucket/prefix/ [wheelhouse] (where the requirements files are)}
origin=${2:-index}

# Only tests change these.
home=${MINERIA_HOME:-/opt/mineria-ml}
log=${MINERIA_LOG:-/var/log/mineria-ml-bootstrap.log}
instance_info=${MINERIA_INSTANCE_INFO:-/mnt/var/lib/info/instance.json}
pause=${MINERIA_RETRY_SECONDS:-10}

venv=$home/venv
marker=$venv/.installed

say() {
    echo "$(date -u +%FT%TZ) $role: $*"
}

fail() {
    say "FAILED: $*" >&2
    exit 1
}

# Mirrors and the package index fail now and then; three failures in a row count.
retry() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return 0
        say "attempt $attempt of 3 failed: $*" >&2
        sleep "$pause"
    done
    return 1
}

role=node
sudo mkdir -p "$home"
sudo touch "$log"
sudo chown "$(id -u):$(id -g)" "$home" "$log"
# EMR's copy of the log arrives late; this one is available at once.
exec > >(tee -a "$log") 2>&1
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR
umask 022 # the users of YARN and Livy read these files, too

case $origin in
index | wheelhouse) ;;
*) fail "$origin is no origin of packages: leave out the second argument, or say wheelhouse" ;;
esac
[ -r "$instance_info" ] || fail "$instance_info does not exist: is this a node of an EMR cluster?"
if grep -Eq '"isMaster"[[:space:]]*:[[:space:]]*true' "$instance_info"; then
    role=master
fi

requirements="requirements-cluster.txt"
packages=(python3.11 python3.11-pip)
if [ "$role" = master ]; then
    requirements="requirements-master.txt"
    packages+=(amazon-ssm-agent) # users connect to this node through Session Manager
fi

retry aws s3 cp --no-progress "${source_uri%/}/$requirements" "$home/$requirements" ||
    fail "cannot read ${source_uri%/}/$requirements: does it exist, and may the nodes' role read it?"

wanted=$(sha256sum "$home/$requirements" | cut -d ' ' -f 1)
if [ -f "$marker" ] && [ "$(cat "$marker")" = "$wanted" ]; then
    say "already has $requirements"
    exit 0
fi

say "installing ${packages[*]}"
retry sudo dnf install -y -q "${packages[@]}" ||
    fail "dnf cannot install ${packages[*]}: can the subnet reach the package mirrors?"
if [ "$role" = master ]; then
    sudo systemctl enable --now amazon-ssm-agent || fail "Session Manager's agent did not start"
fi

say "installing $requirements into $venv"
rm -rf "$venv"
python3.11 -m venv "$venv" || fail "python3.11 -m venv $venv"
# The file pins every package, so pip has nothing to resolve.
install=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
    --only-binary ":all:" -r "$home/$requirements")
if [ "$origin" = wheelhouse ]; then
    archive=wheels-$(uname -m).tar
    wheels=$home/wheels
    rm -rf "$wheels"
    mkdir "$wheels"
    retry aws s3 cp --no-progress "${source_uri%/}/$archive" "$home/$archive" ||
        fail "cannot read ${source_uri%/}/$archive: was it uploaded (make wheelhouse, terraform apply)?"
    tar -x -f "$home/$archive" -C "$wheels" || fail "$archive is damaged: make and upload it again (make wheelhouse)"
    # No retry: nothing here depends on the network.
    "${install[@]}" --no-index --find-links "$wheels" ||
        fail "pip cannot install $requirements from $archive: is it of other requirements (make wheelhouse)?"
    rm -rf "$wheels" "${home:?}/$archive"
else
    retry "${install[@]}" || fail "pip cannot install $requirements: can the subnet reach the package index?"
fi
"$venv/bin/python" -m pip check --disable-pip-version-check || fail "the packages of $requirements are incompatible"

echo "$wanted" >"$marker" # last: an incomplete environment is built again
say "done: $("$venv/bin/python" --version) in $venv"
