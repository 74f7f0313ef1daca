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

// Package errortexts checks the texts of wrapped errors: every format of fmt.Errorf that wraps (%w) starts with
// "failed to", so that a chain of errors reads as one sentence and can be found in logs.
package errortexts

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// Prefix is what a wrapped error starts with.
const Prefix = "failed to "

// Finding is one text that breaks the rule.
type Finding struct {
	// Position is file:line:column.
	Position string
	// Text is the format as it is.
	Text string
}

// String is the finding as compilers print theirs.
func (f Finding) String() string {
	return fmt.Sprintf("%s: the wrapped error %q must start with %q", f.Position, f.Text, strings.TrimSpace(Prefix))
}

// CheckTree checks every Go file below root, apart from testdata, hidden folders and bin.
func CheckTree(root string) ([]Finding, error) {
	var findings []Finding
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skip(root, path)
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		found, err := CheckFile(path, nil)
		findings = append(findings, found...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("failed to check the error texts below %s: %w", root, err)
	}
	return findings, nil
}

// skip returns fs.SkipDir for folders without source of the project's own.
func skip(root, path string) error {
	name := filepath.Base(path)
	if path != root && (name == "bin" || name == "testdata" || strings.HasPrefix(name, ".")) {
		return fs.SkipDir
	}
	return nil
}

// CheckFile checks one file. src is its content, or nil to read it.
func CheckFile(path string, src any) ([]Finding, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("failed to parse %s: %w", path, err)
	}
	var findings []Finding
	ast.Inspect(file, func(node ast.Node) bool {
		if text, pos, ok := errorfFormat(node); ok && strings.Contains(text, "%w") && !strings.HasPrefix(text, Prefix) {
			findings = append(findings, Finding{Position: files.Position(pos).String(), Text: text})
		}
		return true
	})
	return findings, nil
}

// errorfFormat is the format of a call of fmt.Errorf, where it is written out.
func errorfFormat(node ast.Node) (string, token.Pos, bool) {
	call, ok := node.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return "", token.NoPos, false
	}
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || function.Sel.Name != "Errorf" {
		return "", token.NoPos, false
	}
	if pkg, isName := function.X.(*ast.Ident); !isName || pkg.Name != "fmt" {
		return "", token.NoPos, false
	}
	text, ok := literal(call.Args[0])
	return text, call.Args[0].Pos(), ok
}

// literal is the value of a string literal or of a sum of some; what is no literal in a sum counts as "".
func literal(expr ast.Expr) (string, bool) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.ParenExpr:
		return literal(e.X)
	case *ast.BinaryExpr:
		left, leftOK := literal(e.X)
		right, rightOK := literal(e.Y)
		return left + right, leftOK || rightOK
	default:
		return "", false
	}
}
