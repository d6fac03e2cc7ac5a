"""Programs that are killed at each step at which they change a file, at bytes of it, and at random moments.

The file is then the old one or the new one, whole; the next program writes it, and leaves nothing else.
"""

from __future__ import annotations

import pytest
from constructed import around, measurement, results
from faulty import killed
from pynn.bench import command
from pynn.bench.results.store import read, replace
from writers import WRITERS


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_the_old_one_or_the_new_one(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PYNN_CACHE", "")  # put back at the end
    path, (write, read) = tmp_path / name, WRITERS[name]
    write(path, 1)
    write(path, 0)
    old, found = path.read_bytes(), []
    for where in killed(lambda: write(path, 1), tmp_path, [len(old)], 6):
        found.append(read(path))
        assert found[-1] == (path.read_bytes() != old), where
        write(path, 1)
        assert read(path) == 1 and [p.name for p in tmp_path.iterdir()] == [name], where
        path.write_bytes(old)
    assert len(found) > 8


def test_there_is_always_a_results_json(tmp_path, monkeypatch):
    """The run before it, or, of a run that is killed, the one that it has measured; all else is made from it."""
    monkeypatch.setattr(command.pictures, "pictures", lambda *args: [])  # these two take their time
    monkeypatch.setattr(command.page, "write", lambda *args: None)
    runs = [replace(results(measurement({"naive": around(1.0)})), data=f"run {number}") for number in range(3)]
    command._save(runs[0], tmp_path)
    command._save(runs[1], tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    found, names = [], ("results.json", "results.previous.json")
    for where in killed(lambda: command._save(runs[2], tmp_path), tmp_path, [len(before["results.json"])], 5):
        found.append(tuple(read(str(tmp_path / name)).data for name in names))
        assert found[-1] in [("run 1", "run 0"), ("run 1", "run 1"), ("run 2", "run 1")], where
        command._save(runs[2], tmp_path)
        assert sorted(before) == sorted(path.name for path in tmp_path.iterdir()), where
        assert read(str(tmp_path / "results.json")).data == "run 2", where
        for name, content in before.items():
            (tmp_path / name).write_bytes(content)
    assert len(found) > 15 and len(set(found)) == 3
