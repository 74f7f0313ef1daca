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

// Command probe runs in Pods of the cluster's own test, and reports what a Pod sees.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// address is where the probe serves.
	address = ":8080"
	// patience limits every network operation.
	patience = 5 * time.Second
	// permissions are the bits of a mode that chmod sets.
	permissions = 0o7777
	fileMode    = 0o660
)

var errUsage = errors.New("usage: probe serve | lookup NAME | get URL | write FILE | read FILE")

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	command, argument := "", ""
	if len(args) > 0 {
		command, argument = args[0], strings.Join(args[1:], " ")
	}

	switch command {
	case "serve":
		return serve()
	case "lookup":
		return lookup(ctx, argument)
	case "get":
		return get(ctx, argument)
	case "write":
		return write(argument)
	case "read":
		return read(argument)
	default:
		return errUsage
	}
}

// serve answers every request with a greeting.
func serve() error {
	fmt.Println("serving on", address)

	server := &http.Server{Addr: address, ReadHeaderTimeout: patience, Handler: http.HandlerFunc(
		func(writer http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(writer, "hello from the probe\n")
		})}

	if err := server.ListenAndServe(); err != nil {
		return fmt.Errorf("failed to serve: %w", err)
	}

	return nil
}

// lookup prints the addresses of a name.
func lookup(ctx context.Context, name string) error {
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return fmt.Errorf("failed to look up %s: %w", name, err)
	}

	fmt.Println(strings.Join(addresses, " "))

	return nil
}

// get prints what a URL answers.
func get(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody) //nolint:gosec // the test says where to go
	if err != nil {
		return fmt.Errorf("failed to make a request: %w", err)
	}

	response, err := http.DefaultClient.Do(request) //nolint:gosec // see above
	if err != nil {
		return fmt.Errorf("failed to get %s: %w", url, err)
	}
	defer func() { _ = response.Body.Close() }()

	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		return fmt.Errorf("failed to read the answer: %w", err)
	}

	return nil
}

// write creates a file and prints, in one line each, the folder's and the file's mode and group, as chmod and chgrp
// accept them.
func write(path string) error {
	if err := os.WriteFile(path, []byte("written by the probe\n"), fileMode); err != nil {
		return fmt.Errorf("failed to write: %w", err)
	}

	for _, name := range []string{filepath.Dir(path), path} {
		var found syscall.Stat_t
		if err := syscall.Stat(name, &found); err != nil {
			return fmt.Errorf("failed to read %s: %w", name, err)
		}

		fmt.Printf("%s mode %o group %d\n", name, found.Mode&permissions, found.Gid)
	}

	return nil
}

// read prints a file.
func read(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("failed to read: %w", err)
	}

	fmt.Print(string(content))

	return nil
}
