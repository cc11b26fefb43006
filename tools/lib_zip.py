"""Pack `lib` into one zip file, for Spark to send to a cluster (`spark.submit.pyFiles`).

`python tools/lib_zip.py infrastructure/build/lib.zip` works before anything is installed.
"""

import sys
from pathlib import Path


def main(target: Path) -> None:
    """Write the zip file and create its folders."""
    # When run as a script, only its own folder is on the path.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from launcher.support.zips import lib_zip

    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(lib_zip())
    print(f"lib is packed in {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
