package suite

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// object is a JSON object.
type object = map[string]any

// checks is the keywords of JSON Schema (json-schema.org/draft-07, Validation) that the schema uses. Each says
// what is wrong with a value, or "".
var checks map[string]func(root object, want, of any) string

func theSchema(t testing.TB) object {
	t.Helper()
	root, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

var parsed = sync.OnceValues(func() (root object, err error) {
	checks = map[string]func(object, any, any) string{
		"type": hasType, "enum": isOneOf, "pattern": matches, "required": hasKeys, "properties": eachKnown,
		"propertyNames": eachName, "items": eachItem, "not": isNot, "anyOf": isAny, "allOf": isAll, "$ref": refers,
		"uniqueItems": isUnique,
		"minimum": func(_ object, want, of any) string {
			return compared(of, func(x float64) bool { return x >= want.(float64) })
		},
		"maximum": func(_ object, want, of any) string {
			return compared(of, func(x float64) bool { return x <= want.(float64) })
		},
		"minItems": func(_ object, want, of any) string {
			return counted(of, func(n int) bool { return n >= int(want.(float64)) })
		},
		"minLength": func(_ object, want, of any) string {
			return long(of, func(n int) bool { return n >= int(want.(float64)) })
		},
		"maxLength": func(_ object, want, of any) string {
			return long(of, func(n int) bool { return n <= int(want.(float64)) })
		},
	}
	err = json.Unmarshal([]byte(Schema()), &root)
	return root, err
})

// silent are the keywords that allow anything.
var silent = []string{"$schema", "title", "description", "default", "definitions", "additionalProperties"}

// validate says what is wrong with a value, or "". A keyword that it does not know is a panic.
func validate(root object, schema, of any) string {
	if schema == false {
		return "is not allowed"
	}
	for key, want := range schema.(object) {
		if slices.Contains(silent, key) {
			continue
		}
		if what := checks[key](root, want, of); what != "" {
			return what
		}
	}
	return additional(root, schema.(object), of)
}

func refers(root object, want, of any) string {
	name := strings.TrimPrefix(want.(string), "#/definitions/")
	return validate(root, root["definitions"].(object)[name].(object), of)
}

func hasType(_ object, want, of any) string {
	for _, name := range listed(want) {
		x, isNumber := of.(float64)
		if name == typeOf(of) || name == "integer" && isNumber && x == math.Trunc(x) {
			return ""
		}
	}
	return fmt.Sprintf("%v is no %v", of, want)
}

func typeOf(of any) string {
	switch of.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case object:
		return "object"
	}
	return "null"
}

// listed makes a list of a value that may stand alone.
func listed(v any) []any {
	if all, ok := v.([]any); ok {
		return all
	}
	return []any{v}
}

func isOneOf(_ object, want, of any) string {
	if slices.ContainsFunc(want.([]any), func(w any) bool { return reflect.DeepEqual(w, of) }) {
		return ""
	}
	return fmt.Sprintf("%v is none of %v", of, want)
}

func matches(_ object, want, of any) string {
	if text, ok := of.(string); ok && !regexp.MustCompile(want.(string)).MatchString(text) {
		return fmt.Sprintf("%q does not match %s", text, want)
	}
	return ""
}

func hasKeys(_ object, want, of any) string {
	if o, ok := of.(object); ok {
		for _, key := range want.([]any) {
			if _, ok := o[key.(string)]; !ok {
				return fmt.Sprintf("%s is missing", key)
			}
		}
	}
	return ""
}

func eachKnown(root object, want, of any) string {
	o, _ := of.(object)
	for key, schema := range want.(object) {
		if part, ok := o[key]; ok {
			if what := validate(root, schema, part); what != "" {
				return key + ": " + what
			}
		}
	}
	return ""
}

func additional(root, schema object, of any) string {
	o, _ := of.(object)
	rest, restricted := schema["additionalProperties"]
	known, _ := schema["properties"].(object)
	for key, part := range o {
		if _, ok := known[key]; !ok && restricted {
			if what := validate(root, rest, part); what != "" {
				return key + ": " + what
			}
		}
	}
	return ""
}

func eachName(root object, want, of any) string {
	o, _ := of.(object)
	for key := range o {
		if what := validate(root, want, key); what != "" {
			return "name: " + what
		}
	}
	return ""
}

func eachItem(root object, want, of any) string {
	items, _ := of.([]any)
	for _, item := range items {
		if what := validate(root, want, item); what != "" {
			return what
		}
	}
	return ""
}

func isNot(root object, want, of any) string {
	if validate(root, want, of) != "" {
		return ""
	}
	return fmt.Sprintf("%.60v is what it must not be", of)
}

func isAny(root object, want, of any) string {
	all := ""
	for _, schema := range want.([]any) {
		what := validate(root, schema, of)
		if what == "" {
			return ""
		}
		all += what + "; "
	}
	return all
}

func isAll(root object, want, of any) string {
	for _, schema := range want.([]any) {
		if what := validate(root, schema, of); what != "" {
			return what
		}
	}
	return ""
}

func isUnique(_ object, _, of any) string {
	items, _ := of.([]any)
	for i, item := range items {
		if slices.ContainsFunc(items[:i], func(other any) bool { return reflect.DeepEqual(other, item) }) {
			return fmt.Sprintf("%v is there twice", item)
		}
	}
	return ""
}

func compared(of any, holds func(float64) bool) string {
	if x, ok := of.(float64); ok && !holds(x) {
		return fmt.Sprintf("%v is out of bounds", x)
	}
	return ""
}

func counted(of any, holds func(int) bool) string {
	if items, ok := of.([]any); ok && !holds(len(items)) {
		return fmt.Sprintf("%d items", len(items))
	}
	return ""
}

func long(of any, holds func(int) bool) string {
	if text, ok := of.(string); ok && !holds(utf8.RuneCountInString(text)) {
		return fmt.Sprintf("%.60q has a wrong length", text)
	}
	return ""
}

// asJSON is a YAML value as an editor sees it; merge keys and repeated ones are not its business.
func asJSON(n *yaml.Node) any {
	switch n.Kind {
	case yaml.DocumentNode:
		return asJSON(n.Content[0])
	case yaml.AliasNode:
		return asJSON(n.Alias)
	case yaml.SequenceNode:
		all := []any{}
		for _, c := range n.Content {
			all = append(all, asJSON(c))
		}
		return all
	case yaml.MappingNode:
		all := object{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			all[fmt.Sprint(asJSON(n.Content[i]))] = asJSON(n.Content[i+1])
		}
		return all
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		var x float64
		if n.Decode(&x) == nil {
			return x
		}
	}
	return n.Value
}

// invalid says what the schema finds wrong with a suite, or "".
func invalid(t testing.TB, text string) string {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	root := theSchema(t)
	return validate(root, root, asJSON(&n))
}
