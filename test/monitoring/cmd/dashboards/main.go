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

// Command dashboards writes the Grafana dashboards into the folders that its arguments name.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/dashboards"
)

// Everyone may read what is part of the repository.
const mode = 0o644

func main() {
	folder := flag.String("dashboards", "", "where to write the dashboards")
	flag.Parse()
	if err := write(*folder); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	all, err := dashboards.All()
	if err != nil {
		return fmt.Errorf("failed to make the dashboards: %w", err)
	}
	for name, content := range all {
		if err := os.WriteFile(filepath.Join(folder, name+".json"), content, mode); err != nil {
			return fmt.Errorf("failed to write a dashboard: %w", err)
		}
	}
	return nil
}
