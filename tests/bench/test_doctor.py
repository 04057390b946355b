import sys

from bench import doctor


def test_it_finds_what_every_run_needs(capsys):
    assert doctor.main([]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("torch", "codec h264", "codec ffv1", "device"))


def test_a_package_that_does_not_import_is_broken_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "piq", None)  # what makes `import piq` raise ImportError
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["piq"].state == "broken"
    assert "pip install" in findings["piq"].remedy


def test_missing_weights_name_the_command_that_fetches_them():
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["weights inception"].state == "missing"
    assert findings["weights inception"].remedy == "python benchmark.py weights fetch inception"
