package suite

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// part finds a part of the schema: the names of keys, and of a mapping among alternatives "{}".
func part(t *testing.T, root object, way ...string) object {
	t.Helper()
	at := root
	for _, name := range way {
		if name == "{}" {
			for _, one := range at["anyOf"].([]any) {
				if one.(object)["type"] == "object" {
					at = one.(object)
				}
			}
			continue
		}
		next, ok := at[name].(object)
		if !ok {
			t.Fatalf("the schema has no %v", way)
		}
		at = next
	}
	return at
}

// TestSchemaKnowsEachKey compares the schema with the decoder's tables, both ways.
func TestSchemaKnowsEachKey(t *testing.T) {
	root := theSchema(t)
	for name, c := range map[string]struct {
		way  []string
		keys keys
	}{
		"suite":      {nil, suiteKeys},
		"case":       {[]string{"definitions", "case"}, caseKeys},
		"group":      {[]string{"definitions", "group"}, groupKeys},
		"limits":     {[]string{"definitions", "limits"}, limitKeys},
		"compare":    {[]string{"definitions", "compare", "{}"}, compareKeys},
		"digest":     {[]string{"definitions", "answer-digest"}, digestKeys},
		"checker":    {[]string{"definitions", "checker", "{}"}, toolKeys},
		"interactor": {[]string{"definitions", "interactor", "{}"}, toolKeys},
	} {
		at := part(t, root, c.way...)
		var got []string
		for key := range at["properties"].(object) {
			got = append(got, key)
		}
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(c.keys.known)); !slices.Equal(got, want) {
			t.Errorf("%s: the schema knows\n%s\nand the decoder\n%s", name, got, want)
		}
		if at["additionalProperties"] != false {
			t.Errorf("%s: other keys are not refused", name)
		}
	}
}

func TestSchemaKnowsEachWord(t *testing.T) {
	root := theSchema(t)
	for _, c := range []struct {
		way  []string
		want []string
	}{
		{[]string{"definitions", "mode"}, texts(modes)},
		{[]string{"definitions", "visibility"}, texts(visibilities)},
		{[]string{"definitions", "group", "properties", "score"}, texts(scorings)},
		{[]string{"definitions", "checker", "{}", "properties", "protocol"}, texts(checkers)},
		{[]string{"definitions", "interactor", "{}", "properties", "protocol"}, texts(interactors)},
		{[]string{"definitions", "compare", "{}", "properties", "case"}, []string{"ignore"}},
	} {
		var got []string
		for _, word := range part(t, root, c.way...)["enum"].([]any) {
			got = append(got, word.(string))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: the schema has %v, the decoder %v", c.way, got, c.want)
		}
	}
}

func texts[T ~string](words []T) []string {
	var all []string
	for _, word := range words {
		all = append(all, string(word))
	}
	return all
}

// TestSchemaExplainsEachKey: editors show the descriptions.
func TestSchemaExplainsEachKey(t *testing.T) {
	root := theSchema(t)
	var look func(name string, at object)
	look = func(name string, at object) {
		if to, ok := at["$ref"].(string); ok {
			at = part(t, root, strings.Split(strings.TrimPrefix(to, "#/"), "/")...)
		} else if properties, ok := at["properties"].(object); ok {
			for key, property := range properties {
				look(name+"."+key, property.(object))
			}
		}
		if text, _ := at["description"].(string); len(text) < 10 {
			t.Errorf("%s is not described", name)
		}
	}
	look("suite", root)
	for name, one := range root["definitions"].(object) {
		look(name, one.(object))
		if alternatives, ok := one.(object)["anyOf"].([]any); ok {
			for _, alternative := range alternatives {
				if properties, ok := alternative.(object)["properties"].(object); ok {
					look(name, object{"description": "described above", "properties": properties})
				}
			}
		}
	}
}

// TestSchemaAcceptsSuites: the shipped suites are valid, and name the schema for editors.
func TestSchemaAcceptsSuites(t *testing.T) {
	shipped, err := filepath.Glob("../../suites/*/suite.yaml")
	if err != nil || len(shipped) < 4 {
		t.Fatalf("suites: %v, %v", shipped, err)
	}
	own, err := filepath.Glob("../../fixtures/*/suite.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.Concat(shipped, own) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if what := invalid(t, string(text)); what != "" {
			t.Errorf("%s: %s", file, what)
		}
	}
	for _, file := range shipped {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# yaml-language-server: $schema=../"+SchemaFile+"\n") {
			t.Errorf("%s does not begin with its schema", file)
		}
	}
	beside, err := os.ReadFile("../../suites/" + SchemaFile)
	if err != nil || string(beside) != Schema() {
		t.Errorf("the schema beside the suites is another: %v", err)
	}
}

// shapes are the mistakes that a schema can see: those of a value by itself. They are parts of the messages.
var shapes = []string{
	"unknown key", "does not belong here", "must be a mapping", "must be a list", "must be text, not", "must be a number",
	"must be true or false", "is not a mode", "is not a visibility", "is not a way to score", "is not a protocol",
	"is not known (only", "missing (", "name: missing", "cases: missing", "program: missing", "answer-digest.salt: ", "answer-digest.rounds: ", "answer-digest.right: ", "answer-digest.near: \"", "answer-digest.near: 3", "is empty", "needs a unit", "is not a size", "is not a duration", "is negative",
	"is not a whole number", "are too little for any program", "cannot stand beside", "means nothing beside the interactor",
	"is listed twice", "contains a slash", "is longer than 100", "must be relative", "may not lead out", "is not NAME=value",
	"is not a version", "is not absolute", "empty: a suite has", "YAML takes",
}

// unseen are mistakes of these kinds that a schema cannot see: they are only known where other parts are.
var unseen = []string{"cases[0].compare: means nothing beside", "or contain themselves", "is empty (", "1: empty"}

func isShape(mistake string) bool {
	in := func(list []string) bool {
		return slices.ContainsFunc(list, func(part string) bool { return strings.Contains(mistake, part) })
	}
	return in(shapes) && !in(unseen)
}
