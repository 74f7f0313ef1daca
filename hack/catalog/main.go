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

// Command catalog prints the package and the channels of a file-based catalog, rendered from a template.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/llamastack/llama-stack-k8s-operator/hack/catalog/internal/channels"
)

func main() {
	template := flag.String("template", "", "the template, an olm.semver or an olm.template.basic")
	bundles := flag.String("bundles", "", "a folder of rendered bundles")
	flag.Parse()
	if err := channels.Write(os.Stdout, *template, *bundles); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
