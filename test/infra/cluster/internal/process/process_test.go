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

package process_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	grace    = time.Minute
	patience = time.Minute
)

// begin starts a shell script as a daemon and returns its record.
func begin(folder process.Folder, name, script string) process.Record {
	GinkgoHelper()

	Expect(folder.Start(process.Daemon{
		Name: name, Args: []string{"/bin/sh", "-c", script}, Env: []string{"GREETING=hello", "PATH=" + os.Getenv("PATH")},
	}, string(folder))).To(Succeed())

	records, err := folder.Records()
	Expect(err).NotTo(HaveOccurred())

	for _, record := range records {
		if record.Name == name {
			DeferCleanup(func() { Expect(process.Stop([]process.Record{record}, 0, patience)).To(Succeed()) })

			return record
		}
	}

	Fail("no record of " + name)

	return process.Record{}
}

func content(path string) func() string {
	return func() string {
		read, err := os.ReadFile(path)
		Expect(err).NotTo(HaveOccurred())

		return string(read)
	}
}

var _ = Describe("a daemon", func() {
	var folder process.Folder

	BeforeEach(func() { folder = process.Folder(GinkgoT().TempDir()) })

	It("runs in a session of its own, with its own environment, and logs both streams", func() {
		record := begin(folder, "daemon", "echo $GREETING; echo $HOME oops >&2; exec sleep 60")
		Expect(record.Alive()).To(BeTrue())

		session, _, errno := syscall.Syscall(syscall.SYS_GETSID, uintptr(record.PID), 0, 0)
		Expect(errno).To(BeZero())
		Expect(int(session)).To(Equal(record.PID))
		Eventually(content(filepath.Join(string(folder), "daemon.log"))).Should(Equal("hello\noops\n"))
	})

	It("does not keep the output of its starter open", func() {
		record := begin(folder, "daemon", "exec sleep 60")

		for _, stream := range []string{"1", "2"} {
			target, err := os.Readlink("/proc/" + strconv.Itoa(record.PID) + "/fd/" + stream)
			Expect(err).NotTo(HaveOccurred())
			Expect(target).To(Equal(filepath.Join(string(folder), "daemon.log")))
		}
	})

	It("is known to have ended, collected or not", func() {
		record := begin(folder, "daemon", "exit 0")
		Eventually(record.Alive).Should(BeFalse())
		Expect(process.Dead([]process.Record{record})).To(Equal([]string{"daemon"}))
	})

	It("that cannot be started is an error", func() {
		Expect(folder.Start(process.Daemon{Name: "absent", Args: []string{"/no/such/program"}}, string(folder))).
			To(MatchError(ContainSubstring("failed to start absent")))
	})
})

var _ = Describe("Records", func() {
	It("are none where nothing was started", func() {
		Expect(process.Folder("/no/such/folder").Records()).To(BeEmpty())
	})

	It("are never confused with another process with the same id", func() {
		own := process.Identify(os.Getpid())
		Expect(own.Alive()).To(BeTrue())

		own.Start++
		Expect(own.Alive()).To(BeFalse())
	})

	It("of what has ended can be forgotten", func() {
		folder, own := GinkgoT().TempDir(), process.Identify(os.Getpid())
		for name, start := range map[string]uint64{"alive": own.Start, "ended": own.Start + 1} {
			Expect(os.WriteFile(filepath.Join(folder, name+".pid"), fmt.Appendf(nil, "%d %d\n", own.PID, start), 0o600)).To(Succeed())
		}

		Expect(process.Folder(folder).Forget()).To(Succeed())
		Expect(process.Folder(folder).Records()).To(HaveExactElements(HaveField("Name", "alive")))
	})

	It("name the file that is broken", func() {
		folder := GinkgoT().TempDir()
		Expect(os.WriteFile(filepath.Join(folder, "daemon.pid"), []byte("nonsense"), 0o600)).To(Succeed())

		_, err := process.Folder(folder).Records()
		Expect(err).To(MatchError(ContainSubstring("failed to parse " + filepath.Join(folder, "daemon.pid"))))
	})
})

var _ = Describe("Stop", func() {
	var folder process.Folder

	BeforeEach(func() { folder = process.Folder(GinkgoT().TempDir()) })

	It("lets a daemon end by itself", func() {
		record := begin(folder, "polite", `trap 'echo bye; exit' TERM; echo ready; while :; do sleep 0.05; done`)
		log := content(filepath.Join(string(folder), "polite.log"))
		Eventually(log).Should(Equal("ready\n"))

		Expect(process.Stop([]process.Record{record}, grace, patience)).To(Succeed())
		Expect(record.Alive()).To(BeFalse())
		Expect(log()).To(Equal("ready\nbye\n"))
	})

	It("kills one that does not", func() {
		record := begin(folder, "stubborn", `trap '' TERM; echo ready; while :; do sleep 0.05; done`)
		Eventually(content(filepath.Join(string(folder), "stubborn.log"))).Should(Equal("ready\n"))

		Expect(process.Stop([]process.Record{record}, 100*time.Millisecond, patience)).To(Succeed())
		Expect(record.Alive()).To(BeFalse())
	})

	It("does not stop another process with the same id", func() {
		other := exec.CommandContext(GinkgoT().Context(), "sleep", "60")
		Expect(other.Start()).To(Succeed())
		DeferCleanup(func() { _, _ = other.Process.Kill(), other.Wait() })

		record := process.Identify(other.Process.Pid)
		record.Start--
		Expect(process.Stop([]process.Record{record}, 0, patience)).To(Succeed())
		Expect(process.Identify(other.Process.Pid).Alive()).To(BeTrue())
	})
})

var _ = Describe("All", func() {
	It("finds running processes only", func() {
		ended := exec.CommandContext(GinkgoT().Context(), "true")
		Expect(ended.Start()).To(Succeed())
		Eventually(process.Identify(ended.Process.Pid).Alive).Should(BeFalse()) // ended, but not collected

		found := process.All(func(string) bool { return true })
		Expect(found).To(ContainElement(os.Getpid()))
		Expect(found).NotTo(ContainElement(ended.Process.Pid))
		Expect(ended.Wait()).To(Succeed())
	})

	It("checks each process", func() {
		own := strconv.Itoa(os.Getpid())
		Expect(process.All(func(proc string) bool { return strings.HasSuffix(proc, "/"+own) })).To(Equal([]int{os.Getpid()}))
	})
})

var _ = Describe("Until", func() {
	It("checks again until the result is true", func() {
		asked := 0
		Expect(process.Until(patience, func() bool {
			asked++

			return asked == 3
		})).To(BeTrue())
		Expect(asked).To(Equal(3))
	})

	It("gives up", func() {
		Expect(process.Until(50*time.Millisecond, func() bool { return false })).To(BeFalse())
	})
})
