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

// Package archive makes container images out of files, and archives of images that a node can import. The same
// input gives the same bytes.
package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Entry is a file, a folder or a symbolic link of a layer.
type Entry struct {
	// Path is absolute. Folders end with a slash.
	Path string
	// Mode is the permissions; the kind of the entry is not part of it.
	Mode int64
	// UID and GID own the entry.
	UID, GID int
	// Content of a file.
	Content []byte
	// Target of a symbolic link; an entry with a target is one.
	Target string
}

// Folder is an entry for a folder.
func Folder(path string, mode int64, uid, gid int) Entry {
	return Entry{Path: strings.TrimSuffix(path, "/") + "/", Mode: mode, UID: uid, GID: gid}
}

// Layer is an image layer of these entries, in their order.
func Layer(entries ...Entry) (v1.Layer, error) {
	var compressed bytes.Buffer

	err := writeCompressed(&compressed, func(out *tar.Writer) error {
		for _, entry := range entries {
			if err := entry.write(out); err != nil {
				return fmt.Errorf("failed to add %s to the layer: %w", entry.Path, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}

	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(compressed.Bytes())), nil
	})
	if err != nil {
		return nil, fmt.Errorf("failed to make a layer: %w", err)
	}
	return layer, nil
}

func (e Entry) write(out *tar.Writer) error {
	header := &tar.Header{
		Name: strings.TrimPrefix(e.Path, "/"), Mode: e.Mode, Uid: e.UID, Gid: e.GID,
		Size: int64(len(e.Content)), Linkname: e.Target, ModTime: epoch(), Format: tar.FormatPAX,
	}
	switch {
	case e.Target != "":
		header.Typeflag = tar.TypeSymlink
	case strings.HasSuffix(e.Path, "/"):
		header.Typeflag = tar.TypeDir
	default:
		header.Typeflag = tar.TypeReg
	}
	if err := out.WriteHeader(header); err != nil {
		return fmt.Errorf("failed to write its header: %w", err)
	}
	if _, err := out.Write(e.Content); err != nil {
		return fmt.Errorf("failed to write its content: %w", err)
	}
	return nil
}

// epoch is the time of every entry and of every image, so that the same content gives the same archive.
func epoch() time.Time { return time.Unix(0, 0).UTC() }

// writeCompressed writes a gzip-compressed tar archive. Layers are read more often than they are written, but on
// the machine that wrote them, so speed wins over size.
func writeCompressed(w io.Writer, fill func(*tar.Writer) error) error {
	compressor, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return fmt.Errorf("failed to start compressing: %w", err)
	}
	out := tar.NewWriter(compressor)
	if err := fill(out); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("failed to end the archive: %w", err)
	}
	if err := compressor.Close(); err != nil {
		return fmt.Errorf("failed to end compressing: %w", err)
	}
	return nil
}

// WriteTree writes the folder root to w as a gzip-compressed tar archive, which can be a layer. Owners, modes, symbolic
// and hard links are kept; devices, sockets and excluded paths with their content are not. The paths that exclude gets
// are absolute, with root as /.
func WriteTree(w io.Writer, root string, exclude func(path string) bool) error {
	return writeCompressed(w, func(out *tar.Writer) error {
		seen := map[uint64]string{}

		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(path, root)
			switch {
			case name == "":
				return nil
			case exclude(name) && entry.IsDir():
				return filepath.SkipDir
			case exclude(name):
				return nil
			}
			return writeFile(out, path, name, entry, seen)
		})
		if err != nil {
			return fmt.Errorf("failed to archive %s: %w", root, err)
		}
		return nil
	})
}

// writeFile adds the file at path under the given name. seen has the first name of each file with several.
func writeFile(out *tar.Writer, path, name string, entry fs.DirEntry, seen map[uint64]string) error {
	info, err := entry.Info()
	if err != nil {
		return fmt.Errorf("failed to inspect %s: %w", path, err)
	}
	if !info.Mode().IsRegular() && !info.IsDir() && info.Mode().Type() != fs.ModeSymlink {
		return nil
	}

	header, err := headerOf(info, path, name, seen)
	if err != nil {
		return err
	}
	if err := out.WriteHeader(header); err != nil {
		return fmt.Errorf("failed to write the header of %s: %w", name, err)
	}
	if header.Typeflag != tar.TypeReg {
		return nil
	}

	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("failed to open: %w", err)
	}
	defer file.Close() //nolint:errcheck // It is only read.
	if _, err := io.Copy(out, file); err != nil {
		return fmt.Errorf("failed to write %s: %w", name, err)
	}
	return nil
}

func headerOf(info fs.FileInfo, path, name string, seen map[uint64]string) (*tar.Header, error) {
	target := ""
	if info.Mode().Type() == fs.ModeSymlink {
		var err error
		if target, err = os.Readlink(path); err != nil {
			return nil, fmt.Errorf("failed to read a link: %w", err)
		}
	}
	header, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return nil, fmt.Errorf("failed to describe %s: %w", path, err)
	}

	header.Name = strings.TrimPrefix(name, "/")
	if info.IsDir() {
		header.Name += "/"
	}
	header.ModTime, header.AccessTime, header.ChangeTime = epoch(), time.Time{}, time.Time{}
	header.Uname, header.Gname = "", ""
	header.Format = tar.FormatPAX

	if stat, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode().IsRegular() && stat.Nlink > 1 {
		if first, linked := seen[stat.Ino]; linked {
			header.Typeflag, header.Linkname, header.Size = tar.TypeLink, first, 0
		}
		seen[stat.Ino] = header.Name
	}
	return header, nil
}
