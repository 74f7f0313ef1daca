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
"""Every scenario and every mistake, checked by the real packages of one server; run by its own Python.

The findings of each scenario are in testdata/checks/VERSION.json; UPDATE=true writes them. No scenario may be refused,
except by a server that says it lacks what would be unsafe to leave out.
"""

import contextlib
import functools
import importlib.metadata
import io
import json
import logging
import os
import sys
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent))

import pydantic  # noqa: E402
import yaml  # noqa: E402
from harness import APIS, FOLDER, Result, configure  # noqa: E402
from scenarios import BASE, ENVIRONMENT, MISTAKES, SCENARIOS, VLLM, overlay, providers  # noqa: E402

SERVER = configure.find_server()
FILE = FOLDER / "testdata" / "checks" / f"{SERVER.version}.json"
# The first release that takes a scenario. Those before cannot authenticate as declared, and would serve everybody
# without, or have no such type of provider.
REFUSED = {"auth-api-keys": (1, 4), "three-providers": (1, 4), "auth-kubernetes": (0, 2, 24), "files-s3": (0, 3)}

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
configure.pydantic = pydantic


def check(base, declared, environment=ENVIRONMENT, name="config.yaml", kind=None):
    """The result after checking, without tries: these need a network."""
    result = Result(base, declared, SERVER, environment, name, kind)
    with mock.patch.dict(os.environ, environment):
        configure.Checker(result.document, result.sources, SERVER, os.environ, result.report).check()
    return result


@functools.cache
def checked(name):
    return check(*SCENARIOS[name])


class Scenarios(unittest.TestCase):
    maxDiff = None

    def test_findings(self):
        found = {name: checked(name).findings() for name in SCENARIOS}
        found = {name: lines for name, lines in found.items() if lines}
        if os.environ.get("UPDATE") == "true":
            FILE.parent.mkdir(parents=True, exist_ok=True)
            FILE.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        self.assertEqual(found, json.loads(FILE.read_text()))

    def test_none_is_refused(self):
        for name in SCENARIOS:
            with self.subTest(name):
                errors = [line for line in checked(name).findings() if line.startswith("error")]
                refused = name in REFUSED and not SERVER.since(*REFUSED[name])
                self.assertEqual(bool(errors), refused, errors)

    def test_no_value_of_the_environment_is_said(self):
        for name in SCENARIOS:
            text = checked(name).report.text(SERVER)
            for value in ENVIRONMENT.values():
                self.assertNotIn(value, text)

    def test_the_tables_of_apis_are_those_of_the_package(self):
        self.assertEqual(SERVER.apis, frozenset(APIS[SERVER.version].split()))


class Converted(unittest.TestCase):
    """Every provider that "kubectl llamastack convert" knows. It writes the keys of server 1.5."""

    maxDiff = None

    def test_each_provider(self):
        if not SERVER.since(1, 5):
            self.skipTest("the keys are those of server 1.5")
        file = FOLDER.parent.parent / "internal" / "convert" / "testdata" / "fields.golden.yaml"
        config = yaml.safe_load(file.read_text())["spec"]["server"]["config"]
        for provider in config["providers"]:
            provider.setdefault("config", {})
            for secret in provider.pop("secrets", []):
                provider["config"][secret["field"]] = "${env.LLSD_INFERENCE_VLLM_API_TOKEN}"
        storage = {"path": "spec.server.config.storage.postgres", "type": "postgres", "uriEnv": "LLSD_STORAGE_URI"}
        result = check("", overlay(providers=providers(*config["providers"]), storage=storage))
        self.assertEqual(result.findings(), [])


class Mistakes(unittest.TestCase):
    def test_each_is_found_in_its_place(self):
        for name, (declared, path, message) in MISTAKES.items():
            with self.subTest(name):
                findings = check("", declared).report.findings
                if name in ("patch-key", "nested-key") and not SERVER.since(0, 5):
                    continue  # no network settings before
                wrong = [f for f in findings if f["path"].startswith(path) and message in f["message"]]
                self.assertTrue(wrong, findings)
                if name != "patch-key":
                    self.assertTrue(any(f["severity"] == "error" for f in findings), findings)

    def test_in_the_users_own_file(self):
        base = BASE.replace("base_url: http://old", "base_ur: http://old").replace("url: http://old", "ur: http://old")
        findings = check(base, {"version": 1}, {**ENVIRONMENT, "VLLM_URL": "x"}).findings()
        self.assertIn("config.yaml: providers.inference[0].config.base_ur: unknown key", " ".join(findings))

    def test_a_provider_that_is_switched_off(self):
        declared = overlay("UserConfig", models=[{"path": "spec.server.config.models[0]", "id": "a", "provider": "vllm"}])
        found = " ".join(check(BASE if SERVER.since(0, 2, 13) else BASE.replace(":+vllm", "+vllm"), declared).findings())
        self.assertIn("the provider vllm is switched off: nothing sets the variable VLLM_URL", found)

    def test_a_variable_in_lower_case(self):
        declared = overlay(providers=providers({**VLLM, "config": {"base_url": "http://v/v1", "api_token": "${env.lower}"}}))
        self.assertIn("the server does not replace this variable", " ".join(check("", declared).findings()))

    def test_values_of_secrets_are_not_said(self):
        environment = {**ENVIRONMENT, "LLSD_INFERENCE_VLLM_API_TOKEN": "no-number-but-a-secret"}
        declared = overlay(providers=providers({**VLLM, "config": {**VLLM["config"], "max_tokens": "${env.LLSD_INFERENCE_VLLM_API_TOKEN}"}}))
        report = check("", declared, environment).report
        self.assertEqual(report.result, "Invalid")
        self.assertNotIn("no-number-but-a-secret", report.text(SERVER))


class Image(unittest.TestCase):
    """The bundled configuration of the starter distribution, whose providers are not the user's business."""

    def test_its_own_configuration_has_no_findings(self):
        path = configure.image_base(SERVER, {"DISTRO_NAME": "starter"})
        text = configure.read_bounded(path)
        result = check(text, overlay("Image"), {}, path)
        self.assertEqual(result.findings(), [])
        self.assertEqual(result.text, text)

    def test_scenarios_on_top_of_it(self):
        path = configure.image_base(SERVER, {"DISTRO_NAME": "starter"})
        text = configure.read_bounded(path)
        for name, (base, declared) in SCENARIOS.items():
            if base or (name in REFUSED and not SERVER.since(*REFUSED[name])):
                continue
            with self.subTest(name):
                errors = [line for line in check(text, {**declared, "base": "Image"}, name=path).findings() if line.startswith("error")]
                self.assertEqual(errors, [])


class CommandLine(unittest.TestCase):
    def run_program(self, *words, environment=None):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, environment or ENVIRONMENT):
            declared = Path(folder, "overlay.json")
            declared.write_text(json.dumps(overlay("Image", providers=providers(VLLM))))
            output = io.StringIO()
            with contextlib.redirect_stdout(output), mock.patch.object(configure, "TERMINATION_LOG", folder + "/log"):
                code = configure.main([words[0], "--overlay", str(declared), *words[1:]])
            return code, json.loads(output.getvalue())

    def test_compile_and_check(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "config.yaml")
            code, report = self.run_program("compile", "--out", str(out), environment={**ENVIRONMENT, "DISTRO_NAME": "starter"})
            self.assertEqual((code, report["result"], report["server"]), (0, "Valid", SERVER.version))
            self.assertIn("http://vllm:8000/v1", out.read_text())
        code, report = self.run_program("check", environment={**ENVIRONMENT, "DISTRO_NAME": "starter"})
        self.assertEqual((code, report["package"]), (0, SERVER.package))

    def test_no_base(self):
        code, report = self.run_program("check")
        self.assertEqual((code, report["result"]), (2, "Invalid"))

    def test_the_release_is_that_of_the_package(self):
        name = "ogx" if SERVER.package == "ogx" else "llama_stack"
        self.assertEqual(importlib.metadata.version(name), SERVER.version)


if __name__ == "__main__":
    unittest.main()
