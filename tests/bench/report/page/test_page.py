"""The page in a real browser."""

import json
import shutil
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pandas as pd
import pytest

from bench.commands.report import main
from bench.report.page.frame_data import clip_curves
from bench.report.page.server import make_server
from bench.report.page.words import _CHINESE, _ENGLISH
from tests.bench.report.runs import CLIPS, HOSTILE, make_run

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed") if CHROMIUM else None
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="no Chromium with its driver on this machine"
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report on two runs with videos, a skipped and a failed metric."""
    base = tmp_path_factory.mktemp("page")
    drop = {
        ("anna_2", "original", "lse_c"): ("skipped", "no speech <b>here</b>"),
        ("berta_1", "original", "niqe"): ("failed", "frame 3 has no number"),
    }
    first = make_run(base / "a", model="copy", videos=True, frames=20, drop=drop)
    second = make_run(base / "b", model="blur", videos=True, frames=20, shift=6, noise_seed=2, failed=("carl_1",))
    assert main([str(first), str(second), "--format", "html", "--out", str(base / "report")]) == 0
    return base / "report"


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    arguments = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1300,900")
    for argument in (*arguments, "--autoplay-policy=no-user-gesture-required"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


@pytest.fixture(params=["file", "served"])
def page(request, report, browser):
    """The page opened from disk and through the server; no console message may be left behind."""
    server = None
    if request.param == "file":
        address = (report / "index.html").as_uri()
    else:
        server = make_server(report)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/index.html"
    browser.get("about:blank")
    browser.get(address)
    yield browser
    messages = browser.get_log("browser")
    asked = requests(browser)
    browser.get("about:blank")
    if server is not None:
        server.shutdown()
        server.server_close()
    assert messages == []
    root = address.removesuffix("index.html")
    assert any(url.endswith(".mp4") for url in asked)
    assert [url for url in asked if not url.startswith((root, "data:", "about:"))] == []


def requests(driver):
    """What the browser has asked for since the last time."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


def until(driver, script, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = driver.execute_script(f"return ({script})")
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"never true: {script}")


def rows(driver):
    return driver.execute_script("return [...document.querySelectorAll('#grid tr.row th')].map(e => e.textContent)")


def go(driver, address):
    driver.execute_script("location.hash = arguments[0]", address)
    time.sleep(0.1)


def press(driver, key):
    from selenium.webdriver import ActionChains

    ActionChains(driver).send_keys(key).perform()


@needs_browser
def test_every_part_works(page):
    """One visit, since starting pages costs: summary, sort, filter, clip, stepping, curve, sound, theme, keys."""
    driver = page
    assert until(driver, "document.querySelectorAll('#tab-summary table').length >= 2")
    assert not driver.execute_script("return document.querySelectorAll('b').length")

    # the keyboard reaches every tab, and shows where it is
    from selenium.webdriver import Keys

    for name in ("skip", "summary", "clips"):
        press(driver, Keys.TAB)
        assert driver.execute_script("const a = document.activeElement; return a.dataset.tab || a.className") == name
        assert driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"

    # a window that changes before the clips are shown leaves them nothing to miss
    driver.execute_script("window.dispatchEvent(new Event('resize'))")
    press(driver, Keys.ENTER)
    assert until(driver, "!document.getElementById('tab-clips').hidden")
    assert rows(driver) == list(CLIPS)

    # values against the unrotated reference are marked
    view = "const v = document.getElementById('view'); v.value = arguments[0]; v.onchange()"
    heads = "[...document.querySelectorAll('#grid thead button')].map(e => e.textContent.trim()).join(' ')"
    assert "*" not in driver.execute_script(f"return {heads}")
    driver.execute_script(view, "s3")
    assert "PSNR ↑*" in driver.execute_script(f"return {heads}")
    assert "NIQE ↓*" not in driver.execute_script(f"return {heads}")
    assert driver.find_element("id", "matches").text.endswith("* against the unrotated reference")
    driver.execute_script(view, "s2")

    # sort by PSNR, the worst first, then the other way
    column = "document.querySelectorAll('#grid thead button')[2]"
    driver.execute_script(f"{column}.click()")
    values = "[...document.querySelectorAll('#grid tr.row')].map(r => parseFloat(r.children[2].textContent))"
    found = driver.execute_script(f"return {values}")
    assert found == sorted(found)
    driver.execute_script(f"{column}.click()")
    assert driver.execute_script(f"return {values}") == sorted(found, reverse=True)
    assert (
        driver.execute_script("return document.querySelector('th[aria-sort]').getAttribute('aria-sort')")
        == "descending"
    )

    # filter by name, and by what has no value
    search = driver.find_element("id", "filter")
    search.send_keys("anna")
    assert set(rows(driver)) == {"anna_1", "anna_2"}
    assert driver.find_element("id", "matches").text == "2 of 5"
    search.clear()
    search.send_keys("<script>")
    assert rows(driver) == [HOSTILE]
    driver.execute_script("const f = document.getElementById('filter'); f.value = ''; f.oninput()")
    driver.execute_script("const o = document.getElementById('outcome'); o.value = 'failed'; o.onchange()")
    assert set(rows(driver)) == {"berta_1", "carl_1"}
    driver.execute_script("const o = document.getElementById('outcome'); o.value = 'all'; o.onchange()")

    # open a clip: three settings of the first run and two of the second beside the reference
    driver.execute_script(
        "[...document.querySelectorAll('#grid tr.row th a')].find(a => a.textContent === 'anna_1').click()"
    )
    assert until(driver, "document.getElementById('clip-name').textContent === 'anna_1'")
    assert until(driver, "document.querySelectorAll('#players video').length === 6")
    assert until(driver, "[...document.querySelectorAll('#players video')].every(v => v.readyState >= 2)")

    # every series that is drawn looks like no other, and the ceiling stands there once
    looks = "JSON.stringify(Bench.data.series.map((s, i) => s.drawn ? Object.values(Bench.stroke(i)) : i))"
    assert len({str(look) for look in json.loads(driver.execute_script(f"return {looks}"))}) == 8
    assert driver.execute_script("return document.querySelectorAll('#clip-values tr.ground-truth').length") == 1

    # step a frame: every video moves by one
    driver.execute_script("document.activeElement.blur()")
    press(driver, Keys.ARROW_RIGHT)
    press(driver, Keys.ARROW_RIGHT)
    press(driver, Keys.ARROW_LEFT)
    times = "[...document.querySelectorAll('#players video')].map(v => v.currentTime)"
    assert until(driver, "document.getElementById('seek').value === '1'")
    assert driver.execute_script(f"return {times}") == pytest.approx([1.5 / 25] * 6, abs=1e-3)
    assert driver.find_element("id", "position").text.startswith("1 / 19")

    # seek from a curve
    assert until(driver, "document.querySelectorAll('.curve svg path').length >= 3")
    driver.execute_script(
        "const svg = document.querySelector('.curve svg'), box = svg.getBoundingClientRect();"
        "svg.setPointerCapture = () => {};"
        "const x = box.left + 52 + (box.width - 64) * 10 / 19;"
        "const at = {clientX: x, clientY: box.top + 50, pointerId: 1, bubbles: true};"
        "svg.dispatchEvent(new PointerEvent('pointerdown', at))"
    )
    assert driver.execute_script("return Bench.players.frame") == 10
    assert driver.execute_script(f"return {times}") == pytest.approx([10.5 / 25] * 6, abs=1e-3)
    assert until(driver, "document.querySelectorAll('.curve circle.worst').length >= 3")

    # sound on one at a time
    muted = "[...document.querySelectorAll('#players video')].filter(v => !v.muted).length"
    assert driver.execute_script(f"return {muted}") == 0
    for _ in range(2):
        press(driver, "s")
        assert driver.execute_script(f"return {muted}") == 1

    # play: the videos move together
    press(driver, " ")
    assert until(driver, "Bench.players.frame > 11 || Bench.players.frame < 9")
    press(driver, " ")
    after = driver.execute_script(f"return {times}")
    assert max(after) - min(after) <= 2 / 25

    # dark and light
    theme = "document.documentElement.dataset.theme"
    before = driver.execute_script(f"return {theme}")
    colour = "getComputedStyle(document.body).backgroundColor"
    light = driver.execute_script(f"return {colour}")
    press(driver, "t")
    assert {before, driver.execute_script(f"return {theme}")} == {"dark", "light"}
    assert driver.execute_script(f"return {colour}") != light

    # back by keyboard, down the rows, open
    press(driver, Keys.ESCAPE)
    assert until(driver, "!document.getElementById('tab-clips').hidden")
    press(driver, Keys.ARROW_DOWN)
    press(driver, Keys.ARROW_DOWN)
    press(driver, Keys.ENTER)
    assert until(driver, "!document.getElementById('tab-clip').hidden")

    # the hostile name, and the reasons, are text
    go(driver, f"#/clip/{CLIPS.index(HOSTILE)}")
    assert until(driver, f"document.getElementById('clip-name').textContent === {json.dumps(HOSTILE)}")
    assert until(driver, "[...document.querySelectorAll('#players video')].every(v => v.readyState >= 2)")
    go(driver, "#/outcomes")
    listed = driver.find_element("id", "outcome-list").text
    for text in ("no speech <b>here</b>", "frame 3 has no number", "'carl_1' cannot be read"):
        assert text in listed
    go(driver, "#/about")
    assert "skimage-antialias-linear" in driver.find_element("id", "about").text

    # help
    press(driver, "?")
    assert driver.execute_script("return document.getElementById('keys').open")
    driver.execute_script("document.getElementById('keys').close()")


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_follows_the_colours_of_the_system(report, browser, scheme):
    browser.get((report / "index.html").as_uri())
    browser.execute_script("localStorage.clear()")
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        browser.refresh()
        assert browser.execute_script("return document.documentElement.dataset.theme") == scheme
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@needs_browser
def test_fits_a_phone(report, browser):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    )
    try:
        browser.get((report / "index.html").as_uri())
        for address in ("#/", "#/clips", "#/clip/0", "#/outcomes", "#/about"):
            go(browser, address)
            time.sleep(0.3)
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= 390, address
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_folder_is_self_contained(report):
    text = "".join(path.read_text("utf-8") for path in (report / "index.html", *(report / "assets").iterdir()))
    for scheme in ("http://", "https://", "//cdn"):
        assert scheme not in text.replace("http://www.w3.org/2000/svg", "")
    assert len(list((report / "videos" / "0" / "original").iterdir())) == len(CLIPS)


def test_index_has_no_markup_from_names(report):
    index = (report / "index.html").read_text("utf-8")
    assert "<script>alert" not in index
    assert "<" not in (report / "data" / "index.js").read_text("utf-8")


def test_numbers_of_the_page_are_those_of_the_run(report, tmp_path):
    text = (report / "data" / "index.js").read_text("utf-8")
    data = json.loads(text.removeprefix("Bench.load(").removesuffix(");\n"))
    series = next(i for i, s in enumerate(data["series"]) if s["setting"] == "original" and s["run"] == 0)
    l1 = next(i for i, metric in enumerate(data["metrics"]) if metric["id"] == "l1")
    clips = pd.read_csv(report.parent / "a" / "clips.csv")
    stored = clips[(clips["setting"] == "original") & (clips["metric"] == "l1")].set_index("clip")["value"]
    shown = dict(zip((clip["id"] for clip in data["clips"]), data["values"][series][l1], strict=True))
    assert shown == pytest.approx((stored * 255).to_dict(), rel=1e-5)


@pytest.mark.parametrize("layout", ["by clip", "by frame", "shuffled"])
def test_curves_come_out_of_any_layout(tmp_path, layout):
    folder = make_run(tmp_path / "run")
    table = pd.read_parquet(folder / "frames.parquet")
    expected = {
        key: part.sort_values("frame")["value"].to_numpy() for key, part in table.groupby(["clip", "setting", "metric"])
    }
    if layout == "by frame":
        table = table.sort_values(["frame", "clip"], kind="stable")
    elif layout == "shuffled":
        table = table.sample(frac=1, random_state=0)
    table.to_parquet(folder / "frames.parquet", row_group_size=None if layout == "by clip" else 97)
    found = {
        (clip, curve.setting, curve.metric): curve.values for clip, curves in clip_curves(folder) for curve in curves
    }
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key], values)


def test_server_is_local_and_sends_parts(report):
    server = make_server(report)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host, port = server.server_address[:2]
    try:
        assert host == "127.0.0.1"
        video = next((report / "videos" / "0" / "original").iterdir())
        address = f"http://127.0.0.1:{port}/videos/0/original/{urllib.request.pathname2url(video.name)}"
        request = urllib.request.Request(address, headers={"Range": "bytes=10-19"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 206
            assert answer.read() == video.read_bytes()[10:20]
        request = urllib.request.Request(address, headers={"Range": "bytes=-5"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.read() == video.read_bytes()[-5:]
        foreign = urllib.request.Request(address, headers={"Host": "example.org"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(foreign, timeout=10)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/../../etc/passwd", timeout=10)
    finally:
        server.shutdown()
        server.server_close()


def test_both_languages_have_the_same_words():
    assert _ENGLISH.keys() == _CHINESE.keys()
