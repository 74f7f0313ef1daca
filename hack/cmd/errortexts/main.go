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

// Command errortexts prints every wrapped error below the given folders (default ".") whose text does not start
// with "failed to", and exits with 1 when there is one.
package main

import (
	"fmt"
	"os"

	"github.com/llamastack/llama-stack-k8s-operator/hack/errortexts"
)

func main() {
	roots := os.Args[1:]
	if len(roots) == 0 {
		roots = []string{"."}
	}
	broken := false
	for _, root := range roots {
		findings, err := errortexts.CheckTree(root)
		if err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			broken = true
		}
		for _, finding := range findings {
			fmt.Println(finding)
			broken = true
		}
	}
	if broken {
		os.Exit(1)
	}
}
