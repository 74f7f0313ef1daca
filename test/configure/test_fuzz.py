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
"""The whole program on random bases and overlays, with fixed seeds: a failure names its seed."""

import copy
import random
import unittest

from harness import SERVERS, Result, configure
from scenarios import BASE, ENVIRONMENT, SCENARIOS, models, overlay, providers
from test_properties import Generator

ROUNDS = 30
MISTAKES = 250
WRONG = [None, "text", 1, True, [], {}, [1], ["a"], [None], {"a": 1}, [[]], [{}], {"provider_id": None}, [{"provider_id": ["x"]}]]

# What servers before 0.3 read, and later ones as well.
OLD_BASE = """\
version: '2'
image_name: old
apis: [agents, inference]
metadata_store: {type: sqlite, db_path: /a}
inference_store: {type: sqlite, db_path: /b}
models: [{model_id: a, provider_id: vllm}]
providers:
  agents: [{provider_id: a, provider_type: "inline::meta-reference", config: {persistence_store: {type: sqlite}}}]
  inference: [{provider_id: vllm, provider_type: "remote::vllm", config: {url: "http://v"}}]
registered_resources: {models: [{model_id: a}], vector_stores: []}
server: {port: 1, auth: {provider_config: {type: custom}, config: {a: b}}}
"""


class Case:
    """A base as a person may write it, and what two edits declare: each with a provider of its own."""

    def __init__(self, seed):
        generator = self.generator = Generator(seed)
        self.own = {f"x-{key}": generator.mapping() for key in generator.random.sample(["one", "two", "three"], 2)}
        self.sections = ["\n".join(generator.text({key: value})) for key, value in self.own.items()]
        entries = [self.entry(name) for name in ("first", "second", "third")]
        parts = [*self.sections, *("\n".join(generator.text({key: value})) for key, value in {
            "version": "2", "image_name": "base", "distro_name": "base", "apis": ["inference"], "providers": {"inference": entries},
            "server": {"port": 8321, "own": generator.mapping()}, "registered_resources": {"models": [{"model_id": "m", "provider_id": "first"}]},
        }.items())]  # fmt: skip
        generator.random.shuffle(parts)
        self.text = "\n".join(["# First line.", *parts, ""])
        self.first = providers(self.declared(["first", "new"]))
        self.second = providers(self.declared(["second", "newer"]))

    def entry(self, name):
        return {"provider_id": name, "provider_type": "remote::vllm", "config": self.generator.mapping()}

    def declared(self, names):
        return {"api": "inference", "id": self.generator.random.choice(names), "type": "remote::vllm", "config": self.generator.mapping()}


def compiled(text, server, **parts):
    return Result(text, overlay("UserConfig", **parts), server, ENVIRONMENT)


class Whole(unittest.TestCase):
    def each(self):
        for seed in range(ROUNDS):
            server = SERVERS[seed % len(SERVERS)]
            with self.subTest(seed=seed, server=str(server)):
                yield Case(seed), server

    def test_is_idempotent(self):
        for case, server in self.each():
            parts = {"providers": case.first + case.second, "models": models({"id": "m", "provider": "second"}), "patch": {"server": {"own": None}}}
            once = compiled(case.text, server, **parts)
            self.assertEqual(compiled(once.text, server, **parts).text, once.text)

    def test_is_associative(self):
        for case, server in self.each():
            together = compiled(case.text, server, providers=case.first + case.second)
            one_by_one = compiled(compiled(case.text, server, providers=case.first).text, server, providers=case.second)
            self.assertEqual(one_by_one.document, together.document)

    def test_keeps_what_is_not_declared_byte_for_byte(self):
        for case, server in self.each():
            result = compiled(case.text, server, providers=case.first, patch={"added": {"a": 1}})
            self.assertEqual(result.findings(), [])
            for section in case.sections:
                self.assertIn(section, result.text)
            before = configure.parse(case.text)[1]
            self.assertEqual([key for key in configure.parse(result.text)[1] if key in before], list(before))

    def test_keeps_the_other_providers_and_their_order(self):
        for case, server in self.each():
            before = configure.parse(case.text)[1]["providers"]["inference"]
            after = compiled(case.text, server, providers=case.first).document["providers"]["inference"]
            self.assertEqual([entry["provider_id"] for entry in after][: len(before)], ["first", "second", "third"])
            for old, new in zip(before, after):
                if old["provider_id"] != case.first[0]["id"]:
                    self.assertEqual(new, old)


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def put(value, path, wrong):
    if not path:
        return wrong
    value = copy.copy(value)
    value[path[0]] = put(value[path[0]], path[1:], wrong)
    return value


class Shapes(unittest.TestCase):
    def test_a_base_of_any_shape_ends_in_a_result_or_an_error(self):
        bases = [configure.parse(text)[1] for text in (BASE, OLD_BASE)]
        for seed in range(MISTAKES):
            rnd = random.Random(seed)
            base, name, server = rnd.choice(bases), rnd.choice(sorted(SCENARIOS)), rnd.choice(SERVERS)
            place, wrong = rnd.choice(list(places(base))), rnd.choice(WRONG)
            with self.subTest(seed=seed, place=place, wrong=wrong, scenario=name, server=str(server)):
                try:
                    Result(configure.dump(put(base, place, wrong)), {**SCENARIOS[name][1], "base": "UserConfig"}, server, ENVIRONMENT)
                except configure.Invalid:
                    pass

    def test_the_error_says_where_and_what(self):
        new, old = SERVERS[-1], SERVERS[0]
        for text, server, place, kind in (
            ("providers: []", new, "providers", "a mapping"),
            ("providers: {inference: {a: 1}}", new, "providers.inference", "a list"),
            ("providers: {inference: [{provider_id: a, config: x}]}", new, "providers.inference[0].config", "a mapping"),
            ("providers: {inference: [{provider_id: a, provider_type: [x]}]}", new, "providers.inference[0].provider_type", "a text"),
            ("storage: {backends: x}", new, "storage.backends", "a mapping"),
            ("registered_resources: {models: x}", new, "registered_resources.models", "a list"),
            ("models: x", old, "models", "a list"),
            ("server: x", old, "server", "a mapping"),
        ):
            with self.subTest(text):
                report = configure.Report()
                with self.assertRaises(configure.Invalid):
                    configure.compile_text(text, "/etc/config.yaml", "UserConfig", overlay("UserConfig", patch={"a": 1}), server, {}, report)
                self.assertEqual(
                    report.findings,
                    [{"severity": "error", "path": f"config.yaml: {place}", "message": f"it has to be {kind}: nothing can be merged into it"}],
                )

    def test_what_another_release_reads_may_have_any_shape(self):
        for text, server in (("models: x\n", SERVERS[-1]), ("storage: x\nregistered_resources: x\n", SERVERS[0])):
            self.assertEqual(compiled(text, server, patch={"a": 1}).findings(), [])

    def test_a_base_without_an_overlay_is_not_looked_at(self):
        report = configure.Report()
        configure.compile_text("providers: []\n", "config.yaml", "UserConfig", {}, SERVERS[-1], {}, report)
        self.assertEqual(report.findings, [])

    def test_null_is_an_empty_base(self):
        for text in ("null\n", "~\n", "---\n", "# nothing\n"):
            result = compiled(text, SERVERS[-1], patch={"a": 1})
            self.assertEqual(configure.parse(result.text)[1], {"a": 1}, text)


if __name__ == "__main__":
    unittest.main()
