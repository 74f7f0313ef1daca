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
"""What is tried while a configuration is checked: each try is bounded, and sends credentials to the provider only."""

import http.server
import json
import sys
import threading
import time
import types
import unittest
from unittest import mock

from harness import configure


class Provider(http.server.BaseHTTPRequestHandler):
    asked = []

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Authorization")))
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/v1/models")
            self.end_headers()
            return
        self.send_response(401 if self.path.startswith("/closed") else 200)
        self.end_headers()
        self.wfile.write(b"no list" if self.path.startswith("/odd") else json.dumps({"data": [{"id": "llama-3"}]}).encode())

    def log_message(self, *arguments):
        pass


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.server.server_address[1]}"

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        Provider.asked.clear()

    def ask(self, path, wanted="llama-3"):
        return configure.list_models(self.url + path, "secret", None, [wanted])

    def test_a_model_that_is_listed(self):
        self.assertEqual(self.ask("/v1/"), (None, None))
        self.assertEqual(Provider.asked, [("/v1/models", "Bearer secret")])

    def test_a_model_that_is_not(self):
        self.assertEqual(self.ask("/v1", "lama-3"), ("warning", "does not list lama-3; did you mean llama-3?"))

    def test_a_redirect_is_not_followed(self):
        self.assertEqual(self.ask("/moved"), ("warning", "answers 302 when asked for its models"))
        self.assertEqual(len(Provider.asked), 1)

    def test_other_answers(self):
        self.assertEqual(self.ask("/closed"), ("warning", "answers 401 when asked for its models"))
        self.assertEqual(self.ask("/odd"), ("warning", "answers with something else than a list of models"))
        severity, message = configure.list_models("http://127.0.0.1:1/v1", None, None, ["a"])
        self.assertEqual(severity, "warning")
        self.assertIn("does not answer", message)


class Database(unittest.TestCase):
    def log_in(self, error=None):
        async def connect(**arguments):
            self.arguments = arguments
            if error:
                raise error
            return types.SimpleNamespace(close=mock.AsyncMock())

        driver = types.ModuleType("asyncpg")
        driver.connect, driver.__spec__ = connect, mock.Mock()
        with mock.patch.dict(sys.modules, {"asyncpg": driver}):
            return configure.log_in({"host": "pg", "port": "5432", "db": "d", "user": "u", "password": "secret", "ssl_mode": "require"})

    def test_a_login_that_works(self):
        self.assertEqual(self.log_in(), (None, None))
        self.assertEqual(self.arguments, {"host": "pg", "port": 5432, "database": "d", "user": "u", "password": "secret", "ssl": "require", "timeout": 5})

    def test_a_clear_no_is_an_error(self):
        for state, message in {"28P01": "refuses the password", "3D000": "has no such database"}.items():
            error = Exception("secret")
            error.sqlstate = state
            self.assertEqual(self.log_in(error), ("error", message))

    def test_anything_else_warns_and_says_no_secret(self):
        severity, message = self.log_in(RuntimeError("secret"))
        self.assertEqual(severity, "warning")
        self.assertNotIn("secret", message)


class Bounds(unittest.TestCase):
    def test_what_does_not_end_is_left_alone(self):
        report, started = configure.Report(), time.monotonic()
        with mock.patch.object(configure, "TRY_SECONDS", 0.1):
            tries = configure.Tries(report)
            for i in range(100):
                tries.add(f"path[{i}]", "the host", threading.Event().wait)
            tries.run()
        self.assertLess(time.monotonic() - started, configure.ALL_SECONDS)
        self.assertEqual(len(report.findings), configure.MAX_TRIES)
        self.assertIn("did not answer within", report.findings[0]["message"])

    def test_a_try_that_goes_wrong_only_warns(self):
        report = configure.Report()
        tries = configure.Tries(report)
        tries.add("path", "the host", lambda: 1 / 0)
        tries.run()
        self.assertEqual(report.findings, [{"severity": "warning", "path": "path", "message": "the host was not tried: ZeroDivisionError"}])

    def test_a_host_that_does_not_exist(self):
        self.assertEqual(configure.resolve_host("localhost"), (None, None))
        self.assertEqual(configure.resolve_host("no.such.host.invalid")[0], "warning")


class Scrubbing(unittest.TestCase):
    def test_values_of_the_environment(self):
        environment = {"LLSD_SHORT": "abc", "TOKEN": "long-secret", "MODE": "on"}
        checker = configure.Checker({}, None, configure.Server("ogx", "1.5.0"), environment, configure.Report())
        self.assertEqual(checker.scrub("abc, long-secret, on"), "${env.LLSD_SHORT}, ${env.TOKEN}, on")


if __name__ == "__main__":
    unittest.main()
