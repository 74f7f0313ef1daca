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

// Package archive packs files so that the same files give the same bytes.
package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// mode is that of programs, and of the licence beside them.
const mode = 0o755

// Write packs files, without their folders, in this order. The name of the archive says which kind it is: .zip, or else .tar.gz.
func Write(out string, modified time.Time, files []string) (err error) {
	target, err := os.Create(out)
	if err != nil {
		return fmt.Errorf("failed to create the archive: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if strings.HasSuffix(out, ".zip") {
		return writeZip(target, modified, files)
	}
	return writeTar(target, modified, files)
}

func writeZip(target io.Writer, modified time.Time, files []string) error {
	archive := zip.NewWriter(target)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("failed to read what to pack: %w", err)
		}
		header := &zip.FileHeader{Name: filepath.Base(file), Method: zip.Deflate, Modified: modified.UTC()}
		header.SetMode(mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("failed to pack %s: %w", file, err)
		}
		if _, err := entry.Write(data); err != nil {
			return fmt.Errorf("failed to pack %s: %w", file, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("failed to end the archive: %w", err)
	}
	return nil
}

func writeTar(target io.Writer, modified time.Time, files []string) error {
	compressed := gzip.NewWriter(target)
	archive := tar.NewWriter(compressed)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("failed to read what to pack: %w", err)
		}
		header := &tar.Header{Name: filepath.Base(file), Mode: mode, Size: int64(len(data)), ModTime: modified.UTC(), Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("failed to pack %s: %w", file, err)
		}
		if _, err := archive.Write(data); err != nil {
			return fmt.Errorf("failed to pack %s: %w", file, err)
		}
	}
	if err := errors.Join(archive.Close(), compressed.Close()); err != nil {
		return fmt.Errorf("failed to end the archive: %w", err)
	}
	return nil
}
