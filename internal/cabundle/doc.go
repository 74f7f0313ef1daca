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

// Package cabundle merges certificates of several ConfigMaps into one bundle.
//
// What counts as a certificate is what counted in 0.9.0: PEM blocks of the type CERTIFICATE that Go's x509 can parse.
// Blocks of other types (keys, requests, "TRUSTED CERTIFICATE") and text around blocks are left out, so no private
// key that strayed into a ConfigMap gets any further. The bundle is a function of the set of certificates: their
// order, their duplicates and what stood around them make no difference, so that they roll no Pods.
package cabundle
