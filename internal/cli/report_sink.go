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

package cli

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Modes of the files of a report: nobody else reads them. What must-gather copies is read by the same user.
const (
	reportFileMode   = 0o600
	reportFolderMode = 0o700
)

// sink is where the files of a report are written.
type sink interface {
	write(name string, content []byte) error
	close() error
	// abort leaves nothing that could be taken for a complete report.
	abort()
}

// archive is a .tar.gz file. It has another name until it is complete.
type archive struct {
	name   string
	file   *os.File
	zipped *gzip.Writer
	files  *tar.Writer
	root   string
	time   time.Time
}

// newArchive creates a file that does not exist yet.
func newArchive(name string, now time.Time) (sink, error) { //nolint:ireturn // one of two
	if _, err := os.Lstat(name); err == nil {
		return nil, fmt.Errorf("failed to create the report: %s: file exists", name)
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return nil, fmt.Errorf("failed to create the report: %w", err)
	}
	zipped := gzip.NewWriter(file)
	root, _, _ := strings.Cut(filepath.Base(name), ".")
	return &archive{name: name, file: file, zipped: zipped, files: tar.NewWriter(zipped), root: root, time: now}, nil
}

func (a *archive) write(name string, content []byte) error {
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: path.Join(a.root, name), Size: int64(len(content)), Mode: reportFileMode, ModTime: a.time,
	}
	if err := a.files.WriteHeader(header); err != nil {
		return fmt.Errorf("failed to write %s: %w", name, err)
	}
	if _, err := a.files.Write(content); err != nil {
		return fmt.Errorf("failed to write %s: %w", name, err)
	}
	return nil
}

func (a *archive) close() error {
	err := errors.Join(a.files.Close(), a.zipped.Close(), a.file.Close())
	if err == nil {
		err = os.Rename(a.file.Name(), a.name)
	}
	if err != nil {
		_ = os.Remove(a.file.Name())
		return fmt.Errorf("failed to complete it: %w", err)
	}
	return nil
}

func (a *archive) abort() {
	_ = a.file.Close()
	_ = os.Remove(a.file.Name())
}

// folder is a folder, outside of which nothing is written.
type folder struct{ root *os.Root }

// newFolder creates the folder if it does not exist.
func newFolder(name string, _ time.Time) (sink, error) { //nolint:ireturn // one of two
	if err := os.MkdirAll(name, reportFolderMode); err != nil {
		return nil, fmt.Errorf("failed to create the report: %w", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("failed to create the report: %w", err)
	}
	_ = root.Remove(indexFile) // that of an earlier report says nothing about this one
	return &folder{root}, nil
}

func (f *folder) write(name string, content []byte) error {
	if err := f.root.MkdirAll(path.Dir(name), reportFolderMode); err != nil {
		return fmt.Errorf("failed to create the folder of %s: %w", name, err)
	}
	if err := f.root.WriteFile(name, content, reportFileMode); err != nil {
		_ = f.root.Remove(name)
		return fmt.Errorf("failed to write %s: %w", name, err)
	}
	return nil
}

func (f *folder) close() error {
	if err := f.root.Close(); err != nil {
		return fmt.Errorf("failed to close the folder: %w", err)
	}
	return nil
}

// abort keeps what was written: it is better than nothing, and has no index.
func (f *folder) abort() { _ = f.root.Close() }
