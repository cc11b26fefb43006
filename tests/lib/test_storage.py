import pytest

from lib.errors import ExperimentError, InputError
from lib.storage import Storage, join


@pytest.fixture(scope="module")
def storage(spark):
    return Storage(spark)


def test_files_come_back_as_written_and_nothing_else_is_left(storage, tmp_path):
    uri = join(str(tmp_path), "a", "note.txt")
    storage.write_text(uri, "first, and longer")
    storage.write_text(f"file:{uri}", "señal")
    assert storage.read_text(uri) == "señal"
    assert storage.list(join(str(tmp_path), "a")) == ["note.txt"]
    assert storage.size(str(tmp_path)) == len("señal".encode())
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["note.txt"]


def test_a_file_is_replaced_in_one_step_on_other_file_systems(storage, tmp_path):
    # What HDFS gets: written beside, then renamed over the old one.
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    for uri, content in ((old, b"old"), (new, b"new")):
        fs, path = storage._open(uri)
        storage._write(fs, path, content)
    storage._rename_over(fs, storage._path(new), storage._path(old))
    assert storage.read_bytes(old) == b"new"
    assert not storage.exists(new)


def test_what_cannot_be_written_on_other_file_systems_leaves_the_old_file_and_nothing_else(
    storage, tmp_path, monkeypatch
):
    fs, path = storage._open(str(tmp_path / "x"))

    def replace(content):
        storage._replace(fs, path, lambda hidden: storage._write(fs, hidden, content))

    replace(b"old")
    fs.setPermission(path, storage._jvm.org.apache.hadoop.fs.permission.FsPermission("640"))
    replace(b"new")
    assert storage.read_bytes(str(tmp_path / "x")) == b"new"
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, "_rename_over", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace(b"newer")
    assert storage.read_bytes(str(tmp_path / "x")) == b"new"
    assert storage.list(str(tmp_path)) == ["x"]


def test_a_file_of_this_machine_is_moved(storage, tmp_path):
    for content in (b"old", b"new"):
        (tmp_path / "local").write_bytes(content)
        storage.upload(tmp_path / "local", str(tmp_path / "there" / "x"))
        assert storage.read_bytes(str(tmp_path / "there" / "x")) == content
        assert not (tmp_path / "local").exists()
    assert [each.name for each in (tmp_path / "there").iterdir()] == ["x"]
    size, modified = storage.stamp(str(tmp_path / "there" / "x"))
    assert (size, modified) == (3, int((tmp_path / "there" / "x").stat().st_mtime * 1000))


def test_bytes_of_every_value_survive(storage, tmp_path):
    content = bytes(range(256)) * 3
    storage.write_bytes(str(tmp_path / "x"), content)
    assert storage.read_bytes(str(tmp_path / "x")) == content


def test_what_is_not_there(storage, tmp_path):
    missing = str(tmp_path / "missing")
    assert not storage.exists(missing)
    assert storage.list(missing) == []
    storage.delete(missing)
    with pytest.raises(InputError, match=f"cannot read {missing}.*check the path"):
        storage.read_text(missing)


def test_places_that_cannot_be_written_are_named(storage, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises((InputError, ExperimentError), match=r"cannot write .*file/below"):
        storage.write_text(str(tmp_path / "file" / "below"), "x")
    with pytest.raises(InputError, match="cannot write /proc/nowhere"):
        storage.check_writable("/proc/nowhere")
    storage.check_writable(str(tmp_path / "new"))
    assert list((tmp_path / "new").iterdir()) == []


def test_a_pattern_gives_what_it_matches(storage, tmp_path):
    for name in ("a1", "a2", "b1"):
        storage.write_text(str(tmp_path / name), "")
    names = [place.rpartition("/")[2] for place in storage.glob(f"{tmp_path}/{{a?,c}}")]
    assert names == ["a1", "a2"]
    assert storage.glob(f"{tmp_path}/c*") == storage.glob(f"{tmp_path}/c") == []
    assert storage.glob(str(tmp_path / "b1")) == [f"file:{tmp_path}/b1"]
    (tmp_path / "b[1]{x}").touch()
    assert storage.glob(str(tmp_path / "b[1]{x}")) == [f"file:{tmp_path}/b[1]{{x}}"]


@pytest.mark.parametrize(
    ("uri", "says"),
    [("http://127.0.0.1:1/x", "does not support folders"), ("file://data/x", "Wrong FS"), ("a:b", "Relative path")],
)
def test_a_place_that_spark_cannot_have_files_at_says_what_to_give(storage, uri, says):
    with pytest.raises(InputError, match=f"cannot list {uri}: .*{says}.*; give a path, or a URI such as file:/data/x"):
        storage.list(uri)


def test_unknown_scheme_says_so(storage):
    with pytest.raises(InputError, match="no file system for that scheme"):
        storage.exists("nosuch://bucket/key")
