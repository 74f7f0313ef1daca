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

"""Assembles the sources of the documentation site: docs/ and the pages of the repository that belong to it.

    python3 site/assemble.py FOLDER REF

docs/README.md has the list of pages; its sections become the sections of the site. A link to a file that is not a page becomes
a link to REF on GitHub, and a link to nothing is an error. A page that no list names is an error of Sphinx.
"""

import pathlib
import posixpath
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/llamastack/llama-stack-k8s-operator"

# Pages outside of docs/, by their path in the repository.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "charts/llama-stack-operator/README.md": "chart.md",
    "CONTRIBUTING.md": "contributing.md",
    "GOVERNANCE.md": "governance.md",
    "SECURITY.md": "vulnerabilities.md",
    "README.md": "index.md",
    "docs/README.md": "index.md",
}
# The pages of the site for the sections of docs/README.md.
SECTIONS = {"Tasks": "tasks", "Reference": "reference", "For contributors": "contribute"}

CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()([^)\s]+)(\))")


def pages():
    """The page of each file of the repository that is one."""
    found = dict(ELSEWHERE)
    for path in (ROOT / "docs").rglob("*.md"):
        found.setdefault(path.relative_to(ROOT).as_posix(), path.relative_to(ROOT / "docs").as_posix())
    return found


class Assembly:
    """Writes pages into a folder."""

    def __init__(self, folder, ref):
        self.folder = folder
        self.ref = ref
        self.pages = pages()
        self.errors = []

    def target(self, source, page, link):
        """What a link of a file is on its page."""
        path, hash_, anchor = link.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return link
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if wanted in self.pages:
            return posixpath.relpath(self.pages[wanted], posixpath.dirname(page) or ".") + hash_ + anchor
        if wanted.startswith("docs/images/"):
            return posixpath.relpath(wanted.removeprefix("docs/"), posixpath.dirname(page) or ".")
        if not (ROOT / wanted).exists():
            self.errors.append(f"{source}: the link {link} leads to nothing")
        kind = "tree" if (ROOT / wanted).is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/{self.ref}/{wanted}{hash_}{anchor}"

    def linked(self, source, page, text):
        """Text with the links of its page. Code is left alone."""
        parts = CODE.split(text)
        for place in range(0, len(parts), 2):
            parts[place] = LINK.sub(lambda m: m[1] + self.target(source, page, m[2]) + m[3], parts[place])
        return "".join(parts)

    def write(self, page, text):
        """Writes a page."""
        path = self.folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def sections(self):
        """Writes a page for each section of docs/README.md, with the pages that it lists below it."""
        text = (ROOT / "docs/README.md").read_text(encoding="utf-8")
        for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL):
            name = SECTIONS.get(title)
            if name is None:
                self.errors.append(f"docs/README.md: site/assemble.py has no page for the section {title}")
                continue
            body = self.linked("docs/README.md", name + ".md", body)
            listed = list(dict.fromkeys(re.findall(r"\]\(([^):#]+)\.md", body)))
            listed = [page for page in listed if page != "index"]
            self.write(name + ".md", f"# {title}\n{body}\n" + toctree(listed))

    def runbooks(self):
        """Writes the list of runbooks."""
        names = sorted(path.stem for path in (ROOT / "docs/runbooks").glob("*.md"))
        rows = []
        for name in names:
            text = (ROOT / f"docs/runbooks/{name}.md").read_text(encoding="utf-8")
            meaning = re.search(r"^## Meaning\n+(.+?)(?=\n\n|\Z)", text, flags=re.MULTILINE | re.DOTALL)
            if not meaning:
                self.errors.append(f"docs/runbooks/{name}.md: there is no section Meaning")
                continue
            first = re.split(r"(?<=\.)\s", meaning[1].replace("\n", " "), maxsplit=1)[0]
            rows.append(f"| [{name}]({name}.md) | {self.linked(f'docs/runbooks/{name}.md', f'runbooks/{name}.md', first)} |")
        self.write("runbooks/index.md", "# Runbooks\n\nOne for each [alert](../monitor.md#raise-alerts).\n\n| alert | means |\n"
                   "| --- | --- |\n" + "\n".join(rows) + "\n\n" + toctree(names))

    def assemble(self):
        """Writes everything, and returns what is wrong."""
        for source, page in self.pages.items():
            if page != "index.md":
                self.write(page, self.linked(source, page, (ROOT / source).read_text(encoding="utf-8")))
        index = (ROOT / "site/index.md").read_text(encoding="utf-8")
        self.write("index.md", self.linked("docs/index.md", "index.md", index))
        self.sections()
        self.runbooks()
        shutil.copytree(ROOT / "docs/images", self.folder / "images", dirs_exist_ok=True)
        return self.errors


def toctree(listed):
    """The pages below a page."""
    return "```{toctree}\n:hidden:\n\n" + "\n".join(listed) + "\n```\n"


def main():
    folder, ref = pathlib.Path(sys.argv[1]), sys.argv[2]
    shutil.rmtree(folder, ignore_errors=True)
    errors = Assembly(folder, ref).assemble()
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
