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

// Command dashboards writes the Grafana dashboards, and a picture of each, into the folders that its flags name.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/dashboards"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/pictures"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/recordings"
)

// Everyone may read what is part of the repository.
const mode = 0o644

// folders are where the program reads and writes.
type folders struct{ dashboards, pictures, recordings string }

func main() {
	var of folders
	flag.StringVar(&of.dashboards, "dashboards", "", "where to write the dashboards")
	flag.StringVar(&of.pictures, "pictures", "", "where to write their pictures")
	flag.StringVar(&of.recordings, "recordings", "", "where the recordings are, from which the pictures are drawn")
	flag.Parse()
	if err := write(context.Background(), of); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func write(ctx context.Context, of folders) error {
	all, err := dashboards.All()
	if err != nil {
		return fmt.Errorf("failed to make the dashboards: %w", err)
	}
	data, err := recordings.Load(of.recordings)
	if err != nil {
		return fmt.Errorf("failed to load the recordings: %w", err)
	}
	for name, content := range all {
		file := filepath.Join(of.dashboards, name+".json")
		if err := os.WriteFile(file, content, mode); err != nil {
			return fmt.Errorf("failed to write a dashboard: %w", err)
		}
		board, err := grafana.Read(file)
		if err != nil {
			return fmt.Errorf("failed to read what was written: %w", err)
		}
		picture, err := pictures.Draw(ctx, board, data)
		if err != nil {
			return fmt.Errorf("failed to draw a picture: %w", err)
		}
		if err := os.WriteFile(filepath.Join(of.pictures, name+".svg"), picture, mode); err != nil {
			return fmt.Errorf("failed to write a picture: %w", err)
		}
	}
	return nil
}
