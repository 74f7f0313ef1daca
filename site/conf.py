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

"""Configuration of Sphinx for the documentation site. hack/site.sh calls it."""

import os

project = "Llama Stack operator"
author = "The llama-stack-k8s-operator Authors"
project_copyright = author
release = version = os.environ["SITE_VERSION"]

extensions = ["myst_parser", "sphinx_design"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["colon_fence"]
# Headings are linked as GitHub links them.
myst_heading_anchors = 5
nitpicky = True

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {version}"
html_logo = "../config/manifests/icon.svg"
html_favicon = "../config/manifests/icon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
# The language of the search.
language = "en"
html_baseurl = os.environ["SITE_URL"]
html_sidebars = {"index": []}
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": project},
    "github_url": "https://github.com/llamastack/llama-stack-k8s-operator",
    "navbar_align": "left",
    "navbar_end": ["version-switcher", "theme-switcher", "navbar-icon-links"],
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_version_warning_banner": False,
    "switcher": {"json_url": os.environ["SITE_VERSIONS"], "version_match": version},
    # The list belongs to the site, not to one version of it.
    "check_switcher": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}


def setup(app):
    """Shows code that Sphinx has no lexer for as it is: GitHub draws it."""
    from pygments.lexers.special import TextLexer

    app.add_lexer("mermaid", TextLexer)
