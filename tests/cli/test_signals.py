"""Ctrl-C and SIGTERM in commands: one line, an exit code, and nothing half done."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
import clearprop_command
from paths import PENGUINS
from signals import SIGNALS, ended, press, start, start_patched, wait_until_handled, without_phases

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

ROOT = Path(__file__).parents[2]
MOMENTS = int(os.environ.get("CLEARPROP_SIGNAL_MOMENTS", "25"))
LINE = "clearprop: interrupted\n"
KEPT = "clearprop: interrupted; the model is saved in m.safetensors\n"
JUDGED = "clearprop: interrupted while judging; the model is saved in m.safetensors\n"
ROWS = 60
TRAIN = ["train", "t.csv", "--target", "y", "--hidden", "4", "--epochs", "20", "--out", "m.safetensors"]  # fmt: skip

both = pytest.mark.parametrize("number", SIGNALS)


def write_table(folder: Path) -> None:
    values = np.random.default_rng(0).normal(size=(ROWS, 2)).round(3)
    lines = [f"{a},{b},{'u' if a > b else 'v'}" for a, b in values]
    (folder / "t.csv").write_text("\n".join(["a,b,y", *lines, ""]))


@pytest.fixture
def here(tmp_path):
    write_table(tmp_path)
    return tmp_path


def check_model(folder: Path) -> None:
    assert len(cp.Model.load(folder / "m.safetensors").predict(folder / "t.csv")) == ROWS


@pytest.fixture(scope="module")
def seconds(tmp_path_factory):
    """How long the command takes, from the first line of ours to the end."""
    folder = tmp_path_factory.mktemp("whole")
    write_table(folder)
    code, _, err = ended(start(["-m", "clearprop", *TRAIN], folder))  # compiles, if need be
    assert (code, err.count("Traceback")) == (0, 0)
    process = start(["-m", "clearprop", *TRAIN, "--force"], folder)
    wait_until_handled(process)
    started = time.monotonic()
    assert ended(process)[0] == 0
    return time.monotonic() - started


class TestAtAnyMoment:
    def begun(self, folder, moment):
        """Start the command in a folder; return when its moment is, the folder and the process."""
        (folder / "temporary").mkdir(parents=True)
        write_table(folder)
        process = start(["-m", "clearprop", *TRAIN], folder, TMPDIR=str(folder / "temporary"))
        wait_until_handled(process)
        return time.monotonic() + moment, folder, process

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for handlers")
    @both
    def test_train(self, number, seconds, tmp_path):
        draw = random.Random(number)
        moments = [draw.uniform(0, 1.05 * seconds) for _ in range(MOMENTS)]
        runs = []
        for first in range(0, MOMENTS, 2):  # two at a time
            due = [self.begun(tmp_path / f"{first + i}", moment)
                   for i, moment in enumerate(moments[first : first + 2])]  # fmt: skip
            for when, folder, process in sorted(due, key=lambda one: one[0]):
                time.sleep(max(0, when - time.monotonic()))
                process.send_signal(number)
                runs.append((folder, *ended(process)))
        for folder, code, out, err in runs:
            assert "Traceback" not in out + err, err
            assert "ignored" not in err
            assert list((folder / "temporary").iterdir()) == []
            names = {path.name for path in folder.iterdir()} - {"temporary"}
            if code == 0:
                assert names == {"t.csv", "m.safetensors"}
                assert err in ("", KEPT, JUDGED)
                check_model(folder)
            else:
                assert (code, err) == (128 + number, LINE)
                assert names == {"t.csv"}


class TestTrain:
    @both
    def test_in_training_the_model_so_far_is_saved(self, number, here):
        patch = """
import clearprop.tables.in_memory as M
train = M.train
def tell(epoch):
    if epoch.epoch == 3:
        print("ready", flush=True)
def long(*arguments, **named):
    named |= dict(epochs=10**8, early_stopping=None, callbacks=tell, progress=False)
    return train(*arguments, **named)
M.train = long
"""
        code, out, err = press(start_patched(patch, TRAIN, here), number)
        assert (code, err) == (0, "")
        assert "training was interrupted: no baselines were tried" in out
        assert "Saved in m.safetensors" in out
        check_model(here)

    JUDGE = """
import clearprop.tables.in_memory as M
judge = M.judge
M.judge = lambda ready, outputs, compare, *more: (hang if compare else judge)(
    ready, outputs, compare, *more)
"""

    @both
    def test_in_baselines_the_model_is_saved_already(self, number, here):
        process = start_patched(self.JUDGE, TRAIN, here)
        assert process.stdout.readline() == "ready\n"
        before = (here / "m.safetensors").read_bytes()
        process.send_signal(number)
        code, out, err = ended(process)
        assert (code, err) == (0, JUDGED)
        assert "judging was interrupted: no baselines were tried" in out
        assert "Saved in m.safetensors" in out
        check_model(here)
        assert before != (here / "m.safetensors").read_bytes()  # it says so, too
        notes = cp.Model.load(here / "m.safetensors").report.notes
        assert notes == ["judging was interrupted: no baselines were tried"]

    def test_a_process_that_is_killed_in_baselines_leaves_the_model(self, here):
        code, _, _ = press(start_patched(self.JUDGE, TRAIN, here), signal.SIGKILL)
        assert code == -signal.SIGKILL
        check_model(here)

    @both
    def test_while_the_model_is_saved(self, number, here):
        patch = f"""
import os
save = cp.Model.save
def slow(model, path):
    os.kill(os.getpid(), {int(number)})
    time.sleep(0.1)
    save(model, path)
cp.Model.save = slow
"""
        code, out, err = ended(start_patched(patch, TRAIN, here))
        # The second save, with what is said of baselines, is interrupted by the second signal.
        assert (code, err, out) == (0, KEPT, "")
        check_model(here)
        assert {path.name for path in here.iterdir()} == {"t.csv", "m.safetensors"}

    @both
    def test_while_the_table_is_read(self, number, here):
        patch = "import clearprop.tables.in_memory as M; M.prepare = hang"
        assert press(start_patched(patch, TRAIN, here), number) == (128 + number, "", LINE)
        assert [path.name for path in here.iterdir()] == ["t.csv"]

    @both
    def test_while_the_engine_is_compiled(self, number, here):
        cache = here / "cache"
        compiling = {"CLEARPROP_CACHE": str(cache), "CLEARPROP_KERNELS": "compile"}
        process = start(["-m", "clearprop", *TRAIN], here, **compiling)
        lines = iter(process.stderr.readline, "")
        assert "compiling the engine" in next(line for line in lines if without_phases(line))
        process.send_signal(number)
        assert ended(process) == (128 + number, "", LINE)
        kept = [path.name for path in cache.glob("*/*.kernel")]
        assert not [name for name in kept if name.startswith("training")]  # the last, and longest
        assert not (here / "m.safetensors").exists()


HANG = {
    "bench": (["bench"], "sys.modules['clearprop.cli.bench'].compare"),
    "check": (["check"], "cp.check_gradients"),
    "demo": (["demo"], "sys.modules['clearprop.cli.demo'].load_digits"),
    "diagnose": (["diagnose", "m", "t"], "sys.modules['clearprop.cli.diagnose'].rows_or_note"),
    "evaluate": (["evaluate", "m", "t"], "cp.Model.load"),
    "explain": (["explain"], "cp.explain"),
    "export": (
        ["export", "m", "--to", "c"],
        "sys.modules['clearprop.files.model_file'].read_kind",
    ),
    "find-lr": (["find-lr", "m", "t"], "sys.modules['clearprop.cli.find_lr'].rows_or_note"),
    "graph": (["graph"], "sys.modules['clearprop.cli.graph'].note_network"),
    "predict": (["predict", "m", "t"], "cp.Model.load"),
    "summary": (["summary", "m"], "sys.modules['clearprop.files.model_file'].read_kind"),
    "studio": (
        ["studio", "--no-browser"],
        "__import__('clearprop.studio.server', fromlist=['Server']).Server",
    ),
    "train": (["train", "t.csv", "--target", "y"], "cp.Model.fit"),
    "warm-up": (["warm-up"], "sys.modules['clearprop.cli.warm_up'].load"),
}


class TestEveryCommand:
    def test_none_is_left_out(self):
        from clearprop.cli import main

        assert set(HANG) == set(main.commands)

    @pytest.mark.parametrize("command", HANG)
    def test_ends_in_a_line(self, command, here, monkeypatch):
        monkeypatch.setenv("CLEARPROP_KERNELS", "compile")  # else there is nothing to warm up
        number = SIGNALS[list(HANG).index(command) % 2]
        arguments, place = HANG[command]
        patch = f"import clearprop.cli\n{place} = hang"
        assert press(start_patched(patch, arguments, here), number) == (128 + number, "", LINE)

    def test_a_second_signal_is_obeyed_at_once(self, here):
        patch = """
def stubborn(*arguments):
    while True:
        try:
            print("ready", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass
cp.Model.load = stubborn
"""
        process = start_patched(patch, ["predict", "m", "t"], here)
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert press(process, signal.SIGTERM) == (128 + signal.SIGINT, "", LINE)

    @pytest.mark.parametrize(
        "error", ["RuntimeError('odd')", "cp.MissingExtraError('it is there')"]
    )
    def test_an_error_that_comes_of_the_signal_is_not_what_is_said(self, error, here):
        patch = f"""
def load(*arguments):
    try:
        hang()
    except KeyboardInterrupt:
        raise {error}
cp.Model.load = load
"""
        process = start_patched(patch, ["predict", "m", "t"], here)
        assert press(process, signal.SIGTERM) == (128 + signal.SIGTERM, "", LINE)

    def test_an_interruption_that_python_would_ignore(self, here):
        patch = """
class Slow:
    def __del__(self):
        hang()
def load(*arguments):
    Slow()
    time.sleep(60)
cp.Model.load = load
"""
        process = start_patched(patch, ["predict", "m", "t"], here)
        assert press(process, signal.SIGINT) == (128 + signal.SIGINT, "", LINE)

    def test_demo_with_out_keeps_the_network(self, here):
        patch = "import clearprop.cli; sys.modules['clearprop.cli.demo'].logistic_regression = hang"
        arguments = ["demo", "--epochs", "1", "--json", "--out", "d.safetensors"]
        code, _, err = press(start_patched(patch, arguments, here), signal.SIGINT)
        assert (code, err) == (0, "clearprop: interrupted; the network is saved in d.safetensors\n")
        assert cp.Network.load(here / "d.safetensors").sizes == (64, 100, 10)

    def test_a_process_that_bench_started_is_ended(self, here):
        patch = """
import subprocess
class Process(subprocess.Popen):
    def __init__(self, arguments, **named):
        super().__init__([sys.executable, "-c", "import time; time.sleep(600)"], **named)
        print("ready", self.pid, flush=True)
subprocess.Popen = Process
"""
        process = start_patched(patch, ["bench", "xor", "--system", "clearprop"], here)
        ready, pid = process.stdout.readline().split()
        process.send_signal(signal.SIGTERM)
        code, _, err = ended(process)
        assert (ready, code) == ("ready", 128 + signal.SIGTERM)
        assert err.endswith(LINE)
        until = time.monotonic() + 60  # the system may be slow to bury it
        while is_there(int(pid)) and time.monotonic() < until:
            time.sleep(0.1)
        assert not is_there(int(pid))


def is_there(pid):
    """Whether the process sleeps; its number may be another's by now, or nobody has buried it."""
    try:
        return b"time.sleep(600)" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


class TestImport:
    HANGING = "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"

    @both
    @pytest.mark.parametrize("how", ["-m", "script"])
    @pytest.mark.parametrize("module", ["numpy", "click"])  # of the package, and of its command
    def test_ends_in_a_line(self, number, how, module, tmp_path):
        (tmp_path / f"{module}.py").write_text(self.HANGING)
        code = ["-m", "clearprop"]
        if how == "script":
            code = ["-c", "from clearprop_command import main; main()"]
        path = os.pathsep.join([str(tmp_path), *sys.path])
        process = start([*code, "--version"], tmp_path, PYTHONPATH=path)
        assert press(process, number) == (128 + number, "", LINE)

    def test_the_script_of_the_command_handles_signals_first(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert project["scripts"] == {"clearprop": "clearprop_command:main"}
        code = "import sys; before = set(sys.modules); import clearprop_command; print(*sorted(set(sys.modules) - before))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert not {"numpy", "clearprop", "click", "rich"} & set(done.stdout.split())

    @pytest.mark.parametrize(
        ("arguments", "of_python", "handled"),
        [
            (["-m", "train"], ["python", "-m", "clearprop", "train"], True),
            (["-m"], ["python", "-X", "dev", "-mclearprop"], True),
            (["-m", "clearprop"], ["python", "-m", "pytest", "clearprop"], False),
            (["-m"], ["python", "-m", "myclearprop"], False),
            (["clearprop"], ["python", "clearprop"], False),
            ([""], ["python"], False),
            ([], ["embedded"], False),
        ],
    )
    def test_python_dash_m_alone_is_the_command(self, arguments, of_python, handled, monkeypatch):
        monkeypatch.setattr(sys, "argv", arguments)
        monkeypatch.setattr(sys, "orig_argv", of_python)
        assert clearprop_command._is_dash_m() is handled

    def test_another_program_keeps_its_signals(self, tmp_path):
        code = "import signal as s; f = s.getsignal; n = s.SIGINT, s.SIGTERM; old = [*map(f, n)]; import clearprop.cli; print(old == [*map(f, n)])"
        assert ended(start(["-c", code], tmp_path)) == (0, "True\n", "")

    def test_a_signal_that_is_ignored_stays_so(self):
        old = [signal.signal(number, signal.SIG_IGN) for number in SIGNALS]
        try:
            clearprop_command.handle_signals()
            assert [signal.getsignal(number) for number in SIGNALS] == 2 * [signal.SIG_IGN]
        finally:
            for number, handler in zip(SIGNALS, old, strict=True):
                signal.signal(number, handler)


class TestPipes:
    @pytest.mark.parametrize("arguments", [["explain"], ["graph"], ["check", "--json"]])
    def test_a_reader_that_goes_ends_the_command_in_silence(self, arguments, tmp_path):
        with start(["-m", "clearprop", *arguments], tmp_path) as process:
            process.stdout.close()
            assert process.stderr.read() == ""
        assert process.returncode == 1


def test_in_a_program_that_calls_it_ctrl_c_ends_in_the_line(monkeypatch, model_file):
    from clearprop.cli import explain  # noqa: F401 - the module below
    from command_line import invoke

    def pressed(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(cp.Model, "load", pressed)
    done = invoke("predict", model_file, PENGUINS)
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", LINE)
