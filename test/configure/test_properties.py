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
"""Properties of merging and of writing, on documents that a generator with a fixed seed makes."""

import json
import random
import unittest

import yaml
from harness import SERVERS, Result, configure

ROUNDS = 300
WORDS = ["a", "b", "c", "url", "x-y", "number", "1", "yes", "é"]
SCALARS = [1, 0, -3, 1.5, True, False, "text", "", "yes", "1", "a: b", "# no comment", "${env.X:=a}", "two\nlines", "é", " x", "'", '"', "{", "- a"]


class Generator:
    """Documents and patches that agree on what is a mapping, as those of one schema do: a key decides.

    Patches remove single values. One that removes a mapping, and another that sets some of it, have no common patch.
    """

    def __init__(self, seed):
        self.random = random.Random(seed)

    def mapping(self, depth=3, patch=False):
        result = {}
        for key in self.random.sample(WORDS, self.random.randint(0 if patch else 1, 4)):
            result[key] = self.value(key, depth, patch)
        if depth > 1 and self.random.random() < 0.5:
            result["items"] = self.items(patch)
        return result

    def value(self, key, depth, patch):
        if key in ("a", "b", "é") and depth:
            return self.mapping(depth - 1, patch)
        if patch and self.random.random() < 0.2:
            return None
        if key == "c":
            return [self.random.choice(SCALARS) for _ in range(self.random.randint(0, 3))]
        return self.random.choice(SCALARS)

    def items(self, patch):
        names = self.random.sample(["one", "two", "three", "four"], self.random.randint(1, 3))
        return [{"provider_id": name, **self.mapping(1, patch)} for name in names]

    def text(self, value, indent=0):
        """A document as a person may write it: comments, blank lines, quotes, flow style here and there."""
        pad, lines = " " * indent, []
        for key, inner in value.items():
            if self.random.random() < 0.3:
                lines.append(f"{pad}# about {key}")
            if self.random.random() < 0.1:
                lines.append("")
            name = self.scalar(key)
            if isinstance(inner, dict) and inner and self.random.random() < 0.8:
                lines += [f"{pad}{name}:{self.comment()}", *self.text(inner, indent + 2)]
            elif isinstance(inner, list) and inner and self.random.random() < 0.8:
                lines += [f"{pad}{name}:{self.comment()}", *self.list(inner, indent + self.random.choice([0, 2]))]
            else:
                lines.append(f"{pad}{name}: {self.scalar(inner)}{self.comment()}")
        return lines

    def list(self, items, indent):
        lines = []
        for item in items:
            if isinstance(item, dict) and item:
                first, *rest = [line for line in self.text(item, indent + 2) if line]
                while first.lstrip().startswith("#"):
                    lines.append(first)
                    first, *rest = rest
                lines += [" " * indent + "- " + first.lstrip(), *rest]
            else:
                lines.append(" " * indent + f"- {self.scalar(item)}{self.comment()}")
        return lines

    def comment(self):
        return "  # said here" if self.random.random() < 0.2 else ""

    def scalar(self, value):
        if isinstance(value, (dict, list)):
            return json.dumps(value, ensure_ascii=False)
        style = '"' if isinstance(value, str) and "\n" in value else None
        return yaml.safe_dump(value, width=1000, allow_unicode=True, default_style=style).split("\n")[0]


class Merge(unittest.TestCase):
    def each(self):
        for seed in range(ROUNDS):
            generator = Generator(seed)
            yield generator, generator.mapping(), generator.mapping(patch=True), generator.mapping(patch=True)

    def test_is_idempotent(self):
        for _, base, patch, _ in self.each():
            once = configure.merge(base, patch)
            self.assertEqual(configure.merge(once, patch), once)

    def test_is_associative(self):
        for _, base, first, second in self.each():
            one_by_one = configure.merge(configure.merge(base, first), second)
            self.assertEqual(configure.merge(base, compose(first, second)), one_by_one)

    def test_keeps_what_the_patch_does_not_name(self):
        for _, base, patch, _ in self.each():
            merged = configure.merge(base, patch)
            for key in set(base) - set(patch):
                self.assertEqual(merged[key], base[key])
            self.assertEqual([key for key in merged if key in base], [key for key in base if key in merged])

    def test_changes_neither_base_nor_patch(self):
        for _, base, patch, _ in self.each():
            before = repr((base, patch))
            configure.merge(base, patch)
            self.assertEqual(repr((base, patch)), before)

    def test_an_empty_patch_changes_nothing(self):
        for _, base, _, _ in self.each():
            self.assertEqual(configure.merge(base, {}), base)

    def test_identities(self):
        for provider, name in {"vllm": "vllm", "${env.VLLM_URL:+vllm}": "vllm", "${env.ENABLE+vllm}": "vllm", "${env.X:=vllm}": "${env.X:=vllm}"}.items():
            self.assertEqual(configure.identity({"provider_id": provider}), ("provider_id", name))
        self.assertEqual(configure.identity({"provider_id": "p", "model_id": "m"}), ("model_id", "m"))
        self.assertIsNone(configure.identity("text"))


def compose(first, second):
    """One patch that does what two do, one after the other: it keeps the nulls."""
    if not isinstance(first, dict) or not isinstance(second, dict):
        return second
    result = dict(first)
    for key, value in second.items():
        if configure.is_id_list(value) and configure.is_id_list(result.get(key)):
            merged = list(result[key])
            for item in value:
                place = configure.find_item(merged, configure.identity(item))
                if place is None:
                    merged.append(item)
                else:
                    merged[place] = compose(merged[place], item)
            result[key] = merged
        else:
            result[key] = compose(result.get(key), value)
    return result


class Text(unittest.TestCase):
    def each(self):
        for seed in range(ROUNDS):
            generator = Generator(seed)
            text = "\n".join(["# First line.", *generator.text(generator.mapping())]) + generator.random.choice(["\n", "", "\n\n# Last line.\n"])
            yield generator, text, *configure.parse(text)

    def test_says_the_merged_data_and_is_rarely_written_anew(self):
        anew = 0
        for generator, text, node, data in self.each():
            wanted = configure.merge(data, generator.mapping(patch=True))
            report = configure.Report()
            result = configure.rewrite(text, node, data, wanted, report, "file")
            self.assertTrue(configure.equal_data(configure.parse(result)[1] or {}, wanted), text)
            anew += bool(report.findings)
        self.assertLessEqual(anew, ROUNDS // 50)

    def test_stays_byte_for_byte_without_a_change(self):
        for _, text, node, data in self.each():
            self.assertEqual(configure.rewrite(text, node, data, data, configure.Report(), "file"), text)

    def test_an_added_key_is_the_only_change(self):
        for _, text, node, data in self.each():
            result = configure.rewrite(text, node, data, {**data, "added": {"deep": [1]}}, configure.Report(), "file")
            self.assertEqual(result.replace("added:\n  deep:\n  - 1", "").split(), text.split())

    def test_a_changed_scalar_is_the_only_change(self):
        for _, text, node, data in self.each():
            key = next((key for key in data if isinstance(data[key], (str, int)) and not isinstance(data[key], bool)), None)
            if key is None:
                continue
            result = configure.rewrite(text, node, data, {**data, key: "changed"}, configure.Report(), "file")
            before, after = text.splitlines(), result.splitlines()
            self.assertEqual(len(before), len(after))
            self.assertEqual(sum(a != b for a, b in zip(before, after)), 1)

    def test_forms_that_are_unusual(self):
        for text in (
            "a: &x {b: 1}\nc: *x\n", "base: &b\n  k: 1\nd:\n  <<: *b\n  e: 2\n", "? a\n: 1\nb: 2\n", '{"a": 1, "b": [1, 2]}', "a: 1\na: 2\n",
            "a: |\n  text\n\n  more\n\nb: >-\n  folded\n", "a:\n- - 1\n  - 2\n- {x: 1}\n", "a: !!str 1\nb: 'it''s'\n", "a:\r\n  b: 1\r\nc: 2\r\n",
            "---\na: 1\n...\n", "a:\n    b:\n        c: 1\n", "a: [\n  1, # one\n  2,\n]\n", "a:\n", "a: # nothing\nb: 1\n", "# only a comment\n", "",
            "a: &list\n- 1\nb: *list\n", "a:\n  - provider_id: x\n    k: 1\n  # between\n  - provider_id: y\n", "\ufeffa: 1\n",
        ):  # fmt: skip
            node, data = configure.parse(text)
            for patch in ({"a": None}, {"a": {"n": 1}}, {"new": {"k": ["v"]}}, {"a": [{"provider_id": "x", "k": None, "l": 1}]}, {"b": "x\ny"}, {"c": {"b": 5}}, {"d": {"k": 3}}):
                wanted = configure.merge(data, patch)
                result = configure.rewrite(text, node, data, wanted, configure.Report(), "file")
                self.assertTrue(configure.equal_data(configure.parse(result)[1] or {}, wanted), (text, patch, result))

    def test_random_bytes_end_in_a_result_or_an_error(self):
        for seed in range(ROUNDS):
            generator = Generator(seed)
            text = list("\n".join(generator.text(generator.mapping())))
            for _ in range(5):
                text.insert(generator.random.randrange(len(text) + 1), generator.random.choice("{}[]:-&*!|>'\"#%@`,? \t\n\0é"))
            report = configure.Report()
            try:
                Result("".join(text), {"version": 1, "base": "UserConfig", "patch": {"a": {"k": 1}}}, SERVERS[-1])
            except configure.Invalid:
                pass
            self.assertLessEqual(len(report.findings), 1)


class Limits(unittest.TestCase):
    def refused(self, text, message):
        with self.assertRaisesRegex(ValueError, message):
            configure.parse(text)

    def test_aliases_that_stand_for_billions_of_nodes(self):
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
        self.refused("\n".join(lines), "more than 100000 nodes")

    def test_aliases_to_themselves(self):
        self.refused("a: &a [*a]", "refers to what it is part of")

    def test_depth(self):
        self.refused("[" * 100000, "nested")
        self.refused("a: " + "[" * 70 + "]" * 70, "nested more than 64 deep")
        configure.parse("a: " + "[" * 50 + "]" * 50)

    def test_what_is_no_document_of_keys(self):
        for text in ("- a\n", "text", "a: b: c", "a: 1\n---\nb: 2\n", "!!python/object:os.system {}", "\0"):
            with self.assertRaises(configure.Invalid):
                Result(text, {"version": 1, "base": "UserConfig"}, SERVERS[-1])


class Reports(unittest.TestCase):
    def test_errors_come_first_and_the_rest_is_counted(self):
        report = configure.Report()
        for i in range(100):
            report.warn(f"path[{i}]", "é" * 200)
        report.error("last", "an error\nof two\x07 lines")
        text = report.text(SERVERS[-1])
        self.assertLessEqual(len(text.encode()), 4096)
        document = configure.json.loads(text)
        self.assertEqual(document["findings"][0], {"severity": "error", "path": "last", "message": "an error of two  lines"})
        self.assertEqual(document["omitted"] + len(document["findings"]), 101)
        self.assertEqual(document["result"], "Invalid")

    def test_results(self):
        report = configure.Report()
        self.assertEqual(report.result, "Valid")
        report.warn("a", "b")
        report.warn("a", "b")
        self.assertEqual((report.result, len(report.findings)), ("ValidWithWarnings", 1))


if __name__ == "__main__":
    unittest.main()
