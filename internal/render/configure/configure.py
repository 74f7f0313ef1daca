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
"""Makes and checks the configuration of a server, inside of the server's own image.

    python3 configure.py compile --overlay overlay.json --out FILE [--user-config FILE] [--report FILE]
    python3 configure.py check [--overlay overlay.json] [--user-config FILE] [--report FILE]

The overlay is what a LlamaStackDistribution declares, as the operator renders it. The base is the user's own file, the
image's, or nothing. "compile" writes base and overlay as one file in the schema of the server that is installed;
"check" compiles too, and validates the result with the server's own classes.

Exit codes: 0 valid, perhaps with warnings; 1 invalid; 2 anything else, such as a file that cannot be written. The
report is JSON; its findings never contain the value of an environment variable.
"""

import argparse
import asyncio
import dataclasses
import difflib
import functools
import http.client
import importlib
import importlib.metadata
import importlib.util
import json
import logging
import os
import re
import socket
import ssl
import sys
import threading
import time
import typing
import urllib.error
import urllib.parse
import urllib.request
import warnings
from pathlib import Path

import yaml

MAX_INPUT = 1 << 20
MAX_NODES = 100_000
MAX_DEPTH = 64
MAX_REPORT = 4096
MAX_MESSAGE = 300
TERMINATION_LOG = "/dev/termination-log"

ERROR, WARNING = "error", "warning"


class Failure(Exception):
    """What keeps this program from working at all: no server, no file. The exit code is 2."""


class Invalid(Exception):
    """A configuration that cannot be compiled. The findings say why. The exit code is 1."""


class Report:
    """The findings, in the order they were found; the same one is kept once."""

    def __init__(self):
        self.findings = []

    def add(self, severity, path, message):
        finding = {"severity": severity, "path": path, "message": shorten(message)}
        if finding not in self.findings:
            self.findings.append(finding)

    def error(self, path, message):
        self.add(ERROR, path, message)

    def warn(self, path, message):
        self.add(WARNING, path, message)

    @property
    def result(self):
        if any(finding["severity"] == ERROR for finding in self.findings):
            return "Invalid"
        return "ValidWithWarnings" if self.findings else "Valid"

    def text(self, server):
        """The report as JSON of at most MAX_REPORT bytes: the kubelet keeps no more of a termination message."""
        findings = sorted(self.findings, key=lambda finding: finding["severity"])  # errors come first
        document = {"result": self.result, "server": "", "package": "", "findings": findings, "omitted": 0}
        if server:
            document.update(server=server.version, package=server.package)
        while True:
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            if len(text.encode()) <= MAX_REPORT or not findings:
                return text
            findings.pop()
            document["omitted"] += 1


def shorten(message):
    """Printable, on one line, and bounded: what others wrote is part of messages."""
    message = "".join(c if c.isprintable() else " " for c in " ".join(str(message).split()))
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


# --- The server that is installed ---


@dataclasses.dataclass(frozen=True)
class Server:
    """The installed server. Its release decides the schema of the configuration."""

    package: str
    version: str
    apis: frozenset = None  # those with providers, where that is known

    def __str__(self):
        return f"{self.package} {self.version}"

    @property
    def release(self):
        """Major, minor and patch, leniently: 0.7.1+rhaiv.1 is (0, 7, 1), and 0.3.0rc2 is (0, 3, 0)."""
        numbers = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", self.version)
        parts = [int(part) for part in numbers.group(1).split(".")] if numbers else []
        return tuple((parts + [0, 0, 0])[:3])

    def since(self, *release):
        return self.release >= release

    @property
    def core(self):
        """The package with the server's own schema."""
        if self.package == "llama_stack" and not self.since(0, 2, 17):
            return "llama_stack.distribution"
        return self.package + ".core"

    @property
    def distributions(self):
        """The folder of the bundled configurations, one folder for each distribution."""
        old = self.package == "llama_stack" and not self.since(0, 2, 17)
        return package_folder(self.package) / ("templates" if old else "distributions")


def package_folder(package):
    """Where a package is, without loading it: loading a server takes seconds."""
    spec = importlib.util.find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else Path("/nonexistent")


def find_server():
    """The name ogx comes first: it is the later one, and may bring the older one along."""
    for package in ("ogx", "llama_stack"):
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        files = (package_folder(package) / "providers" / "registry").glob("[a-z]*.py")
        return Server(package, version, frozenset(file.stem for file in files) or None)
    raise Failure("neither ogx nor llama_stack is installed for the Python of this image")


# --- The base ---


def read_bounded(path):
    """The text of a file. What is larger than a ConfigMap can be is not read."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_INPUT + 1)
    except OSError as error:
        raise Failure(f"failed to read {path}: {error.strerror}") from None
    if len(content) > MAX_INPUT:
        raise Failure(f"{path} is larger than {MAX_INPUT} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Failure(f"{path} is not UTF-8") from None


def image_base(server, environment):
    """The file that the image's own entrypoint starts with."""
    candidates = [environment.get("RUN_CONFIG_PATH", "")]
    candidates += distribution_files(server, environment.get("DISTRO_NAME", ""))
    candidates += [f"{folder}/{name}.yaml" for folder in ("/opt/app-root", "/app") for name in ("config", "run")]
    for candidate in candidates:
        if candidate and os.path.isfile(candidate):
            return str(candidate)
    raise Failure(
        "the image has no configuration of its own that this program knows; set base: Empty, or userConfig, in the spec"
    )


def distribution_files(server, name):
    """The files of a distribution of the package; name::variant.yaml is one of its variants."""
    name, _, variant = name.partition("::")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name) or "/" in variant or name.startswith("."):
        return []
    folder = server.distributions / name
    return [folder / variant] if variant else [folder / "config.yaml", folder / "run.yaml"]


def find_base(overlay, user_config, server, environment):
    """Where the base comes from, for messages, and its text."""
    kind = overlay.get("base") or ("UserConfig" if user_config else "Image")
    if kind == "Empty":
        return "", ""
    if kind == "UserConfig":
        if not user_config:
            raise Failure("the base is the user's configuration, and there is none")
        return os.path.basename(user_config), read_bounded(user_config)
    path = image_base(server, environment)
    return path, read_bounded(path)


# --- Documents: reading YAML, and changing as few bytes of it as possible ---


class Loader(yaml.SafeLoader):
    """Reads YAML as the server does, up to a depth: deeper documents would end the parser."""

    depth = 0

    def compose_node(self, parent, index):
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.YAMLError(f"it is nested more than {MAX_DEPTH} deep")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class Dumper(yaml.SafeDumper):
    """Writes what Loader reads, without aliases, and each string on one line."""

    def ignore_aliases(self, data):
        return True


def represent_text(dumper, text):
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\n" in text else None)


Dumper.add_representer(str, represent_text)


def dump(value, flow=False):
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=flow, width=1 << 20)


def parse(text):
    """The node and the data of a document."""
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        limit_nodes(node)
        return node, loader.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"it is no YAML: {error.problem or error.context}{place}") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise ValueError(f"it cannot be read: {str(error).splitlines()[0] if str(error) else 'nested too deep'}") from None


def limit_nodes(root):
    """Counts nodes with each alias written out: a few lines of aliases can stand for billions."""
    sizes, open_nodes = {}, set()

    def size(node):
        if id(node) in open_nodes:
            raise ValueError("an alias refers to what it is part of")
        if id(node) not in sizes:
            open_nodes.add(id(node))
            sizes[id(node)] = 1 + sum(size(child) for child in children(node))
            open_nodes.discard(id(node))
            if sizes[id(node)] > MAX_NODES:
                raise ValueError(f"it has more than {MAX_NODES} nodes")
        return sizes[id(node)]

    if root:
        size(root)


def children(node):
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def same(a, b):
    """Equality as YAML has it: 1, 1.0 and true differ, and .nan is .nan."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


class Unsupported(Exception):
    """A change that cannot be made in place, such as one below an alias."""


class Editor:
    """Collects the smallest changes that turn the text of one document into that of another.

    Text outside of a change stays as it is: comments, order, quotes, spaces. Marks of PyYAML say where a node is. The
    caller parses the result and compares: what cannot be changed in place shows there, or raises Unsupported.
    """

    def __init__(self, text):
        self.text = text
        self.edits = []

    def result(self):
        pieces, position = [], 0
        for start, end, text in sorted(self.edits, key=lambda edit: edit[:2]):
            if start < position:
                raise Unsupported("changes overlap")
            pieces += [self.text[position:start], text]
            position = end
        return "".join(pieces) + self.text[position:]

    def change(self, node, old, new, span, indent):
        """Changes the node in place if both values are collections of a kind, and replaces span otherwise."""
        if same(old, new):
            return
        if node.value and not isinstance(node, yaml.ScalarNode) and not node.flow_style and new and type(old) is type(new):
            if isinstance(new, dict) and set(old) & set(new):
                return self.mapping(node, old, new)
            if isinstance(new, list) and any(kept is not None for kept in align(old, new)):
                return self.sequence(node, old, new)
        flow = getattr(node, "flow_style", False) and bool(node.value)
        text = self.block(new, indent, flow, after_key=True)
        self.edits.append((*span, text if text.startswith("\n") else " " + text))

    def block(self, value, indent, flow=False, after_key=False):
        """A value as text, whose lines after the first are indented. A collection after a key begins on a line of its own."""
        if flow or not isinstance(value, (dict, list)) or not value:
            text = dump(value, flow=True).removesuffix("\n...\n").rstrip("\n")
            return text.replace("\n", "\n" + " " * indent)
        text = dump(value).rstrip("\n").replace("\n", "\n" + " " * indent)
        return ("\n" + " " * indent if after_key else "") + text

    def mapping(self, node, old, new):
        if len(old) != len(node.value):
            raise Unsupported("a key is there twice, or comes from an alias")
        entries = dict(zip(old, node.value))
        column = node.value[0][0].start_mark.column
        kept = [key for key in old if key in new]
        self.remove_entries(node, old, new)
        for key in kept:
            key_node, value_node = entries[key]
            colon = self.text.index(":", key_node.end_mark.index) + 1
            span = (colon, max(colon, true_end(value_node)))
            self.change(value_node, old[key], new[key], span, column + 2)
        added = {key: value for key, value in new.items() if key not in old}
        if added:
            self.insert(self.line_end(true_end(node)), " " * column + self.block(added, column))

    def remove_entries(self, node, old, new):
        gone = [key not in new for key in old]
        starts = [pair[0].start_mark.index for pair in node.value]
        first_kept = gone.index(False)
        if first_kept and not self.starts_line(starts[0]):  # The first key is on the line of a dash.
            self.edits.append((starts[0], starts[first_kept], ""))
            gone[:first_kept] = [False] * first_kept
        for i, (_, value_node) in enumerate(node.value):
            if gone[i]:
                end = max(true_end(value_node), node.value[i][0].end_mark.index)
                self.edits.append((self.line_start(starts[i]), self.line_end(end), ""))

    def sequence(self, node, old, new):
        column = node.start_mark.column
        dashes = [self.dash(item, column) for item in node.value]
        places = align(old, new)
        for i in sorted(set(range(len(old))) - set(places)):
            self.edits.append((dashes[i], self.line_end(true_end(node.value[i])), ""))
        position = dashes[0]
        for value, i in zip(new, places):
            if i is None:
                self.insert(position, " " * column + "- " + self.block(value, column + 2))
                continue
            item = node.value[i]
            start = dashes[i] + column + 1
            self.change(item, old[i], value, (start, max(start, true_end(item))), column + 2)
            position = self.line_end(true_end(item))

    def dash(self, item, column):
        """The start of the line with the item's dash."""
        head = self.text[: item.start_mark.index]
        start = head.rfind("\n" + " " * column + "-") + 1
        if start == 0 and not head.startswith(" " * column + "-"):
            raise Unsupported("the list is not one item below the other")
        return start

    def insert(self, position, text):
        if position and self.text[position - 1] != "\n":
            self.edits.append((position, position, "\n" + text))
        else:
            self.edits.append((position, position, text + "\n"))

    def line_start(self, position):
        return self.text.rfind("\n", 0, position) + 1

    def line_end(self, position):
        """The start of the next line: what follows on this one, such as a comment, belongs to what ends here."""
        if position and self.text[position - 1] == "\n":
            return position
        return self.text.find("\n", position) + 1 or len(self.text)

    def starts_line(self, position):
        return not self.text[self.line_start(position) : position].strip()


def true_end(node):
    """Where a node ends. The mark of a collection in block style is behind the comments that follow it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return node.end_mark.index
    return max(true_end(child) for child in children(node)[-2:])


def align(old, new):
    """For each item of new, the place of the item of old that it came from; the order stays."""
    keys = [item_key(item) for item in old]
    places, start = [], 0
    for item in new:
        try:
            place = keys.index(item_key(item), start)
            start = place + 1
        except ValueError:
            place = None
        places.append(place)
    return places


def item_key(item):
    return identity(item) or repr(item)


def rewrite(text, node, old, new, report, name):
    """The text of new, made from that of old by small changes, or written anew where that does not work."""
    if same(old or {}, new):
        return text
    if node is None:
        return text + ("" if not text or text.endswith("\n") else "\n") + dump(new)
    try:
        editor = Editor(text)
        if old is None:
            raise Unsupported("it is null")
        if node.flow_style:
            raise Unsupported("it is in flow style")
        editor.change(node, old, new, (node.start_mark.index, true_end(node)), 0)
        result = editor.result()
        if equal_data(parse(result)[1], new):
            return result
        reason = "its form is unusual"
    except (Unsupported, ValueError) as error:
        reason = str(error)
    report.warn(name, f"comments are lost: the file is written anew, because {reason}")
    return dump(new)


def equal_data(a, b):
    """Like same, for any order of keys: an added key comes last in the text."""
    if isinstance(a, dict) and isinstance(b, dict):
        return len(a) == len(b) and all(key in b and equal_data(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal_data, a, b))
    return same(a, b)


# --- Merging ---

# The first of these keys that an item of a list has is its identity: such lists merge item by item.
ID_KEYS = (
    "provider_id", "model_id", "vector_store_id", "vector_db_id", "shield_id", "toolgroup_id", "dataset_id",
    "scoring_fn_id", "benchmark_id", "connector_id",
)  # fmt: skip


def identity(item):
    """The key and the value that identify an item of a list. ${env.X:+vllm} is vllm: the image's own way to switch it on."""
    if not isinstance(item, dict):
        return None
    # A model names its provider, too: an own identity comes first.
    keys = [key for key in ID_KEYS[1:] if key in item] or [key for key in ID_KEYS[:1] if key in item]
    return (keys[0], plain_id(item[keys[0]])) if keys else None


def plain_id(text):
    match = re.fullmatch(r"\$\{env\.[A-Z0-9_]+:?\+([^}]*)\}", text) if isinstance(text, str) else None
    return match.group(1) if match else text


def merge(target, patch, by_id=True):
    """The JSON merge patch of RFC 7396, and lists whose items have an identity merge item by item.

    Applying a patch again changes nothing. It is associative as long as all agree on what is a mapping, and no patch
    removes a mapping that a later one sets parts of.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif by_id and is_id_list(value) and isinstance(result.get(key, []), list):
            result[key] = merge_list(result.get(key, []), value)
        else:
            result[key] = merge(result.get(key), value, by_id)
    return result


def is_id_list(value):
    return isinstance(value, list) and bool(value) and all(identity(item) for item in value)


def merge_list(target, items):
    result = list(target)
    for item in items:
        place = find_item(result, identity(item))
        if place is None:
            result.append(merge(None, item))
        else:
            result[place] = merge(result[place], item)
    return result


def find_item(items, wanted):
    return next((i for i, item in enumerate(items) if identity(item) == wanted), None)


# --- What a server of some release calls things ---

# APIs with providers, of any release: what one of them lacks is left out. Other names are taken to be mistyped.
PROVIDER_APIS = {
    "agents", "batches", "container_runtime", "datasetio", "eval", "file_processors", "files", "inference", "interactions",
    "messages", "post_training", "responses", "safety", "scoring", "skills", "telemetry", "tool_runtime", "vector_io",
}  # fmt: skip

# Resources of any release, with the releases that have them.
RESOURCES = {
    "models": ((0,), None), "vector_stores": ((0,), None), "shields": ((0,), (1,)), "tool_groups": ((0,), (0, 7)),
    "vector_dbs": ((0,), (0, 3)), "datasets": ((0,), (0, 8)), "scoring_fns": ((0,), (0, 8)), "benchmarks": ((0,), (0, 8)),
}  # fmt: skip

# New words for the same thing from 0.7 on.
RENAMED_TYPES = {"inline::meta-reference": "inline::builtin", "inline::rag-runtime": "inline::file-search"}

# The stores of the server itself: the releases that have them, and what each is called in its backend.
KV, SQL = "kv", "sql"
STORES = (
    ("metadata", KV, "registry", (0, 3), None),
    ("inference", SQL, "inference_store", (0, 3), None),
    ("conversations", SQL, "openai_conversations", (0, 3), None),
    ("prompts", KV, "prompts", (0, 4), (1,)),
    ("prompts", SQL, "prompts", (1,), None),
    ("connectors", KV, "connectors", (0, 5), (1,)),
    ("connectors", SQL, "connectors", (1,), None),
)

# Where providers of 0.2 have the stores of their own.
OLD_STORES = {"kvstore": KV, "persistence_store": KV, "responses_store": SQL, "metadata_store": SQL}


def between(server, since, until):
    return server.since(*since) and not (until and server.since(*until))


def api_name(server, api):
    """The name of an API, which was agents before 0.7 and is responses since."""
    old, new = "agents", "responses"
    return (new if server.since(0, 7) else old) if api in (old, new) else api


def type_name(server, name):
    if server.since(0, 7):
        return RENAMED_TYPES.get(name, name)
    return {new: old for old, new in RENAMED_TYPES.items()}.get(name, name)


def url_key(server, name):
    """Where an inference provider has the URL of its backend."""
    if server.since(0, 4):
        return "base_url"
    if name == "remote::azure":
        return "api_base"
    return "base_url" if name in ("remote::cerebras", "remote::openai") else "url"


# What a base has to have where something is merged into it; "*" is every key and every item. Before 0.3, and from 0.3 on.
SHAPES = (
    (dict, "server"), (dict, "server", "auth"), (dict, "server", "auth", "config"), (dict, "providers"), (list, "providers", "*"),
    (str, "providers", "*", "*", "provider_type"), (dict, "providers", "*", "*", "config"),
)  # fmt: skip
OLD_SHAPES = tuple((list, kind) for kind in RESOURCES)
NEW_SHAPES = (
    (dict, "storage"), (dict, "storage", "backends"), (dict, "storage", "stores"), (dict, "registered_resources"), (list, "registered_resources", "*"),
)  # fmt: skip
KINDS = {dict: "a mapping", list: "a list", str: "a text"}


def places(value, path, *done):
    """The places of a pattern that are there, with their values."""
    if not path:
        yield done, value
        return
    known = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
    for key in known if path[0] == "*" else [path[0]]:
        if key in known:
            yield from places(known[key], path[1:], *done, key)


def check_shape(base, name, server, report):
    """Refuses a base that nothing can be merged into, by the place in it."""
    refused = False
    for kind, *path in SHAPES + (NEW_SHAPES if server.since(0, 3) else OLD_SHAPES):
        for place, value in places(base, path):
            if value is not None and not isinstance(value, kind):
                report.error(f"{name}: {written(place)}", f"it has to be {KINDS[kind]}: nothing can be merged into it")
                refused = True
    if refused:
        raise Invalid


# --- Compiling ---


class Compiler:
    """Merges an overlay into the data of a base, for one server."""

    def __init__(self, base, overlay, server, environment, report):
        self.base = base
        self.overlay = overlay
        self.server = server
        self.environment = environment
        self.report = report
        self.document = base if isinstance(base, dict) else {}
        # Where things of the document come from: their place, the path in the CR, what is declared there, renamed keys.
        self.origins = []
        self.empty = overlay.get("base") == "Empty"

    def compile(self):
        if self.empty:
            self.document = self.new_document()
        self.add_storage()
        for declared in self.overlay.get("providers", []):
            self.add_provider(declared)
        self.add_apis()
        for declared in self.overlay.get("models", []):
            self.add_model(declared)
        self.add_resources()
        self.add_auth()
        self.add_server()
        self.document = merge(self.document, self.overlay.get("patch") or {})
        return self.document

    def new_document(self):
        server = self.server
        document = {"version": 2 if server.since(0, 2, 13) else "2"}
        document["distro_name" if server.since(0, 5) else "image_name"] = "declared"
        return {**document, "providers": {}}

    def get(self, *path):
        value = self.document
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def set(self, value, *path):
        """Sets a value, without changing what the base shares with the document."""

        def updated(target, keys):
            if not keys:
                return value
            target = dict(target) if isinstance(target, dict) else {}
            target[keys[0]] = updated(target.get(keys[0]), keys[1:])
            return target

        self.document = updated(self.document, path)

    # Providers

    def add_provider(self, declared):
        path, api = declared["path"], api_name(self.server, declared["api"])
        if self.left_out(api):
            self.report.warn(f"{path}.api", f"left out: {self.server} has no API {declared['api']}")
            return
        entries = self.get("providers", api) or []
        place = find_item(entries, ("provider_id", declared["id"]))
        if declared.get("disabled"):
            self.disable(entries, place, api, path)
            return
        name = declared.get("type") or (entries[place].get("provider_type") if place is not None else None)
        if not name:
            self.report.error(path, f"the base has no provider {declared['id']} of {api}: set its type")
            return
        entry = {"provider_id": declared["id"], "provider_type": type_name(self.server, name)}
        config, renamed = self.translate(api, entry["provider_type"], declared.get("config") or {}, path)
        entries, place = self.put(entries, place, entry, config)
        entries[place] = self.with_stores(api, entries[place])
        self.set(entries, "providers", api)
        self.origins.append((("providers", api, identity(entry)), path, {"config": config}, renamed))

    def left_out(self, api):
        return self.server.apis is not None and api in PROVIDER_APIS and api not in self.server.apis

    def disable(self, entries, place, api, path):
        if place is None:
            self.report.warn(path, "the base has no such provider: there is nothing to disable")
            return
        self.set(entries[:place] + entries[place + 1 :], "providers", api)

    @staticmethod
    def put(entries, place, entry, config):
        """The entries with one merged into its place, or appended."""
        if place is None:
            return entries + [{**entry, "config": merge(None, config, by_id=False)}], len(entries)
        merged = {**entries[place], **entry}
        if config:
            merged["config"] = merge(merged.get("config"), config, by_id=False)
        return entries[:place] + [merged] + entries[place + 1 :], place

    def translate(self, api, name, config, path):
        """What is declared, in the words of this server, and which of its words were others."""
        renamed = {}
        if api == "inference":
            wanted = url_key(self.server, name)
            for key in ("base_url", "url", "api_base"):
                if key in config and key != wanted and wanted not in config:
                    config = {wanted if k == key else k: value for k, value in config.items()}
                    renamed[wanted] = key
        return config, renamed

    def with_stores(self, api, entry):
        """Adds the stores that a provider keeps its state in, and its folders, where the config names none."""
        config = entry.get("config") or {}
        missing = {}
        for key, value in self.provider_defaults(api, entry["provider_type"], entry["provider_id"]).items():
            if key not in config:
                missing[key] = value
        return {**entry, "config": {**config, **missing}} if missing or "config" not in entry else entry

    def provider_defaults(self, api, name, provider):
        """By API and type. State belongs into the declared storage, and files below the folder of the server's data."""
        since, old = self.server.since, not self.server.since(0, 3)
        kv = functools.partial(self.reference, KV)
        sql = functools.partial(self.reference, SQL)
        folder = self.overlay.get("dataDir", "")
        defaults = {}
        if api == "vector_io":
            if not old:
                defaults["persistence"] = kv(f"vector_io::{provider}")
                if since(1) and name not in ("inline::chromadb", "remote::oci"):
                    # Without it each replica only knows the vector stores that were created there.
                    defaults["metadata_store"] = sql("vector_stores")
            elif name in ("inline::faiss", "inline::meta-reference"):
                defaults["kvstore"] = kv(f"vector_io_{provider}")
            if name in ("inline::sqlite-vec", "inline::sqlite_vec", "inline::chromadb", "inline::milvus"):
                defaults["db_path"] = f"{folder}/{provider}.db"
            if name == "inline::qdrant":
                defaults["path"] = f"{folder}/{provider}"
            if name == "remote::milvus" and since(0, 2, 14):
                defaults["token"] = None  # required, and may be null
        elif api == "files":
            defaults["metadata_store"] = sql("files_metadata")
            if name == "inline::localfs":
                defaults["storage_dir"] = f"{folder}/files"
        elif api == "batches":
            defaults = {"sqlstore": sql("batches")} if since(1) else {"kvstore": kv("batches")}
        elif api in ("agents", "responses"):
            defaults = self.agent_stores(kv, sql)
        elif api in ("eval", "datasetio") or (api == "messages" and since(1, 1)):
            defaults["kvstore"] = kv("message_batches" if api == "messages" else f"{api}_{provider}")
        elif api == "interactions" and since(1):
            defaults["store"] = sql("interactions")
        elif api == "skills":
            defaults["persistence"] = kv("skills")
        return defaults

    def agent_stores(self, kv, sql):
        if not self.server.since(0, 3):
            return {"persistence_store": kv("agents"), "responses_store": sql("responses")}
        state = {} if self.server.since(1) else {"agent_state": kv("agents")}
        return {"persistence": {**state, "responses": sql("responses")}}

    # Storage

    def reference(self, kind, name):
        """What a provider or the server has in its configuration for a store."""
        if not self.server.since(0, 3):
            return self.old_store(kind, name)
        return {"namespace" if kind == KV else "table_name": name, "backend": self.backend_name(kind)}

    def backend_name(self, kind):
        backends = self.get("storage", "backends") or {}
        names = [name for name, backend in backends.items() if backend_kind(backend) == kind]
        default = f"{kind}_default"
        return default if default in names or not names else names[0]

    def old_store(self, kind, name):
        """Before 0.3 each store is written where it is used: as declared, as the base's own, or a file."""
        store = self.backend(kind)
        if store is None:
            own = self.get("metadata_store" if kind == KV else "inference_store")
            local = not isinstance(own, dict) or own.get("type", "sqlite") == "sqlite"
            store = {"type": "sqlite", "db_path": f"{self.overlay.get('dataDir', '')}/{name}.db"} if local else own
        elif store["type"] == "sqlite":
            store = {**store, "db_path": f"{self.overlay.get('dataDir', '')}/{name}.db"}
        return {**store, "namespace": name} if kind == KV else store

    def backend(self, kind):
        """The backend that is declared for stores of a kind, or None."""
        storage = self.overlay.get("storage") or ({"type": "sqlite"} if self.empty else None)
        if kind == KV and self.overlay.get("keyValue"):
            return self.redis(self.overlay["keyValue"])
        if not storage:
            return None
        prefix = kind + "_" if self.server.since(0, 3) else ""
        if storage["type"] == "sqlite":
            file = "kvstore.db" if kind == KV else "sql_store.db"
            return {"type": prefix + "sqlite", "db_path": f"{self.overlay.get('dataDir', '')}/{file}"}
        settings = self.postgres(kind, storage)
        if kind == KV:
            settings["table_name"] = "llamastack_kvstore"  # The default changed with 0.8: an upgrade would lose sight of the data.
        return {"type": prefix + "postgres", **settings}

    def redis(self, declared):
        store_type = "kv_redis" if self.server.since(0, 3) else "redis"
        return {"type": store_type, "host": declared["host"], "port": declared.get("port", 6379)}

    def postgres(self, kind, storage):
        variable = storage.get("uriEnv")
        if variable and self.server.since(1, 4, 1):
            return {"connection_string": "${env.%s}" % variable}
        settings = self.taken_apart(variable, storage["path"]) if variable else {
            "host": storage.get("host", "localhost"), "port": storage.get("port", 5432), "db": storage.get("database"),
            "user": storage.get("user"), "password": storage.get("password"), "ssl_mode": storage.get("sslMode"),
        }  # fmt: skip
        if not self.server.since(0, 3):
            settings["port"] = str(settings["port"])
        if settings.get("ssl_mode") and not self.server.since(*((0, 3) if kind == KV else (1, 4))):
            message = f"left out for {kind} stores: {self.server} has no such setting for them"
            self.report.warn(f"{storage['path']}.{'uriSecretRef' if variable else 'sslMode'}", message)
            del settings["ssl_mode"]
        return {key: value for key, value in settings.items() if value is not None}

    def taken_apart(self, variable, path):
        """The parts of a URI that servers before 1.4.1 want one by one. They are written into the file, which only the Pod has."""
        try:
            uri = urllib.parse.urlsplit(self.environment.get(variable, ""))
            query = dict(urllib.parse.parse_qsl(uri.query))
            port = uri.port or 5432
        except ValueError:
            uri, query, port = urllib.parse.urlsplit(""), {}, 5432
        if uri.scheme not in ("postgres", "postgresql") or not uri.hostname or not uri.username:
            self.report.error(f"{path}.uriSecretRef", "the value is no URI such as postgresql://user:password@host:5432/database")
        unquote = urllib.parse.unquote
        return {
            "host": uri.hostname or "localhost", "port": port, "db": unquote(uri.path.lstrip("/")) or None,
            "user": unquote(uri.username or ""), "password": unquote(uri.password) if uri.password else None,
            "ssl_mode": query.get("sslmode"),
        }  # fmt: skip

    def add_storage(self):
        if not (self.overlay.get("storage") or self.overlay.get("keyValue") or self.empty):
            return
        if self.server.since(0, 3):
            self.add_backends()
            self.add_stores()
        else:
            self.replace_old_stores()
        declared = self.overlay.get("storage") or self.overlay.get("keyValue")
        if declared:
            places = [("storage", "backends"), ("storage", "stores")]
            for place in places if self.server.since(0, 3) else [("metadata_store",), ("inference_store",)]:
                self.origins.append((place, declared["path"], None, {}))

    def add_backends(self):
        backends = self.get("storage", "backends") or {}
        for kind in (KV, SQL):
            wanted = self.backend(kind)
            if wanted is None:
                continue
            names = [name for name, backend in backends.items() if backend_kind(backend) == kind] or [f"{kind}_default"]
            for name in names:
                backends = {**backends, name: replaced(backends.get(name), wanted)}
        self.set(backends, "storage", "backends")

    def add_stores(self):
        """Every store that the release has, so that no state stays on a local disk unseen."""
        stores = self.get("storage", "stores") or {}
        for name, kind, default, since, until in STORES:
            if not between(self.server, since, until):
                continue
            present = stores.get(name)
            if not isinstance(present, dict):
                stores = {**stores, name: self.reference(kind, default)}
            elif kind == SQL and "namespace" in present and "table_name" not in present:
                stores = {**stores, name: self.reference(SQL, present["namespace"])}  # a key-value store before 1.0
        self.set(stores, "storage", "stores")

    def replace_old_stores(self):
        """Before 0.3: the two stores of the server, and those in the providers of the base."""
        for key, kind, name in (("metadata_store", KV, "registry"), ("inference_store", SQL, "inference_store")):
            if self.backend(kind):
                self.set(replaced(self.get(key), self.old_store(kind, name)), key)
        for api, entries in (self.get("providers") or {}).items():
            if entries:
                self.set([self.with_replaced_stores(api, entry) for entry in entries], "providers", api)

    def with_replaced_stores(self, api, entry):
        config = entry.get("config") if isinstance(entry, dict) else None
        for key, kind in OLD_STORES.items():
            if isinstance(config, dict) and isinstance(config.get(key), dict) and self.backend(kind):
                store = self.old_store(kind, f"{api}_{plain_id(entry['provider_id'])}")
                config = {**config, key: replaced(config[key], store)}
        return {**entry, "config": config} if config else entry

    # APIs, models, resources

    def add_apis(self):
        """An explicit list decides what is served, from 1.5 on without exception: what is declared has to be on it."""
        declared = self.overlay.get("apis")
        apis = self.declared_apis(declared) if declared else self.get("apis")
        if not isinstance(apis, list) or not (apis or self.server.since(1, 5)):
            return
        needed = [
            (path[1], "it has a declared provider")
            for path, _, _, _ in self.origins
            if path[0] == "providers" and self.get("providers", path[1])
        ]
        if declared and self.overlay.get("storage") and self.server.since(1, 5) and "responses" not in apis:
            needed += [(api, "its store is declared") for api in ("conversations", "prompts")]
        for api, reason in needed:
            if api not in apis:
                apis = apis + [api]
                if declared:
                    self.report.warn("spec.server.config.apis", f"{api} is added: {reason}")
        self.set(apis, "apis")

    def declared_apis(self, declared):
        apis = []
        for i, api in enumerate(declared):
            name = api_name(self.server, api)
            if self.left_out(name):
                self.report.warn(f"spec.server.config.apis[{i}]", f"left out: {self.server} has no API {api}")
            elif name not in apis:
                apis.append(name)
                self.origins.append((("apis", len(apis) - 1), f"spec.server.config.apis[{i}]", None, {}))
        return apis

    def resource_path(self, kind):
        return ("registered_resources", kind) if self.server.since(0, 3) else (kind,)

    def add_model(self, declared):
        kind = declared.get("type", "llm")
        if kind == "rerank" and not self.server.since(0, 4):
            self.report.warn(declared["path"], f"left out: {self.server} has no models of type rerank")
            return
        model = {"model_id": declared["id"], "provider_id": declared["provider"], "model_type": kind}
        if "providerModelID" in declared:
            model["provider_model_id"] = declared["providerModelID"]
        metadata = dict(declared.get("metadata") or {})
        if "embeddingDimension" in declared:
            metadata["embedding_dimension"] = declared["embeddingDimension"]
        if metadata:
            model["metadata"] = metadata
        self.add_resource("models", model, declared["path"])

    def add_resource(self, kind, item, path):
        place = self.resource_path(kind)
        items = merge_list(self.get(*place) or [], [item])
        self.set(items, *place)
        self.origins.append(((*place, identity(item)), path, item, {}))

    def add_resources(self):
        for kind, items in (self.overlay.get("resources") or {}).items():
            path = f"spec.server.config.resources.{kind}"
            if kind == "vector_stores" and not self.server.since(0, 3):
                kind, items = "vector_dbs", [old_vector_store(item) for item in items]
            if not between(self.server, *RESOURCES.get(kind, ((0,), None))):
                self.report.warn(path, f"left out: {self.server} does not register {kind}")
                continue
            for i, item in enumerate(items):
                if identity(item):
                    self.add_resource(kind, item, f"{path}[{i}]")
                else:
                    self.report.error(f"{path}[{i}]", "it has no id, such as model_id or vector_store_id")

    # Authentication and the server itself

    def add_auth(self):
        auth = self.overlay.get("auth")
        if not auth:
            return
        wanted = self.auth_provider(auth)
        if wanted:
            self.set_auth(wanted)
        if auth.get("access") is not None:
            self.set(auth["access"], "server", "auth", "access_policy")
        self.origins.append((("server", "auth"), auth["path"], None, {}))

    def auth_provider(self, auth):
        """What authenticates. A server without it would serve everybody, so that it is never left out."""
        for key, since, build in (("apiKeys", (1, 4), api_keys), ("oauth2", (0,), oauth2), ("kubernetes", (0, 2, 24), kubernetes)):
            if key not in auth:
                continue
            if self.server.since(*since):
                return build(auth[key])
            release = ".".join(map(str, since))
            self.report.error(f"{auth['path']}.{key}", f"{self.server} cannot authenticate this way: it takes release {release}")
        return None

    def set_auth(self, wanted):
        present = self.get("server", "auth", "provider_config")
        if self.server.since(0, 2, 15):
            kept = present if isinstance(present, dict) and present.get("type") == wanted["type"] else {}
            self.set({**kept, **wanted}, "server", "auth", "provider_config")
            return
        settings = {key: value for key, value in wanted.items() if key != "type"}
        self.set(wanted["type"], "server", "auth", "provider_type")
        self.set({**(self.get("server", "auth", "config") or {}), **settings}, "server", "auth", "config")

    def add_server(self):
        """The port and the rest reach a server with the user's own file by its environment, and the file stays as it is."""
        overlay = self.overlay
        if overlay.get("base", "UserConfig") == "UserConfig":
            return
        if self.empty or (self.get("server", "port") or 8321) != overlay.get("port", 8321):
            self.set(overlay.get("port", 8321), "server", "port")
        if overlay.get("workers", 1) > 1 and self.server.since(0, 3, 1):
            self.set(overlay["workers"], "server", "workers")
        serving = overlay.get("serving")
        if serving:
            self.set(serving["certFile"], "server", "tls_certfile")
            self.set(serving["keyFile"], "server", "tls_keyfile")


def backend_kind(backend):
    name = backend.get("type") if isinstance(backend, dict) else None
    return name.partition("_")[0] if isinstance(name, str) else None


def replaced(present, wanted):
    """A store as it is wanted. What a store of the same kind says besides stays; a file stays where it is."""
    if not isinstance(present, dict):
        return wanted
    if present.get("type") == wanted["type"]:
        if "db_path" in present and "db_path" in wanted:
            return present
        kept = {key: value for key, value in present.items() if key not in POSTGRES_KEYS}
        return {**kept, **wanted} if "connection_string" in wanted else {**present, **wanted}
    kept = {"namespace": present["namespace"]} if present.get("namespace") else {}
    return {**wanted, **kept} if "db_path" not in wanted else wanted


POSTGRES_KEYS = ("host", "port", "db", "user", "password", "ssl_mode")


def old_vector_store(item):
    """A vector store as it was called before 0.3."""
    return {key.replace("vector_store_id", "vector_db_id"): value for key, value in item.items()}


def given(**settings):
    return {key: value for key, value in settings.items() if value is not None}


def api_keys(declared):
    return {"type": "local_api_key", "api_keys": ["${env.%s}" % name for name in declared["env"]]}


def oauth2(declared):
    jwks = {"uri": declared["jwksURI"]} if declared.get("jwksURI") else None
    settings = given(issuer=declared.get("issuer"), audience=declared.get("audience"), jwks=jwks)
    return {"type": "oauth2_token", **settings, **given(claims_mapping=declared.get("claimsMapping"))}


def kubernetes(declared):
    settings = given(api_server_url=declared.get("apiServerURL"), tls_cafile=declared.get("caFile"))
    return {"type": "kubernetes", **settings, **given(claims_mapping=declared.get("claimsMapping"))}


# --- Where things come from ---


def keyed(document, path):
    """A path with the identities of items in place of their numbers: these stay when items are added or removed."""
    result, value = [], document
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            value = None
        result.append(identity(value) or part if isinstance(part, int) else part)
    return tuple(result)


def written(path):
    """A path as people write it: providers.inference[0].config."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


class Sources:
    """Knows for each place of the compiled document where its author finds it."""

    def __init__(self, document, origins, overlay, base_name, base_kind):
        self.document = document
        self.origins = origins
        self.patch = overlay.get("patch") or {}
        self.base_name = os.path.basename(base_name)
        self.base_kind = base_kind

    def locate(self, path):
        """The path in the CR, or in the base, and whether somebody who uses the operator wrote it."""
        if self.in_patch(path):
            return "spec.server.config.patch." + written(path), True
        places = keyed(self.document, path)
        for place, declared_path, declared, renamed in reversed(self.origins):
            if places[: len(place)] != place:
                continue
            rest = list(path[len(place) :])
            if declared is None:
                return declared_path, True
            if reaches(declared, rest) or not self.base_kind or not reaches(self.document, path):
                rest = [renamed.get(part, part) if isinstance(part, str) else part for part in rest]
                return (declared_path + "." + written(rest)).rstrip("."), True
        if not self.base_kind:
            return "spec.server.config", True
        return f"{self.base_name}: {written(path)}", self.base_kind == "UserConfig"

    def in_patch(self, path):
        value, target = self.patch, self.document
        for part in path:
            if isinstance(part, int) and isinstance(value, list) and isinstance(target, list) and part < len(target):
                place = find_item(value, identity(target[part])) if identity(target[part]) else part
                part_of_patch = place
            else:
                part_of_patch = part
            try:
                value, target = value[part_of_patch], target[part]
            except (KeyError, IndexError, TypeError):
                return False
        return bool(path)


def reaches(value, path):
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


# --- Checking ---

UNSET = "llsd-variable-that-is-not-set"

# Keys that the server reads without having them in its schema, and where it has those of older releases.
READ_ANYWAY = {"logging_config", "routing_table"}
MOVED = {
    "metadata_store": "storage.stores.metadata", "inference_store": "storage.stores.inference",
    "conversations_store": "storage.stores.conversations", "models": "registered_resources.models",
    "shields": "registered_resources.shields", "vector_dbs": "registered_resources.vector_stores",
    "tool_groups": "registered_resources.tool_groups",
}  # fmt: skip


class Checker:
    """Validates a compiled document with the server's own classes."""

    def __init__(self, document, sources, server, environment, report):
        self.document = document
        self.sources = sources
        self.server = server
        self.environment = environment
        self.report = report
        self.missing = {}  # place: names of variables that nothing sets
        self.numbers = {}  # place of a list: the numbers that its items had before some were switched off
        self.off = {}  # place of a provider that is switched off: the variable
        self.registry = {}

    def check(self):
        """Returns the document as the server sees it, or None where it does not get that far."""
        core = importlib.import_module(self.server.core + ".stack")
        datatypes = importlib.import_module(self.server.core + ".datatypes")
        self.find_variables()
        resolved = self.resolve(core.replace_env_vars)
        model = getattr(datatypes, "StackConfig", None) or datatypes.StackRunConfig
        config = self.validate(model, (), resolved)
        self.unknown_keys(model, (), resolved)
        self.check_providers(resolved, config)
        self.check_models(resolved)
        if self.report.result != "Invalid" and config:
            self.check_dependencies(config)
        return resolved

    def fail(self, path, message):
        self.report.error(self.sources.locate(path)[0], self.scrub(message))

    # Variables

    @property
    def pattern(self):
        """How the configuration refers to a variable. Up to 0.2.12, a default is after a plain colon."""
        if self.server.since(0, 2, 13):
            return re.compile(r"\$\{env\.([A-Z0-9_]+)(?::([=+])([^}]*))?\}")
        return re.compile(r"\$\{env\.([A-Z0-9_]+)(?:([:+])([^}]*))?\}")

    def find_variables(self):
        for path, text in strings(self.document):
            if self.in_disabled_provider(path):
                continue
            for name, operator, _ in self.pattern.findall(text):
                if not operator and not self.environment.get(name):
                    self.missing.setdefault(path, []).append(name)
                    self.fail(path, f"nothing sets the variable {name}, and there is no default")
            if "${env." in self.pattern.sub("", text):
                where, own = self.sources.locate(path)
                if own:
                    form = "${env.NAME:=default}" if self.server.since(0, 2, 13) else "${env.NAME:default}"
                    self.report.warn(where, f"the server does not replace this variable: it reads ${{env.NAME}} and {form}, in capitals")

    def in_disabled_provider(self, path):
        if len(path) < 3 or path[0] != "providers":
            return False
        entry = self.document["providers"][path[1]][path[2]]
        return isinstance(entry, dict) and self.switched_off(entry.get("provider_id")) is not None

    def switched_off(self, provider):
        """The variable that would switch a provider on, where nothing sets it."""
        match = self.pattern.fullmatch(provider) if isinstance(provider, str) else None
        if match and match.group(2) == "+" and not self.environment.get(match.group(1)):
            return match.group(1)
        return None

    def resolve(self, replace):
        """The document with the values of variables, by the server's own function."""
        unset = {name: UNSET for names in self.missing.values() for name in names}
        os.environ.update(unset)
        try:
            result = {key: self.resolve_part(replace, value, (key,)) for key, value in self.document.items()}
        finally:
            for name in unset:
                del os.environ[name]
        for key in ("image_name", "distro_name"):
            if result.get(key) is not None:
                result[key] = str(result[key])
        if self.server.since(0, 2, 13):
            result["version"] = 2
        return result

    def resolve_part(self, replace, value, path):
        if isinstance(value, dict) and path[0] in ("providers", "registered_resources"):
            return {key: self.resolve_part(replace, inner, (*path, key)) for key, inner in value.items()}
        if not isinstance(value, list):
            return replace(value, written(path))
        kept = [(i, item) for i, entry in enumerate(value) for item in self.resolve_item(replace, entry, (*path, i))]
        self.numbers[path] = [i for i, _ in kept]
        return [item for _, item in kept]

    def resolve_item(self, replace, entry, path):
        if path[0] == "providers" and isinstance(entry, dict):
            variable = self.switched_off(entry.get("provider_id"))
            if variable:
                self.off[path] = variable
                return []
        items = replace([entry], written(path[:-1]))
        if path[0] == "providers":
            items = [item for item in items if not isinstance(item, dict) or item.get("provider_id") not in (None, "", "__disabled__")]
            if not items:
                self.off[path] = ""
        return items

    # The schema

    def validate(self, model, path, value):
        """An instance of a class of the server, or None after adding what keeps it from being one."""
        try:
            return model(**value)
        except pydantic.ValidationError as error:
            for found in error.errors(include_url=False, include_context=False, include_input=False):
                place = self.original(path + self.data_path(value, found["loc"]))
                if not self.is_missing(place):
                    self.fail(place, found["msg"].removeprefix("Value error, ") if found["type"] != "missing" else "it is required")
        except Exception as error:  # A class of the server's may raise anything.
            self.fail(path, f"{type(error).__name__}: {error}")
        return None

    def is_missing(self, place):
        """Whether a value is wrong only because its variable is not set, which has been said."""
        return any(place[: len(path)] == path or path[: len(place)] == place and len(place) > 2 for path in self.missing)

    @staticmethod
    def data_path(value, loc):
        """A place in the data: pydantic names alternatives of a union in between."""
        path = []
        for i, part in enumerate(loc):
            if isinstance(value, (dict, list)) and reaches(value, [part]):
                value = value[part]
                path.append(part)
            elif i == len(loc) - 1 and isinstance(value, dict) and isinstance(part, str) and "[" not in part:
                path.append(part)
        return tuple(path)

    def original(self, path):
        """A place in the document as it was before parts of it were switched off."""
        result = []
        for part in path:
            numbers = self.numbers.get(tuple(result))
            result.append(numbers[part] if numbers and isinstance(part, int) and part < len(numbers) else part)
        return tuple(result)

    def unknown_keys(self, model, path, value):
        """Keys that the server would ignore without a word, here and in the models of known keys."""
        models = [model] if isinstance(model, type) else list(model)
        if not isinstance(value, dict) or any(m.model_config.get("extra") == "allow" for m in models):
            return
        known = {}
        for one in models:
            for name, field in one.model_fields.items():
                for key in field_keys(name, field):
                    known.setdefault(key, []).extend(models_in(field.annotation))
        for key, inner in value.items():
            if key not in known:
                self.unknown_key((*path, key), known, value)
            elif known[key]:
                self.unknown_values(known[key], (*path, key), inner)

    def unknown_values(self, models, path, value):
        if isinstance(value, list):
            for i, item in enumerate(value):
                self.unknown_values(models, (*path, i), item)
        elif isinstance(value, dict):
            chosen = [model for model in models if fits(model, value)] or models
            keys = {key for model in chosen for name, field in model.model_fields.items() for key in field_keys(name, field)}
            if value and not keys & set(value) and all(isinstance(inner, (dict, list)) for inner in value.values()):
                for key, inner in value.items():  # a mapping from names to models
                    self.unknown_values(models, (*path, key), inner)
            else:
                self.unknown_keys(chosen, path, value)

    def own(self, path):
        return self.sources.locate(self.original(path))[1]

    def unknown_key(self, path, known, siblings):
        where, own = self.sources.locate(self.original(path))
        key = str(path[-1])
        if not own or key in READ_ANYWAY or not where:
            return
        names = {name for name in known if name not in siblings or not self.own((*path[:-1], name))}
        names |= {"base_url"} if "url" in names else set()  # what it is called in the CR, for servers before 0.4
        near = difflib.get_close_matches(key, sorted(names), 1, 0.6)
        if len(path) == 1 and key in MOVED:
            self.report.warn(where, f"{self.server} ignores this key; its place is {MOVED[key]}")
        elif near and difflib.SequenceMatcher(None, key, near[0]).ratio() >= 0.8:
            self.report.error(where, f"unknown key, did you mean {near[0]}?")
        else:
            hint = f"; the nearest that it knows is {near[0]}" if near else ""
            self.report.warn(where, f"unknown key: {self.server} ignores it{hint}")

    # Providers

    def check_providers(self, resolved, config):
        try:
            distribution = importlib.import_module(self.server.core + ".distribution")
            registry = distribution.get_provider_registry(config) if config else distribution.get_provider_registry()
        except Exception as error:
            self.fail(("providers",), f"the providers cannot be found: {type(error).__name__}: {error}")
            return
        self.registry = {api.value: specs for api, specs in registry.items()}
        for api, entries in (resolved.get("providers") or {}).items():
            for i, entry in enumerate(entries if isinstance(entries, list) else []):
                if isinstance(entry, dict):
                    self.check_provider(api, ("providers", api, i), entry)

    def check_provider(self, api, path, entry):
        name, place = entry.get("provider_type"), self.original(path)
        if api not in self.registry:
            self.fail((*place, "api") if self.sources.locate(place)[1] else place, f"{self.server} has no API {api}" + nearest(api, self.registry))
            return
        spec = self.registry[api].get(name)
        if spec is None:
            where = self.sources.locate(place)[0]
            where += ".type" if where.startswith("spec.server.config.providers") else ".provider_type"
            self.report.error(where, f"{self.server} has no provider of type {name}" + nearest(str(name), self.registry[api]))
            return
        module, _, class_name = spec.config_class.rpartition(".")
        try:
            model = getattr(importlib.import_module(module), class_name)
        except Exception as error:
            self.report.warn(self.sources.locate(place)[0], self.scrub(f"not checked, its class cannot be loaded: {error}"))
            return
        config = entry.get("config") or {}
        if isinstance(config, dict):
            self.validate(model, (*path, "config"), config)
            self.unknown_keys(model, (*path, "config"), config)

    def check_models(self, resolved):
        place = ("registered_resources", "models") if self.server.since(0, 3) else ("models",)
        models = resolved
        for key in place:
            models = models.get(key) if isinstance(models, dict) else None
        inference = (resolved.get("providers") or {}).get("inference") or []
        on = {entry.get("provider_id") for entry in inference if isinstance(entry, dict)}
        for i, model in enumerate(models if isinstance(models, list) else []):
            provider = model.get("provider_id") if isinstance(model, dict) else None
            path = self.original((*place, i))
            where, own = self.sources.locate(path)
            if own and provider and provider not in on and provider != "all":
                key = ".provider" if where.startswith("spec.server.config.models") else ".provider_id"
                self.report.error(where + key, self.absence(provider) + nearest(provider, on))
        self.say_what_is_off()

    def absence(self, provider):
        for path, variable in self.off.items():
            if plain_id(self.document["providers"][path[1]][path[2]]["provider_id"]) == provider and variable:
                return f"the provider {provider} is switched off: nothing sets the variable {variable}"
        return f"there is no provider {provider} of inference"

    def say_what_is_off(self):
        """Of the user's own file: an image has many providers that wait for their variable."""
        names = []
        for path, variable in self.off.items():
            if variable and self.sources.locate(path)[1]:
                names.append(f"{plain_id(self.document['providers'][path[1]][path[2]]['provider_id'])} ({variable})")
        if names:
            self.report.warn(f"{self.sources.base_name}: providers", "switched off, because nothing sets their variable: " + ", ".join(names))

    def check_dependencies(self, config):
        """What the server itself does before it starts: APIs that providers need, and APIs that do not exist."""
        distribution = importlib.import_module(self.server.core + ".distribution")
        resolver = importlib.import_module(self.server.core + ".resolver")
        routed = distribution.builtin_automatically_routed_apis()
        try:
            specs = resolver.validate_and_prepare_providers(
                config, distribution.get_provider_registry(config),
                {x.routing_table_api for x in routed}, {x.router_api for x in routed},
            )  # fmt: skip
            apis = config.apis if config.apis is not None else list(config.providers)
            resolver.sort_providers_by_deps(specs, config.model_copy(update={"apis": list(apis)}))
        except Exception as error:
            self.report.error(self.sources.locate(("providers",))[0], self.scrub(f"the server refuses it: {error}"))

    def scrub(self, text):
        """Without values of the environment: a class of the server's may quote what it refuses."""
        text = str(text)
        for name, value in sorted(self.environment.items(), key=lambda item: -len(item[1])):
            if len(value) >= (3 if name.startswith("LLSD_") else 6) and not os.path.exists(value):
                text = text.replace(value, f"${{env.{name}}}")
        return text


def strings(value, path=()):
    """Every string of a document with its place."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from strings(inner, (*path, key))


def field_keys(name, field):
    """What a field is called in a file."""
    keys = {field.alias or name}
    if field.validation_alias is not None:
        choices = getattr(field.validation_alias, "choices", [field.validation_alias])
        keys |= {choice for choice in choices if isinstance(choice, str)}
    return keys | {name}


def models_in(annotation):
    """The classes of the server's own in a type, such as those of a union or of a list."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in models_in(argument)]


def fits(model, value):
    """Whether the keys of one value, such as type, allow a model."""
    for name, field in model.model_fields.items():
        if typing.get_origin(field.annotation) is typing.Literal and name in value:
            if value[name] not in [getattr(choice, "value", choice) for choice in typing.get_args(field.annotation)]:
                return False
    return True


def nearest(name, known):
    found = difflib.get_close_matches(name, [k for k in known if isinstance(k, str)], 1, 0.6)
    return f"; did you mean {found[0]}?" if found else ""


# --- Tries: what can be seen from here without side effects. Each only warns, unless the answer was a clear no. ---

TRY_SECONDS = 5
ALL_SECONDS = 20
MAX_TRIES = 64
MAX_ANSWER = 4 << 20


class Tries:
    """Runs functions side by side, for a limited time. Those that do not end are left alone."""

    def __init__(self, report):
        self.report = report
        self.tasks = []

    def add(self, path, subject, function, *arguments):
        if len(self.tasks) < MAX_TRIES:
            self.tasks.append((path, subject, function, arguments))

    def run(self):
        started = time.monotonic()
        running = []
        for path, subject, function, arguments in self.tasks:
            outcome = []
            thread = threading.Thread(target=attempt, args=(function, arguments, outcome), daemon=True)
            thread.start()
            running.append((path, subject, thread, outcome))
        for path, subject, thread, outcome in running:
            thread.join(max(0.0, min(started + TRY_SECONDS + 1, started + ALL_SECONDS) - time.monotonic()))
            severity, message = outcome[0] if outcome else (WARNING, f"did not answer within {TRY_SECONDS} s")
            if message:
                self.report.add(severity, path, f"{subject} {message}")


def attempt(function, arguments, outcome):
    try:
        outcome.append(function(*arguments))
    except Exception as error:  # A try that goes wrong says nothing about the configuration.
        outcome.append((WARNING, f"was not tried: {type(error).__name__}"))


def resolve_host(host):
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        return WARNING, f"is not found: {error.strerror or error}"
    return None, None


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """The credentials are for the provider only."""

    def redirect_request(self, *arguments):
        return None


def list_models(url, token, verify, wanted):
    """Whether a provider lists the models that are declared for it."""
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) and "/" in verify else None)
    if verify in (False, "false"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(NoRedirects, urllib.request.HTTPSHandler(context=context))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with opener.open(urllib.request.Request(url.rstrip("/") + "/models", headers=headers), timeout=TRY_SECONDS) as answer:
            document = json.loads(answer.read(MAX_ANSWER))
        known = {model.get("id") for model in document["data"]}
    except urllib.error.HTTPError as error:
        return WARNING, f"answers {error.code} when asked for its models"
    except (OSError, http.client.HTTPException) as error:
        return WARNING, f"does not answer: {getattr(error, 'reason', None) or type(error).__name__}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return WARNING, "answers with something else than a list of models"
    unknown = sorted(set(wanted) - known)
    return (WARNING, f"does not list {', '.join(unknown)}" + nearest(unknown[0], known)) if unknown else (None, None)


# What Postgres says when it answers, and the answer is no.
REFUSALS = {"28P01": "refuses the password", "28000": "refuses the user", "3D000": "has no such database"}


def log_in(settings):
    """Logs in to Postgres with the driver of the servers' own SQL stores, where the image has it."""
    if not importlib.util.find_spec("asyncpg"):
        return None, None
    try:
        asyncio.run(connect(settings))
    except Exception as error:
        state = getattr(error, "sqlstate", None)
        if state in REFUSALS:
            return ERROR, REFUSALS[state]
        return WARNING, f"cannot be logged in to: {getattr(error, 'strerror', None) or type(error).__name__}"
    return None, None


async def connect(settings):
    import asyncpg

    names = {"connection_string": "dsn", "db": "database", "ssl_mode": "ssl"}
    arguments = {names.get(key, key): int(value) if key == "port" else value for key, value in settings.items()}
    connection = await asyncpg.connect(**arguments, timeout=TRY_SECONDS)
    await connection.close(timeout=1)


def add_tries(tries, resolved, checker):
    """What to try of the configuration as the server sees it, for what the user declares."""
    models = wanted_models(resolved, checker.server)
    hosts = set()
    for api, entries in (resolved.get("providers") or {}).items():
        for i, entry in enumerate(entries):
            path = ("providers", api, i)
            where, own = checker.sources.locate(checker.original(path))
            config = entry.get("config") if isinstance(entry, dict) else None
            if not own or not isinstance(config, dict):
                continue
            for key, host in hosts_of(config):
                if host not in hosts:
                    hosts.add(host)
                    tries.add(checker.sources.locate(checker.original((*path, "config", key)))[0], f"the host {host}", resolve_host, host)
            url = config.get("base_url") or config.get("url")
            if api == "inference" and isinstance(url, str) and models.get(entry.get("provider_id")):
                token = next((config[key] for key in ("api_token", "api_key") if config.get(key)), None)
                tries.add(where, "the provider", list_models, url, token, verification(config), models[entry["provider_id"]])
            if entry.get("provider_type") == "remote::pgvector":
                tries.add(where, "the database", log_in, postgres_settings(config))
    for path, backend in postgres_stores(resolved, checker.server):
        where, own = checker.sources.locate(path)
        if own:
            tries.add(where, "the database", log_in, postgres_settings(backend))


def wanted_models(resolved, server):
    wanted = {}
    resources = resolved.get("registered_resources") or {} if server.since(0, 3) else resolved
    for model in resources.get("models") or []:
        if isinstance(model, dict) and model.get("model_id"):
            wanted.setdefault(model.get("provider_id"), []).append(model.get("provider_model_id") or model["model_id"])
    return wanted


def hosts_of(config):
    for key, value in config.items():
        if not isinstance(value, str) or UNSET in value:
            continue
        if key == "host":
            yield key, value
        elif "://" in value:
            try:
                host = urllib.parse.urlsplit(value).hostname
            except ValueError:
                continue
            if host:
                yield key, host


def verification(config):
    network = config.get("network")
    tls = network.get("tls") if isinstance(network, dict) else None
    verify = tls.get("verify") if isinstance(tls, dict) else None
    return verify if verify is not None else config.get("tls_verify")


def postgres_stores(resolved, server):
    if not server.since(0, 3):
        found = [((key,), resolved.get(key)) for key in ("metadata_store", "inference_store")]
    else:
        backends = (resolved.get("storage") or {}).get("backends") or {}
        found = [(("storage", "backends", name), backend) for name, backend in backends.items()]
    return [(path, store) for path, store in found if isinstance(store, dict) and str(store.get("type")).endswith("postgres")]


def postgres_settings(store):
    keys = ("connection_string", "host", "port", "db", "user", "password", "ssl_mode")
    settings = {key: store[key] for key in keys if store.get(key) is not None}
    return {**settings, "password": str(settings["password"])} if "password" in settings else settings


# --- Command line ---


def read_overlay(path):
    if not path:
        return {}
    try:
        overlay = json.loads(read_bounded(path))
    except ValueError as error:
        raise Failure(f"failed to parse {path}: {error}") from None
    if not isinstance(overlay, dict) or overlay.get("version") != 1:
        raise Failure(f"{path} is not an overlay of version 1")
    return overlay


class Compiled(typing.NamedTuple):
    """What a base and an overlay make."""

    text: str
    document: dict
    sources: Sources


def compile_configuration(overlay, user_config, server, environment, report):
    name, text = find_base(overlay, user_config, server, environment)
    kind = overlay.get("base") or ("UserConfig" if user_config else "Image")
    return compile_text(text, name, "" if kind == "Empty" else kind, overlay, server, environment, report)


def compile_text(text, name, kind, overlay, server, environment, report):
    """The bytes of the base stay where the overlay changes nothing."""
    try:
        node, base = parse(text)
        if not isinstance(base, (dict, type(None))):
            raise ValueError("it is no mapping")
    except ValueError as error:
        report.error(os.path.basename(name), str(error))
        raise Invalid from None
    if overlay:
        check_shape(base, os.path.basename(name), server, report)
    compiler = Compiler(base, overlay, server, environment, report)
    document = compiler.compile()
    result = rewrite(text, node, base, document, report, os.path.basename(name)) if overlay else text
    return Compiled(result, document, Sources(document, compiler.origins, overlay, name, kind))


def check_compiled(compiled, server, environment, report):
    """Loads the server, which takes some seconds, and says nothing of what that logs."""
    global pydantic
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    import pydantic

    checker = Checker(compiled.document, compiled.sources, server, environment, report)
    try:
        resolved = checker.check()
    except ImportError as error:
        report.error("", checker.scrub(f"{server} cannot be loaded: {error}"))
        return
    if report.result != "Invalid":  # A verdict should not wait for hosts that do not answer.
        tries = Tries(report)
        add_tries(tries, resolved, checker)
        tries.run()


def write(path, text):
    """The file appears as a whole: a container that starts again may find it there."""
    try:
        with open(path + ".tmp", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".tmp", path)
    except OSError as error:
        raise Failure(f"failed to write {path}: {error.strerror}") from None


def publish(text, path):
    """Writes the report where it is asked for, and where the kubelet keeps it."""
    if path:
        write(path, text)
    try:
        with open(TERMINATION_LOG, "r+", encoding="utf-8") as log:  # never creates the file: outside a Pod there is none
            log.write(text)
            log.truncate()
    except OSError:
        pass


def run(arguments, environment, report):
    server = find_server()
    try:
        overlay = read_overlay(arguments.overlay)
        compiled = compile_configuration(overlay, arguments.user_config, server, environment, report)
        if arguments.command == "check":
            check_compiled(compiled, server, environment, report)
        elif report.result != "Invalid":
            write(arguments.out, compiled.text)
    except Invalid:
        pass  # The report has the findings.
    return server


def parse_arguments(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("compile", "check"):
        command = commands.add_parser(name)
        command.add_argument("--overlay", required=name == "compile", help="what the operator rendered, JSON")
        command.add_argument("--user-config", help="the user's own configuration")
        command.add_argument("--report", help="where the report goes, besides the termination message")
        if name == "compile":
            command.add_argument("--out", required=True, help="the file that the server reads")
    arguments = parser.parse_args(words)
    if not arguments.overlay and not arguments.user_config:
        parser.error("nothing to check: name --overlay, --user-config, or both")
    return arguments


def main(words=None):
    arguments = parse_arguments(words)
    report, server, code = Report(), None, 0
    try:
        server = run(arguments, os.environ, report)
        code = 1 if report.result == "Invalid" else 0
    except Failure as failure:
        report.error("", str(failure))
        code = 2
    text = report.text(server)
    print(text)
    try:
        publish(text, arguments.report)
    except Failure as failure:
        print(failure, file=sys.stderr)
        code = code or 2
    return code


if __name__ == "__main__":
    sys.exit(main())
