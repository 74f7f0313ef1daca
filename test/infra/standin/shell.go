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

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

// shellName is how the program is called in the place of the shell of a server's image.
const shellName = "sh"

const (
	// configureRole replaces the program that compiles and checks a declared configuration.
	configureRole = "configure"
	// validReport is what that program reports where it finds nothing.
	validReport = `{"result":"Valid","server":"1.3.0","package":"ogx","findings":[],"omitted":0}`
	// terminationLog is where the kubelet reads the report.
	terminationLog = "/dev/termination-log"

	readable = 0o644
	// scriptWords are the words before the arguments of a script.
	scriptWords = 3
)

// ofShell are the arguments of what a shell is to run: "-c", a script, and the name that the operator gives the script,
// with its arguments. The script itself needs a shell.
func ofShell(args []string) ([]string, error) {
	if len(args) < scriptWords || args[0] != "-c" {
		return nil, errors.New("as a shell, the stand-in only runs the scripts of the operator: -c SCRIPT NAME")
	}
	switch name, rest := args[2], args[scriptWords:]; name {
	case "launch":
		return []string{"server"}, nil
	case "configure", "check":
		return append([]string{configureRole}, rest...), nil
	default:
		return nil, fmt.Errorf("unknown script %q: the operator has launch, configure and check", name)
	}
}

// configure accepts every declared configuration, and writes it as it is. The words before "compile" or "check" name the
// program that it replaces.
func configure(args []string, output io.Writer) error {
	verb := slices.IndexFunc(args, func(word string) bool { return word == "compile" || word == "check" })
	if verb < 0 {
		return usageError{errors.New("nothing to do: write compile or check")}
	}
	set := flag.NewFlagSet("stand-in "+configureRole, flag.ContinueOnError)
	set.SetOutput(output)
	overlay := set.String("overlay", "", "what the operator rendered, JSON")
	set.String("user-config", "", "the user's own configuration")
	out := set.String("out", "", "the file that the server reads")
	if err := set.Parse(args[verb+1:]); err != nil {
		return usageError{err}
	}
	declared, err := readOverlay(*overlay)
	if err != nil {
		return err
	}
	if *out != "" {
		if err := os.WriteFile(*out, declared, readable); err != nil {
			return fmt.Errorf("failed to write the configuration: %w", err)
		}
	}
	return report(output)
}

// readOverlay returns an overlay that can be read, or an empty object where there is none.
func readOverlay(path string) ([]byte, error) {
	if path == "" {
		return []byte("{}"), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read the overlay: %w", err)
	}
	var overlay struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &overlay); err != nil {
		return nil, fmt.Errorf("failed to read %s: %w", path, err)
	}
	if overlay.Version != 1 {
		return nil, fmt.Errorf("failed to use %s: it is no overlay of version 1", path)
	}
	return text, nil
}

// report writes the report, also where the kubelet reads it; outside of a Pod there is no such file.
func report(output io.Writer) error {
	if _, err := fmt.Fprintln(output, validReport); err != nil {
		return fmt.Errorf("failed to write the report: %w", err)
	}
	log, err := os.OpenFile(terminationLog, os.O_WRONLY|os.O_TRUNC, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to open %s: %w", terminationLog, err)
	}
	_, err = log.WriteString(validReport)
	return errors.Join(err, log.Close())
}
