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

package standin_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/standin"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Files", func() {
	// keeping is a server with a folder.
	keeping := func(folder string) *standin.Server {
		server := standin.New(standin.Default())
		server.KeepFiles(folder)

		return server
	}

	send := func(server *standin.Server, request *http.Request) answer {
		recorded := httptest.NewRecorder()
		server.ServeHTTP(recorded, request)

		return answer{code: recorded.Code, body: recorded.Body.String()}
	}

	upload := func(server *standin.Server, field, content string) answer {
		GinkgoHelper()

		var body bytes.Buffer

		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile(field, "notes.txt")
		Expect(err).NotTo(HaveOccurred())

		_, err = io.WriteString(part, content)
		Expect(err).NotTo(HaveOccurred())
		Expect(form.Close()).To(Succeed())

		request := httptest.NewRequestWithContext(GinkgoT().Context(), http.MethodPost, "/v1/files", &body)
		request.Header.Set("Content-Type", form.FormDataContentType())

		return send(server, request)
	}

	download := func(server *standin.Server, id string) answer {
		return send(server, httptest.NewRequestWithContext(GinkgoT().Context(), http.MethodGet, "/v1/files/"+id+"/content", http.NoBody))
	}

	It("are there for the next server of the same folder", func() {
		folder := filepath.Join(GinkgoT().TempDir(), "files")
		uploaded := upload(keeping(folder), "file", "remember the milk")
		Expect(uploaded.code).To(Equal(http.StatusOK))

		var file struct {
			ID string `json:"id"`
		}
		Expect(json.Unmarshal([]byte(uploaded.body), &file)).To(Succeed())
		Expect(download(keeping(folder), file.ID)).To(Equal(answer{http.StatusOK, "remember the milk"}))
		Expect(download(keeping(GinkgoT().TempDir()), file.ID).code).To(Equal(http.StatusNotFound))
	})

	It("are refused without a name, above a size, and where they cannot be written", func() {
		folder := GinkgoT().TempDir()
		Expect(upload(keeping(folder), "other", "").code).To(Equal(http.StatusBadRequest))
		Expect(upload(keeping(folder), "file", strings.Repeat("x", 5<<20)).code).To(Equal(http.StatusBadRequest))

		blocked := filepath.Join(folder, "blocked")
		Expect(os.WriteFile(blocked, nil, 0o600)).To(Succeed())
		Expect(upload(keeping(blocked), "file", "").code).To(Equal(http.StatusInternalServerError))
	})

	It("come from the folder alone", func() {
		folder := GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(folder, "secret"), []byte("secret"), 0o600)).To(Succeed())
		Expect(download(keeping(filepath.Join(folder, "files")), "..%2Fsecret").code).To(Equal(http.StatusNotFound))
	})
})
