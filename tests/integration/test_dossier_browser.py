"""The page in a real browser: it draws, it fits, and it asks the network for nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.dossier import examples as ex

from benchgov.dossier.gather import gather
from benchgov.dossier.render import html

pytestmark = pytest.mark.effects

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
)
# Measures the page from a frame around it, because the page itself runs no script.
PROBE = """<!DOCTYPE html><body style="margin:0">
<iframe id="f" src="index.html" style="border:0" width="WIDTH" height="900"></iframe>
<pre id="answer"></pre><script>
addEventListener('load', () => {
  const page = document.getElementById('f').contentDocument;
  const box = node => node.getBoundingClientRect();
  const seen = [...page.querySelectorAll('svg:not(.arrow)')].filter(
    node => box(node.parentElement).height > 0 && node.checkVisibility());
  const root = page.documentElement;
  document.getElementById('answer').textContent = 'ANSWER' + JSON.stringify({
    headings: [...page.querySelectorAll('h2')].map(node => node.textContent),
    title: page.querySelector('h1').textContent,
    drawings: seen.length,
    flat: seen.filter(node => box(node).width < 10 || box(node).height < 8).length,
    overflow: root.scrollWidth - root.clientWidth,
    background: getComputedStyle(page.body).backgroundColor,
    requests: page.defaultView.performance.getEntriesByType('resource').map(entry => entry.name),
  }) + 'END';
});
</script>"""

Browse = Callable[..., dict[str, object]]


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """Open a page in Chromium at a width, and measure it; the console must stay silent."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        if os.environ.get("BENCHGOV_REQUIRE_BROWSER"):
            pytest.fail("BENCHGOV_REQUIRE_BROWSER is set, and there is no Chromium")
        pytest.skip("no Chromium here; set BENCHGOV_REQUIRE_BROWSER to make this a failure")

    def open_page(page: str, width: int = 1280, *, dark: bool = False) -> dict[str, object]:
        (tmp_path / "index.html").write_text(page, encoding="utf-8")
        probe = tmp_path / "probe.html"
        probe.write_text(PROBE.replace("WIDTH", str(width)), encoding="utf-8")
        done = subprocess.run(
            [
                browser,
                *FLAGS,
                f"--user-data-dir={tmp_path / f'profile-{width}-{dark}'}",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                "--allow-file-access-from-files",
                "--enable-logging=stderr",
                "--dump-dom",
                probe.as_uri(),
            ],
            capture_output=True,
            timeout=120,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
        answer = re.search(r"ANSWER(\{.*?\})END</pre>", done.stdout, re.DOTALL)
        assert answer, done.stderr
        assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        found: dict[str, object] = json.loads(answer[1].replace("&amp;", "&").replace("&lt;", "<"))
        return found

    return open_page


def suite_page() -> str:
    """A dossier with every kind of plot."""
    report, comparison = ex.suite(6)
    return html(gather(report, comparison, [ex.record(1, report.to_bytes())], ex.VERIFIED))


def test_the_page_draws_every_section_and_plot(browse: Browse) -> None:
    """All sections are there, every drawing has a size, and nothing was requested."""
    found = browse(suite_page())
    assert found["title"] == "Regression"
    assert found["headings"] == [
        "Needs a look",
        "Families",
        "Variants and scales",
        "Functional results",
        "Environment",
        "Method",
        "Evidence",
    ]
    assert int(str(found["drawings"])) > 40
    assert found["flat"] == 0
    assert found["requests"] == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_sideways(browse: Browse, width: int) -> None:
    """On a phone, a tablet and a desktop the page is no wider than the window."""
    assert browse(suite_page(), width)["overflow"] == 0


def test_dark_readers_get_a_dark_page(browse: Browse) -> None:
    """The reader's colour scheme is followed without a script."""
    assert browse(suite_page())["background"] == "rgb(255, 255, 255)"
    assert browse(suite_page(), dark=True)["background"] == "rgb(20, 23, 27)"


def test_hostile_text_runs_nothing(browse: Browse) -> None:
    """Markup in a benchmark's stderr is text: no element of its is made, and the console stays silent."""
    hostile = "<img src='http://example.invalid/x'><script>console.error('ran')</script>"
    found = browse(html(gather(ex.report(ex.blocked_run("gone", reason=hostile, stderr_tail=hostile)))))
    assert found["requests"] == []
    assert found["title"] == "Blocked"
