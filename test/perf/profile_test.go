//go:build perf

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

package perf_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// profileFolder is the variable that names the folder for profiles; none are taken without it.
	profileFolder = "BENCH_PROFILE"
	// profileSeconds is how much of a phase the profile of the CPU shows, from its beginning.
	profileSeconds = 60
)

// profiled runs a function, and keeps the operator's CPU profile during it and its heap profile at the end, as NAME.cpu
// and NAME.heap for "go tool pprof".
func profiled(name string, do func()) {
	GinkgoHelper()
	folder := os.Getenv(profileFolder)
	if folder == "" || name == "restart" { // whose process starts within
		do()
		return
	}
	Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
	var profile sync.WaitGroup
	profile.Go(func() {
		defer GinkgoRecover()
		keep(fmt.Sprintf("profile?seconds=%d", profileSeconds), filepath.Join(folder, name+".cpu"))
	})
	do()
	profile.Wait()
	keep("heap?gc=1", filepath.Join(folder, name+".heap"))
}

// keep stores one of the operator's profiles.
func keep(profile, path string) {
	GinkgoHelper()
	response, err := fetch("http://" + operator.profiles + "/debug/pprof/" + profile)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	Expect(response.StatusCode).To(Equal(http.StatusOK), profile)
	file, err := os.Create(path)
	Expect(err).NotTo(HaveOccurred())
	_, err = io.Copy(file, response.Body)
	Expect(err).NotTo(HaveOccurred())
	Expect(file.Close()).To(Succeed())
}
