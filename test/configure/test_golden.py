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
"""The compiled configurations of every scenario and release, as golden files. UPDATE=true writes them."""

import os
import unittest

from harness import FOLDER, SERVERS, Result, configure
from scenarios import ENVIRONMENT, SCENARIOS

GOLDEN = FOLDER / "testdata" / "golden"


def render(name):
    """What all releases make of a scenario, one document each; those that are the same are written once."""
    base, overlay = SCENARIOS[name]
    groups = []
    for server in SERVERS:
        result = Result(base, overlay, server, ENVIRONMENT)
        found = "".join(f"# {line}\n" for line in result.findings()).replace(str(server), "the server")
        if groups and groups[-1][1:] == (found, result.text):
            groups[-1] = (groups[-1][0] + [server], found, result.text)
        else:
            groups.append(([server], found, result.text))
    return "".join(f"--- # {', '.join(map(str, servers))}\n{found}{text}" for servers, found, text in groups)


class Golden(unittest.TestCase):
    maxDiff = None

    def test_every_scenario(self):
        for name in SCENARIOS:
            with self.subTest(name):
                file, text = GOLDEN / f"{name}.yaml", render(name)
                if os.environ.get("UPDATE") == "true":
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text)
                self.assertEqual(text, file.read_text())

    def test_no_file_without_a_scenario(self):
        self.assertEqual({file.stem for file in GOLDEN.iterdir()}, set(SCENARIOS))

    def test_compiling_again_changes_nothing(self):
        for name, (base, overlay) in SCENARIOS.items():
            for server in SERVERS:
                with self.subTest(f"{name}, {server}"):
                    once = Result(base, overlay, server, ENVIRONMENT)
                    twice = Result(once.text, {**overlay, "base": "UserConfig"}, server, ENVIRONMENT)
                    if any(provider.get("disabled") for provider in overlay.get("providers", [])):
                        twice.report.findings.clear()
                    self.assertEqual(twice.text, once.text)

    def test_no_value_of_the_environment_but_the_uri_taken_apart(self):
        for name, (base, overlay) in SCENARIOS.items():
            for server in SERVERS:
                with self.subTest(f"{name}, {server}"):
                    result = Result(base, overlay, server, ENVIRONMENT)
                    shown = " ".join(result.findings()) + (result.text if name != "storage-uri" else "")
                    for value in ENVIRONMENT.values():
                        self.assertNotIn(value, shown)

    def test_a_base_without_an_overlay_stays_byte_for_byte(self):
        for base, _ in SCENARIOS.values():
            for server in SERVERS:
                self.assertEqual(Result(base, {"version": 1, "base": "UserConfig"}, server).text, base)

    def test_comments_and_unknown_keys_of_the_base_stay(self):
        for name, (base, overlay) in SCENARIOS.items():
            for server in SERVERS:
                if not base or name == "inference-replaced":
                    continue
                with self.subTest(f"{name}, {server}"):
                    text = Result(base, overlay, server, ENVIRONMENT).text
                    for comment in ("# The platform team's base.", "# before 0.5", "# The local one.", "# enough"):
                        self.assertIn(comment, text)
                    if name != "patch":
                        self.assertIn('x-owner: "platform"  # kept, whatever it is', text)


class Base(unittest.TestCase):
    def test_the_image_has_none(self):
        with self.assertRaisesRegex(configure.Failure, "set base: Empty, or userConfig"):
            configure.image_base(configure.Server("no_such_package", "1.5.0"), {"DISTRO_NAME": "../../etc", "RUN_CONFIG_PATH": "/no/such"})

    def test_names_of_distributions_stay_in_their_folder(self):
        server = configure.Server("no_such_package", "1.5.0")
        for name in ("", "..", ".", "../x", "a/b", "x::../../y", "x::y/z"):
            self.assertEqual(configure.distribution_files(server, name), [], name)
        self.assertEqual([file.name for file in configure.distribution_files(server, "starter::run-with-postgres-store.yaml")], ["run-with-postgres-store.yaml"])

    def test_releases_are_read_leniently(self):
        for version, release in {
            "0.7.1+rhaiv.1": (0, 7, 1), "0.3.0rc3+rhai0": (0, 3, 0), "0.4.2.1+rhai0": (0, 4, 2), "0.2.24.dev20251021": (0, 2, 24),
            "1.5": (1, 5, 0), "v1.4.1": (1, 4, 1), "main": (0, 0, 0),
        }.items():  # fmt: skip
            self.assertEqual(configure.Server("ogx", version).release, release)


if __name__ == "__main__":
    unittest.main()
