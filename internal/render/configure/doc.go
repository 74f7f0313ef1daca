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

// Package configure has the program that makes a server's configuration inside of the server's own image.
//
// The operator renders what a LlamaStackDistribution declares as an overlay, in JSON. Only the image knows the rest: its
// bundled configuration, and which keys, types and stores its version of the server has. So the program runs in
// that image: the init container compiles base and overlay into the file that the server reads, and the check before
// a rollout compiles and validates it with the server's own classes.
//
// The program needs Python 3.10 or later, PyYAML and the server's own packages, which every image of a server has. Run
// "python3 configure.py --help" for its arguments. Tests are in test/configure.
package configure
