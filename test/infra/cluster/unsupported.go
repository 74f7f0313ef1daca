//go:build !linux

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

// Command cluster runs a one-node Kubernetes on a bare Linux machine. On other systems it can only report which cluster
// the user has chosen.
package main

import (
	"fmt"
	"os"
)

func main() {
	path := os.Getenv("KUBECONFIG")

	switch {
	case path == "":
		fmt.Fprintln(os.Stderr, "error: a cluster can be started on Linux only; start one by other means, such as kind, and set KUBECONFIG")
		os.Exit(1)
	case len(os.Args) > 1 && os.Args[1] == "kubeconfig":
		fmt.Fprintln(os.Stdout, path)
	default:
		fmt.Fprintf(os.Stderr, "using the cluster of KUBECONFIG=%s; nothing to start or stop\n", path)
	}
}
