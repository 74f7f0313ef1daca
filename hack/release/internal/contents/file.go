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

package contents

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Archive is a file of a release with other files in it.
type Archive struct {
	// Name is that of the file, and SHA256 its checksum.
	Name, SHA256 string
	Files        []File
}

// ReadArchive reads a .tar.gz or a .zip.
func ReadArchive(name string) (*Archive, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("failed to read the archive: %w", err)
	}
	sum := sha256.Sum256(data)
	archive := &Archive{Name: filepath.Base(name), SHA256: hex.EncodeToString(sum[:])}
	unpack := fromCompressed
	if strings.HasSuffix(name, ".zip") {
		unpack = fromZip
	}
	if archive.Files, err = unpack(data); err != nil {
		return nil, fmt.Errorf("failed to read %s: %w", name, err)
	}
	return archive, nil
}

func fromCompressed(data []byte) ([]File, error) {
	content, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("failed to decompress it: %w", err)
	}
	return fromArchive(content)
}

func fromZip(data []byte) ([]File, error) {
	content, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("failed to read its list: %w", err)
	}
	files := make([]File, 0, len(content.File))
	for _, entry := range content.File {
		member, err := entry.Open()
		if err != nil {
			return nil, fmt.Errorf("failed to open %s: %w", entry.Name, err)
		}
		text, err := io.ReadAll(member)
		if err := errors.Join(err, member.Close()); err != nil {
			return nil, fmt.Errorf("failed to read %s: %w", entry.Name, err)
		}
		files = append(files, New(path.Clean("/"+entry.Name), text))
	}
	return files, nil
}
