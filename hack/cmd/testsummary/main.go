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

// Command testsummary reads the stream of "go test -json" and prints one line a package, the output of what
// failed and a closing count. It exits with 1 when a test failed or, without -allow-skipped, when one did not run.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/llamastack/llama-stack-k8s-operator/hack/testsummary"
)

func main() {
	allowSkipped := flag.Bool("allow-skipped", false, "do not fail because of specs that were skipped or pending")
	flag.Parse()
	summary, err := testsummary.Read(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Println(summary)
	if summary.Failed > 0 || (!summary.OK() && !*allowSkipped) {
		os.Exit(1)
	}
}
