"""Computes every record, table and figure of this bundle again, from its aggregates, and compares byte for byte.

    python rebuild.py            compare (exit code 1 where anything differs)
    python rebuild.py --write    also leave what was computed in the folder "rebuilt"

Needs Python 3.11 or later and environment/requirements.txt; the code is in source/.
"""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "source"))
sys.dont_write_bytecode = True


def changed_files() -> list[str]:
    """Files that are not what the manifest says."""
    listed = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))["files"]
    found = []
    for name, about in listed.items():
        path = HERE / name
        if not path.is_file():
            found.append(f"{name}: missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != about["sha256"]:
            found.append(f"{name}: changed since the bundle was made")
    return found


def main() -> int:
    from analysis.evaluation.bundle.codec import from_files
    from analysis.evaluation.bundle.outputs import outputs

    wrong = changed_files()
    inputs = from_files({p.name: p.read_bytes().decode() for p in (HERE / "aggregates").iterdir()})
    same = 0
    for section, files in outputs(inputs):
        print(f"{section} ...", flush=True)
        for name, text in files.items():
            if "--write" in sys.argv[1:]:
                target = HERE / "rebuilt" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text.encode())
            path = HERE / name
            if path.is_file() and path.read_bytes() == text.encode():
                same += 1
            else:
                wrong.append(f"{name}: computed again, it differs")
    print(f"{same} files computed again are the same, byte for byte.")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
