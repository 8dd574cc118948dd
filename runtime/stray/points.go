package stray

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

// Points finds the failpoints in the Go files below folders: by the step's name, whether it can only kill.
func Points(folders ...string) (map[string]bool, error) {
	points := map[string]bool{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			return pointsOf(file, points)
		})
		if err != nil {
			return nil, err
		}
	}
	return points, nil
}

func pointsOf(file *ast.File, points map[string]bool) (err error) {
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		of, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pack, ok := of.X.(*ast.Ident)
		if !ok || pack.Name != "failpoint" {
			return true
		}
		literal, ok := call.Args[0].(*ast.BasicLit)
		if !ok {
			err = fmt.Errorf("%s: a failpoint whose step is not written out", file.Name.Name)
			return false
		}
		step, unquoted := strconv.Unquote(literal.Value)
		if _, known := points[step]; known || unquoted != nil {
			err = fmt.Errorf("%s: the failpoint %s is there twice", file.Name.Name, literal.Value)
			return false
		}
		points[step] = of.Sel.Name == "Kill"
		return true
	})
	return err
}
