import sys

import pytest

from bench.commands import doctor
from metrics.libraries import agreement
from metrics.libraries.agreement import Agreement


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No network is compared but where a test is about that."""
    monkeypatch.setattr(agreement, "AGREEMENTS", {})


def test_it_finds_what_every_run_needs(capsys):
    assert doctor.main([]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("torch", "codec h264", "codec ffv1", "device", "engine", "detector yunet"))


@pytest.mark.parametrize("what", ["/long/path" * 40, "word " * 80 + "end"])
def test_a_pipe_gets_every_finding_whole(monkeypatch, capsys, what):
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Condition("thing", "works", what, "and this")])
    assert doctor.main([]) == 0
    assert capsys.readouterr().out.splitlines()[1].split(maxsplit=2)[2].rstrip() == f"{what}  and this"


def test_a_package_that_does_not_import_is_broken_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "piq", None)  # what makes `import piq` raise ImportError
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["piq"].state == "broken"
    assert "pip install" in findings["piq"].remedy


def test_missing_weights_name_the_command_that_fetches_them():
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["weights inception"].state == "missing"
    assert findings["weights inception"].remedy == "python benchmark.py weights fetch inception"


def test_a_detector_without_weights_names_the_command_that_fetches_them(monkeypatch, tmp_path):
    monkeypatch.setattr("bench.weights.files.cache_folder", lambda: tmp_path)
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["detector yunet"].state == "works"
    assert findings["detector s3fd"].state == "missing"
    assert findings["detector s3fd"].remedy == "python benchmark.py weights fetch s3fd"


def test_a_system_without_worker_processes_says_so(monkeypatch):
    def refuse(*args, **options):
        raise OSError("no semaphores here")

    monkeypatch.setattr(doctor, "ProcessPoolExecutor", refuse)
    engine = next(finding for finding in doctor.examine() if finding.name == "engine")
    assert (engine.state, engine.remedy) == ("missing", "leave --jobs at 1")


@pytest.mark.parametrize(
    ("difference", "state"), [(0.0, "works"), (1e-4, "works"), (1.1e-4, "broken"), (float("nan"), "broken")]
)
def test_a_machine_whose_kernels_differ_is_broken(monkeypatch, difference, state):
    monkeypatch.setattr(agreement, "AGREEMENTS", {"inception": lambda: Agreement("peer 1.0", difference, 1e-4)})
    (finding,) = [finding for finding in doctor.examine() if finding.name == "agreement inception"]
    assert finding.state == state
    assert "peer 1.0" in finding.what
    assert bool(finding.remedy) == (state == "broken")


def test_what_is_missing_is_no_fault_and_what_is_broken_is(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Condition("pyiqa", "missing", "optional", "install it")])
    assert doctor.main([]) == 0
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Condition("piq", "broken", "no", "install it")])
    assert doctor.main([]) == 1
    capsys.readouterr()


def test_without_a_peer_nothing_is_compared(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.setitem(sys.modules, "skimage.transform", None)
    monkeypatch.setattr(agreement, "AGREEMENTS", {"resize": agreement.resize})
    findings = {finding.name: finding.state for finding in doctor.examine()}
    assert (findings["skimage"], findings["agreement resize"]) == ("broken", "missing")
