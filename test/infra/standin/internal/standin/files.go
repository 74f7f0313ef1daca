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

package standin

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/openai"
)

const (
	// maxFile bounds an uploaded file with its form, in bytes.
	maxFile = 4 << 20
	// folderMode and fileMode let the volume's group read and write, whatever user the next Pod has.
	folderMode = 0o770
	fileMode   = 0o660
)

// KeepFiles serves the upload and the content of files, as servers do, and keeps them in a folder, such as one on a volume.
func (s *Server) KeepFiles(folder string) {
	kept := files(folder)
	s.mux.HandleFunc("POST /v1/files", kept.upload)
	s.mux.HandleFunc("GET /v1/files/{id}/content", kept.content)
}

// files is a folder with a file for each id.
type files string

func (f files) upload(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFile)
	uploaded, _, err := r.FormFile("file")
	if err != nil {
		openai.WriteError(w, http.StatusBadRequest, "there is no file: "+err.Error())
		return
	}
	defer func() { _ = uploaded.Close() }()

	id := "file-" + rand.Text()
	if err := f.write(id, uploaded); err != nil {
		openai.WriteError(w, http.StatusInternalServerError, err.Error())
		return
	}
	openai.WriteJSON(w, map[string]string{"id": id})
}

func (f files) write(id string, from io.Reader) error {
	content, err := io.ReadAll(from)
	if err != nil {
		return fmt.Errorf("failed to read the upload: %w", err)
	}
	if err := os.MkdirAll(string(f), folderMode); err != nil {
		return fmt.Errorf("failed to make the folder of files: %w", err)
	}
	if err := os.WriteFile(filepath.Join(string(f), id), content, fileMode); err != nil {
		return fmt.Errorf("failed to keep the upload: %w", err)
	}
	return nil
}

func (f files) content(w http.ResponseWriter, r *http.Request) {
	content, err := os.ReadFile(filepath.Join(string(f), filepath.Base(r.PathValue("id"))))
	if err != nil {
		openai.WriteError(w, http.StatusNotFound, "there is no such file")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(content) //nolint:gosec // a client of a test gets what it has uploaded, and no browser renders it
}
