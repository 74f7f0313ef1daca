/*
Copyright 2026 The llama-stack-k8s-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package manifests_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The login to the registry of a release", func() {
	const robot = "llamastack+release"
	var server *httptest.Server
	var folder string

	// login runs the script where buildah writes what it is given to files.
	login := func() (string, error) {
		GinkgoHelper()
		path, err := filepath.Abs(filepath.Join(root, "hack", "registry-login.sh"))
		Expect(err).NotTo(HaveOccurred())
		command := exec.CommandContext(GinkgoT().Context(), path)
		command.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"), "HOME="+folder, "QUAY="+server.URL, "QUAY_ROBOT="+robot,
			"ACTIONS_ID_TOKEN_REQUEST_URL="+server.URL+"/identity?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=request")
		output, err := command.CombinedOutput()
		return string(output), err
	}

	BeforeEach(func() {
		folder = GinkgoT().TempDir()
		const buildah = "#!/bin/sh\necho \"$@\" >\"$(dirname \"$0\")/arguments\"\ncat >\"$(dirname \"$0\")/password\"\n"
		Expect(os.WriteFile(filepath.Join(folder, "buildah"), []byte(buildah), 0o700)).To(Succeed())
		mux := http.NewServeMux()
		mux.HandleFunc("GET /identity", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "bearer request" {
				w.WriteHeader(http.StatusUnauthorized)
			}
			_, _ = w.Write([]byte(`{"value": "the-identity"}`))
		})
		mux.HandleFunc("GET /oauth2/federation/robot/token", func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != robot || password != "the-identity" {
				w.WriteHeader(http.StatusUnauthorized)
			}
			_, _ = w.Write([]byte(`{"token": "for-an-hour"}`))
		})
		server = httptest.NewServer(mux)
		DeferCleanup(server.Close)
	})

	It("exchanges the identity of the workflow, and passes no secret as an argument", func() {
		output, err := login()
		Expect(err).NotTo(HaveOccurred(), output)

		password, err := os.ReadFile(filepath.Join(folder, "password"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(password)).To(Equal("for-an-hour"))
		arguments, err := os.ReadFile(filepath.Join(folder, "arguments"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(arguments)).To(Equal("login --authfile " + folder + "/.docker/config.json --username " + robot + " --password-stdin " + server.Listener.Addr().String() + "\n"))
		Expect(output).NotTo(Or(ContainSubstring("for-an-hour"), ContainSubstring("the-identity")))
	})

	It("says that GitHub issued no token", func() {
		server.Config.Handler = http.NotFoundHandler()
		output, err := login()
		Expect(err).To(HaveOccurred())
		Expect(output).To(ContainSubstring("GitHub issued no token"))
	})

	It("says what to check when the registry does not trust the workflow", func() {
		trusted := server.Config.Handler
		server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/identity" {
				trusted.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusUnauthorized)
		})
		output, err := login()
		Expect(err).To(HaveOccurred())
		Expect(output).To(ContainSubstring(server.URL + " does not trust this workflow as " + robot + "; check the federation"))
		Expect(filepath.Join(folder, "password")).NotTo(BeAnExistingFile())
	})
})
