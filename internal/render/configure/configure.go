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

package configure

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"sync"

	_ "embed" // for the program
)

// fileName is what the program is called in this folder.
const fileName = "configure.py"

//go:embed configure.py
var program []byte

// ArchiveName is what the archive with the program is called where it is mounted.
const ArchiveName = "configure.pyz"

// archive is built once for all servers.
var archive = sync.OnceValues(func() ([]byte, error) { //nolint:gochecknoglobals // it never changes
	var text bytes.Buffer
	writer := zip.NewWriter(&text)
	file, err := writer.CreateHeader(&zip.FileHeader{Name: "__main__.py", Method: zip.Deflate})
	if err != nil {
		return nil, fmt.Errorf("failed to archive %s: %w", fileName, err)
	}
	if _, err := file.Write(program); err != nil {
		return nil, fmt.Errorf("failed to archive %s: %w", fileName, err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("failed to archive %s: %w", fileName, err)
	}
	return text.Bytes(), nil
})

// Archive returns the program as a zip archive, which Python runs. Each server has a copy, and it has a quarter of the
// program's size. It is the same for the same program.
func Archive() ([]byte, error) { return archive() }

// Loader is a program for "python -c" that runs the program in its first argument, which is from Inline.
const Loader = `import base64,sys,zlib;exec(compile(zlib.decompress(base64.b64decode(sys.argv.pop(1))),"configure.py","exec"))`

// inline is made once for all servers.
var inline = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // it never changes
	var text bytes.Buffer
	writer, err := zlib.NewWriterLevel(&text, zlib.BestCompression)
	if err != nil {
		return "", fmt.Errorf("failed to compress %s: %w", fileName, err)
	}
	if _, err := writer.Write(program); err != nil {
		return "", fmt.Errorf("failed to compress %s: %w", fileName, err)
	}
	if err := writer.Close(); err != nil {
		return "", fmt.Errorf("failed to compress %s: %w", fileName, err)
	}
	return base64.StdEncoding.EncodeToString(text.Bytes()), nil
})

// Inline returns the program as an argument of Loader, which is shorter than the 128 KiB that Linux allows.
func Inline() (string, error) { return inline() }
