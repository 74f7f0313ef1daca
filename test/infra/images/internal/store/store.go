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

// Package store keeps finished archives in a folder, named by their sources, so that an archive is only created again
// when its sources change.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/progress"
)

const (
	keyLength  = 16
	folderMode = 0o755
	workPrefix = ".work-"
)

// Key names content by its parts, and depends on where each of them ends. It has 16 hexadecimal digits.
func Key(parts ...[]byte) string {
	hash := sha256.New()
	for _, part := range parts {
		_, _ = fmt.Fprintf(hash, "%d:", len(part)) // A hash accepts everything.
		_, _ = hash.Write(part)
	}
	return hex.EncodeToString(hash.Sum(nil))[:keyLength]
}

// Store is a folder of archives. Nobody else may use it until Close.
type Store struct {
	folder string
	lock   *os.File
}

// Open creates the folder if it does not exist, waits until no other process uses it, and removes what a killed run has
// left.
func Open(folder string, log *progress.Log) (*Store, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("failed to find the folder for images: %w", err)
	}
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return nil, fmt.Errorf("failed to create the folder for images: %w", err)
	}
	lock, err := os.Create(filepath.Join(folder, ".lock"))
	if err != nil {
		return nil, fmt.Errorf("failed to create the lock of the folder for images: %w", err)
	}

	store := &Store{folder: folder, lock: lock}
	if err := store.wait(log); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	left, _ := filepath.Glob(filepath.Join(folder, workPrefix+"*")) // The pattern is right.
	for _, path := range left {
		err = errors.Join(err, Discard(path))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return store, nil
}

func (s *Store) wait(log *progress.Log) error {
	descriptor := int(s.lock.Fd())

	err := syscall.Flock(descriptor, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		log.Printf("waiting for another process that creates images in %s ...", s.folder)
		err = syscall.Flock(descriptor, syscall.LOCK_EX)
	}
	if err != nil {
		return fmt.Errorf("failed to lock the folder for images: %w", err)
	}
	return nil
}

// Close lets others use the folder.
func (s *Store) Close() error {
	if err := s.lock.Close(); err != nil {
		return fmt.Errorf("failed to unlock the folder for images: %w", err)
	}
	return nil
}

// Find is the archive of this name and key; found is false when it has to be created.
func (s *Store) Find(name, key string) (string, bool) {
	path := s.path(name, key)
	_, err := os.Stat(path)
	return path, err == nil
}

// Add makes the archive of this name and key by means of fill, removes those of the same name and another key,
// and points the link NAME.tar at it. It returns the archive's path.
func (s *Store) Add(name, key string, fill func(io.Writer) error) (string, error) {
	path := s.path(name, key)
	if err := archive.CreateFile(path, fill); err != nil {
		return "", err
	}
	return path, s.Link(name, key)
}

// Link points NAME.tar at the archive of this key and removes those of other keys.
func (s *Store) Link(name, key string) error {
	link, path := filepath.Join(s.folder, name+".tar"), s.path(name, key)

	if target, err := os.Readlink(link); err != nil || target != filepath.Base(path) {
		_ = os.Remove(link) // If it does not exist, that is fine; otherwise creating it fails.
		if err := os.Symlink(filepath.Base(path), link); err != nil {
			return fmt.Errorf("failed to name the newest archive: %w", err)
		}
	}

	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return fmt.Errorf("failed to find old archives: %w", err)
	}
	old := regexp.MustCompile(`^` + regexp.QuoteMeta(name) + `-([0-9][^-]*-)?[0-9a-f]{16}\.tar$`)
	for _, entry := range entries {
		if entry.Name() != filepath.Base(path) && old.MatchString(entry.Name()) {
			err = errors.Join(err, os.Remove(filepath.Join(s.folder, entry.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("failed to remove an old archive: %w", err)
	}
	return nil
}

func (s *Store) path(name, key string) string {
	return filepath.Join(s.folder, name+"-"+key+".tar")
}

// Work creates a folder for unfinished files. Discard it at the end.
func (s *Store) Work() (string, error) {
	folder, err := os.MkdirTemp(s.folder, workPrefix)
	if err != nil {
		return "", fmt.Errorf("failed to make a folder to work in: %w", err)
	}
	return folder, nil
}

// Discard removes a folder, unless something is mounted in it: removing the files of a mounted /dev would harm
// the machine.
func Discard(folder string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("failed to read the mounts: %w", err)
	}
	for line := range strings.Lines(string(mounts)) {
		const mountPoint = 4 // See proc_pid_mountinfo(5).
		if fields := strings.Fields(line); len(fields) > mountPoint && strings.HasPrefix(fields[mountPoint], folder+"/") {
			return fmt.Errorf("failed to remove %s: something is mounted at %s; unmount it and remove the folder", folder, fields[mountPoint])
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("failed to remove a folder: %w", err)
	}
	return nil
}
