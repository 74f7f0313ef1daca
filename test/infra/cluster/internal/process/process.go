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

// Package process starts programs that outlive the one that started them, and stops exactly those again.
package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// poll is how often an ending process is checked.
	poll = 20 * time.Millisecond
	// startTimeField is the index of the start time in /proc/PID/stat behind the parenthesized name (see proc(5)).
	startTimeField = 19
	// fileMode is the mode of logs and of records.
	fileMode = 0o644

	recordSuffix = ".pid"
)

// Daemon is a program to start.
type Daemon struct {
	// Name names its log and its record.
	Name string
	// Args is the command line, the program first.
	Args []string
	// Env is its whole environment.
	Env []string
}

// Record identifies a started daemon. The start time distinguishes it from a later process with the same id.
type Record struct {
	Name  string
	PID   int
	Start uint64
}

// Folder is where records (*.pid) are kept.
type Folder string

// Start runs a daemon in a session of its own, without standard input, its output appended to NAME.log in logs.
func (f Folder) Start(daemon Daemon, logs string) error {
	log, err := os.OpenFile(filepath.Join(logs, daemon.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, fileMode)
	if err != nil {
		return fmt.Errorf("failed to open the log of %s: %w", daemon.Name, err)
	}
	defer func() { _ = log.Close() }()

	//nolint:noctx // a daemon must not end with the command that starts it
	command := exec.Command(daemon.Args[0], daemon.Args[1:]...)
	command.Env, command.Stdout, command.Stderr = daemon.Env, log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}

	if err := command.Start(); err != nil {
		return fmt.Errorf("failed to start %s: %w", daemon.Name, err)
	}

	start, _ := startTime(command.Process.Pid)
	record := fmt.Sprintf("%d %d\n", command.Process.Pid, start)

	if err := os.WriteFile(filepath.Join(string(f), daemon.Name+recordSuffix), []byte(record), fileMode); err != nil {
		return fmt.Errorf("failed to record the process id of %s: %w", daemon.Name, err)
	}

	if err := command.Process.Release(); err != nil {
		return fmt.Errorf("failed to let go of %s: %w", daemon.Name, err)
	}

	return nil
}

// Records returns what was started, by name. A folder that does not exist has none.
func (f Folder) Records() ([]Record, error) {
	files, err := filepath.Glob(filepath.Join(string(f), "*"+recordSuffix))
	if err != nil {
		return nil, fmt.Errorf("failed to list the records in %s: %w", f, err)
	}

	records := make([]Record, 0, len(files))

	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("failed to read the record of a daemon: %w", err)
		}

		record := Record{Name: strings.TrimSuffix(filepath.Base(file), recordSuffix)}
		if _, err := fmt.Sscan(string(content), &record.PID, &record.Start); err != nil {
			return nil, fmt.Errorf("failed to parse %s (remove it if the process is gone): %w", file, err)
		}

		records = append(records, record)
	}

	return records, nil
}

// Forget removes the records of all daemons that have ended.
func (f Folder) Forget() error {
	records, err := f.Records()
	if err != nil {
		return err
	}

	for _, record := range records {
		if record.Alive() {
			continue
		}

		if err := os.Remove(filepath.Join(string(f), record.Name+recordSuffix)); err != nil {
			return fmt.Errorf("failed to remove the record of %s: %w", record.Name, err)
		}
	}

	return nil
}

// Alive reports whether the recorded process still runs.
func (r Record) Alive() bool {
	start, running := startTime(r.PID)

	return running && start == r.Start
}

// Identify creates a record of a running process found by other means.
func Identify(pid int) Record {
	start, _ := startTime(pid)

	return Record{Name: strconv.Itoa(pid), PID: pid, Start: start}
}

// Dead returns the names of the records whose process has ended.
func Dead(records []Record) []string {
	var names []string

	for _, record := range records {
		if !record.Alive() {
			names = append(names, record.Name)
		}
	}

	return names
}

// Stop sends SIGTERM to the processes, kills those that have not ended after grace, and returns an error when one still
// runs after another grace. A grace of 0 kills at once.
func Stop(records []Record, grace, patience time.Duration) error {
	alive := func(r Record) bool { return r.Alive() }

	if grace > 0 {
		signal(records, syscall.SIGTERM)
		Until(grace, func() bool { return !slices.ContainsFunc(records, alive) })
	}

	signal(records, syscall.SIGKILL)

	if !Until(patience, func() bool { return !slices.ContainsFunc(records, alive) }) {
		records = slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return !r.Alive() })

		return fmt.Errorf("failed to stop %d processes, which still run after SIGKILL: %v", len(records), records)
	}

	return nil
}

// All returns the ids of all running processes for which match returns true; match gets the folder in /proc.
// One that has ended but was not collected yet does not run.
func All(match func(proc string) bool) []int {
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed

	var pids []int

	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil || !match(folder) {
			continue
		}

		if _, running := startTime(pid); running {
			pids = append(pids, pid)
		}
	}

	return pids
}

func signal(records []Record, number syscall.Signal) {
	for _, record := range records {
		if record.Alive() {
			_ = syscall.Kill(record.PID, number) // it may end in between; Stop reports a process that stays
		}
	}
}

// Until calls done until it returns true, for as long as limit allows, and returns its last result.
func Until(limit time.Duration, done func() bool) bool {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()

	for deadline := time.Now().Add(limit); !done(); <-ticker.C {
		if time.Now().After(deadline) {
			return false
		}
	}

	return true
}

// startTime returns when a process started, in clock ticks since the machine did, and whether it still runs:
// one that has ended but was not collected by its parent does not.
func startTime(pid int) (uint64, bool) {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}

	_, rest, found := cutLast(string(content), ") ")
	fields := strings.Fields(rest)

	if !found || len(fields) <= startTimeField {
		return 0, false
	}

	start, err := strconv.ParseUint(fields[startTimeField], 10, 64)

	return start, err == nil && fields[0] != "Z" && fields[0] != "X"
}

// cutLast splits text around the last separator: a program's name may itself contain one.
func cutLast(text, separator string) (string, string, bool) {
	index := strings.LastIndex(text, separator)
	if index < 0 {
		return text, "", false
	}

	return text[:index], text[index+len(separator):], true
}
