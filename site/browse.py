# Copyright 2026 The llama-stack-k8s-operator Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Opens every page of the built site in a real browser, as readers do, and fails on what they would stumble over.

    python3 site/browse.py FOLDER CHROMIUM VERSION OTHER

FOLDER holds the versions of the site: VERSION, which readers see first, and OTHER. Each page of VERSION is opened wide and narrow, in
the light and in the dark scheme. It must load without an error in the console or a refused request, and must not scroll sideways. axe
must find nothing serious in either scheme and in either width. Then the parts that need scripts are used: search, tabs, the menu, the
switches of the scheme and of the version.
"""

import functools
import http.server
import pathlib
import re
import sys
import threading

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
# How long anything may take, in milliseconds: CI gives this only the processor time that its other steps leave.
PATIENCE = 300_000
# The path of the published site.
BASE = "/llama-stack-k8s-operator/"
# The windows that axe looks at: colours depend on the scheme, what is hidden or scrolls on the width.
AXE = (WIDE, "light"), (NARROW, "dark")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the folder below BASE, and says nothing."""

    def translate_path(self, path):
        path = path.split("?")[0].split("#")[0]
        return super().translate_path("/" + path.removeprefix(BASE)) if path.startswith(BASE) else "/nowhere"

    def log_message(self, format, *args):  # noqa: A002 - the name is that of the base class.
        pass


def serve(folder):
    """Serves folder on loopback, and returns the address of the site."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}{BASE}"


class Reader:
    """One browser window, and what went wrong in it."""

    def __init__(self, browser, size, scheme):
        self.name = f"{size['width']} px, {scheme}"
        self.with_axe = (size, scheme) in AXE
        self.context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.problems = []
        # The addresses of requests without an answer, because the page was left before.
        self.left = set()
        self.page.on("console", lambda m: self.problems.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.problems.append(f"script: {e}"))
        self.page.on("requestfailed", self.failed)
        self.page.on("response", lambda r: self.problems.append(f"{r.status}: {r.url}") if r.status >= 400 else None)

    def failed(self, request):
        """Notes a request that failed. The browser aborts what a page that is left still waits for, such as its icon."""
        if request.failure == "net::ERR_ABORTED":
            self.left.add(request.url)
        else:
            self.problems.append(f"request: {request.url}: {request.failure}")

    def open(self, url):
        """Opens a page."""
        self.page.goto(url, wait_until="load")
        sideways = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if sideways > 1:
            self.problems.append(f"the page is {sideways} px too wide")

    def found(self):
        """Returns what went wrong since it was last asked. What no page waited for must have an answer, too."""
        while self.left:
            url = self.left.pop()
            status = self.context.request.get(url, timeout=PATIENCE).status
            if status >= 400:
                self.problems.append(f"{status}: {url}")
        problems, self.problems = self.problems, []
        return problems


def findings(reader):
    """What axe finds serious on the page that is open."""
    # None of these rules reads style sheets, which axe would request itself, and some at a wrong address.
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"], "preload": False}
    found = Axe().run(reader.page, options=options).response["violations"]
    return [
        f"axe: {violation['help']} ({violation['id']}): {violation['nodes'][0]['html'][:160]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]


def use(reader, site):
    """Uses the parts that need scripts. A check that fails raises."""
    page = reader.page
    reader.open(site + "index.html")
    page.get_by_text("OLM", exact=True).first.click()
    expect(page.get_by_text("operator-sdk run bundle").first).to_be_visible()
    reader.open(site + "search.html?q=retentionPolicy")
    expect(page.locator("#search-results li a").first).to_be_visible()
    switch_scheme(reader, site)


def switch_scheme(reader, site):
    """Chooses each scheme. Light and dark must look different, and a choice must outlast the page."""
    page = reader.page
    reader.open(site + "index.html")
    seen = {}
    for mode in ("dark", "light", "auto"):
        page.locator("button.theme-switch-button").first.click()
        page.locator(f".theme-switch-container .dropdown-menu [data-mode={mode}]").first.click()
        expect(page.locator("html")).to_have_attribute("data-mode", mode)
        reader.open(site + "glossary.html")
        expect(page.locator("html")).to_have_attribute("data-mode", mode)
        seen[mode] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    if seen["dark"] == seen["light"] or seen["auto"] != seen["light"]:
        raise AssertionError(f"the scheme cannot be switched: {seen}")


def versions(reader, root, version, other):
    """Follows the redirect of the site to the version that readers see first, and switches to the other one and back on a page."""
    page = reader.page
    page.goto(root)
    page.wait_for_url(f"{root}{version}/")
    reader.open(f"{root}{version}/glossary.html")
    for there in (other, version):
        page.locator(".version-switcher__button").first.click()
        page.locator(".version-switcher__menu").get_by_text(there, exact=True).first.click()
        page.wait_for_url(f"{root}{there}/glossary.html")
        expect(page.locator(".version-switcher__button").first).to_contain_text(there)
        expect(page).to_have_title(re.compile(re.escape(there)))


def menu(reader, site):
    """Opens the menu of a narrow window."""
    reader.open(site + "index.html")
    reader.page.locator("button.primary-toggle").click()
    expect(reader.page.get_by_role("link", name="Tasks").last).to_be_visible()


def browse(root, version, other, pages, chromium):
    """Returns how many checks passed, and what the others found."""
    passed, failures, site = 0, [], f"{root}{version}/"
    with sync_playwright() as play:
        expect.set_options(timeout=PATIENCE)
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"], timeout=PATIENCE)
        readers = [Reader(browser, size, scheme) for size in (WIDE, NARROW) for scheme in ("light", "dark")]
        for name in pages:
            for reader in readers:
                reader.open(site + name)
                wrong = reader.found()
                if reader.with_axe:
                    wrong += findings(reader)
                passed += not wrong
                failures += [f"{name} ({reader.name}): {problem}" for problem in wrong]
        wide, narrow = readers[0], readers[2]
        for reader, part, arguments in ((wide, use, [site]), (narrow, menu, [site]), (wide, versions, [root, version, other])):
            try:
                part(reader, *arguments)
                if wrong := reader.found():
                    raise AssertionError("; ".join(wrong))
                passed += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure.
                failures.append(f"{part.__name__} ({reader.name}): {str(error)[:600]}")
        # What came after the last page.
        failures += [f"{reader.name}: {problem}" for reader in readers for problem in reader.found()]
        browser.close()
    return passed, failures


def main():
    folder, chromium, version, other = pathlib.Path(sys.argv[1]), *sys.argv[2:]
    names = [path.relative_to(folder / version).as_posix() for path in sorted((folder / version).rglob("*.html"))]
    names = [name for name in names if name not in ("genindex.html",) and not name.startswith("_")]
    passed, failures = browse(serve(folder), version, other, names, chromium)
    for failure in failures:
        print(failure)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures or passed < 4 * len(names) or not names else 0


if __name__ == "__main__":
    sys.exit(main())
