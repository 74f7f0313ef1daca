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
"""What all tests of the program share: the program as a module, servers, and how to compile a scenario."""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PROGRAM = FOLDER.parent.parent / "internal" / "render" / "configure" / "configure.py"


def load():
    spec = importlib.util.spec_from_file_location("configure", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    sys.modules["configure"] = module
    spec.loader.exec_module(module)
    return module


sys.dont_write_bytecode = True
configure = load()

OLD = "agents datasetio eval files inference post_training safety scoring tool_runtime vector_io"
NEW = "batches container_runtime file_processors files inference interactions messages responses skills tool_runtime vector_io"
# The APIs with providers of each release; the tests with real packages compare them.
APIS = {
    "0.2.12": OLD + " telemetry",
    "0.3.5": OLD + " batches",
    "0.7.3": "batches datasetio eval file_processors files inference responses safety scoring tool_runtime vector_io",
    "1.3.1": NEW,
    "1.4.1": NEW,
    "1.5.0": NEW,
}


def server(version):
    package = "ogx" if version.startswith("1.") else "llama_stack"
    return configure.Server(package, version, frozenset(APIS[version].split()))


SERVERS = [server(version) for version in APIS]


class Result:
    """What compiling gives: the text, the data, and what was found."""

    def __init__(self, base, overlay, target, environment=None, name="config.yaml", kind=None):
        self.report = configure.Report()
        kind = overlay.get("base") or kind or "UserConfig"
        self.compiled = configure.compile_text(
            base, name, "" if kind == "Empty" else kind, overlay, target, environment or {}, self.report
        )
        self.text, self.document, self.sources = self.compiled

    def findings(self):
        return [f"{f['severity']} {f['path']}: {f['message']}" for f in self.report.findings]
