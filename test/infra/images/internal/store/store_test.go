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

package store_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/progress"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/store"
	"github.com/onsi/gomega/gbytes"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	oldKey = "0123456789abcdef"
	newKey = "fedcba9876543210"
	// soon bounds what should happen at once, on a machine that is busy.
	soon = time.Minute
)

func text(content string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

var _ = Describe("Key", func() {
	It("has 16 digits and depends on every part and its borders", func() {
		key := store.Key([]byte("ab"), []byte("c"))
		Expect(key).To(MatchRegexp(`^[0-9a-f]{16}$`))
		Expect(store.Key([]byte("ab"), []byte("c"))).To(Equal(key))
		Expect(store.Key([]byte("a"), []byte("bc"))).NotTo(Equal(key))
		Expect(store.Key([]byte("ab"), []byte("d"))).NotTo(Equal(key))
	})
})

var _ = Describe("Store", func() {
	var (
		folder string
		log    *progress.Log
		out    *gbytes.Buffer
		kept   *store.Store
	)

	open := func() *store.Store {
		GinkgoHelper()

		opened, err := store.Open(folder, log)
		Expect(err).NotTo(HaveOccurred())

		return opened
	}

	BeforeEach(func() {
		folder = filepath.Join(GinkgoT().TempDir(), "bin", "images")
		out = gbytes.NewBuffer()
		log = &progress.Log{Out: out}
		kept = open()
		DeferCleanup(func() { _ = kept.Close() })
	})

	names := func() []string {
		GinkgoHelper()

		entries, err := os.ReadDir(folder)
		Expect(err).NotTo(HaveOccurred())

		all := make([]string, len(entries))
		for i, entry := range entries {
			all[i] = entry.Name()
		}

		return all
	}

	It("has nothing at first", func() {
		path, found := kept.Find("operator", oldKey)
		Expect(found).To(BeFalse())
		Expect(path).To(Equal(filepath.Join(folder, "operator-"+oldKey+".tar")))
	})

	It("finds what was added, and by its short name too", func() {
		path, err := kept.Add("operator", oldKey, text("old"))
		Expect(err).NotTo(HaveOccurred())

		found, ok := kept.Find("operator", oldKey)
		Expect(ok).To(BeTrue())
		Expect(found).To(Equal(path))
		Expect(os.ReadFile(filepath.Join(folder, "operator.tar"))).To(BeEquivalentTo("old"))
	})

	It("only keeps the newest of each name", func() {
		for _, name := range []string{"operator", "operator-next", "ogx"} {
			_, err := kept.Add(name, oldKey, text("old"))
			Expect(err).NotTo(HaveOccurred())
		}
		_, err := kept.Add("ogx", "1.3.0-"+oldKey, text("versioned"))
		Expect(err).NotTo(HaveOccurred())
		_, err = kept.Add("operator", newKey, text("new"))
		Expect(err).NotTo(HaveOccurred())
		_, err = kept.Add("ogx", "1.3.1-"+newKey, text("new"))
		Expect(err).NotTo(HaveOccurred())

		Expect(names()).To(ConsistOf(".lock", "operator.tar", "operator-"+newKey+".tar",
			"operator-next.tar", "operator-next-"+oldKey+".tar", "ogx.tar", "ogx-1.3.1-"+newKey+".tar"))
		Expect(os.ReadFile(filepath.Join(folder, "operator.tar"))).To(BeEquivalentTo("new"))
	})

	It("keeps the old one when creating a new one fails", func() {
		_, err := kept.Add("operator", oldKey, text("old"))
		Expect(err).NotTo(HaveOccurred())
		_, err = kept.Add("operator", newKey, func(io.Writer) error { return errors.New("no space") })
		Expect(err).To(MatchError(ContainSubstring("no space")))
		Expect(names()).To(ConsistOf(".lock", "operator.tar", "operator-"+oldKey+".tar"))
	})

	It("lets one process at a time use the folder", func() {
		opened := make(chan *store.Store, 1)
		go func() {
			defer GinkgoRecover()
			opened <- open()
		}()
		Eventually(out).WithTimeout(soon).Should(gbytes.Say("waiting for another process that creates images in " + folder))
		Expect(opened).NotTo(Receive())
		Expect(kept.Close()).To(Succeed())

		var second *store.Store
		Eventually(opened).WithTimeout(soon).Should(Receive(&second))
		Expect(second.Close()).To(Succeed())
	})

	It("removes what a killed run has left", func() {
		left, err := kept.Work()
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(filepath.Join(left, "file"), nil, 0o600)).To(Succeed())
		Expect(kept.Close()).To(Succeed())
		Expect(open().Close()).To(Succeed())
		Expect(left).NotTo(BeADirectory())
	})

	It("reports that the folder cannot be created", func() {
		file := filepath.Join(GinkgoT().TempDir(), "file")
		Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())
		_, err := store.Open(filepath.Join(file, "images"), log)
		Expect(err).To(MatchError(HavePrefix("failed to create the folder for images")))
	})
})

var _ = Describe("Discard", func() {
	It("removes a folder", func() {
		folder := filepath.Join(GinkgoT().TempDir(), "folder")
		Expect(os.MkdirAll(filepath.Join(folder, "inner"), 0o755)).To(Succeed())
		Expect(store.Discard(folder)).To(Succeed())
		Expect(folder).NotTo(BeADirectory())
	})

	It("does not remove a folder in which something is mounted", func() {
		folder := GinkgoT().TempDir()
		inner := filepath.Join(folder, "dev")
		Expect(os.Mkdir(inner, 0o755)).To(Succeed())
		if err := syscall.Mount("/dev", inner, "", syscall.MS_BIND, ""); err != nil {
			Skip("mounting takes root: " + err.Error())
		}
		DeferCleanup(syscall.Unmount, inner, syscall.MNT_DETACH)

		Expect(store.Discard(folder)).To(MatchError(ContainSubstring("something is mounted at " + inner)))
		Expect(filepath.Join(inner, "null")).To(BeAnExistingFile())
	})
})
