package host

import (
	"errors"
	"strings"
	"testing"
)

func links(rows ...[]string) View {
	return View{Kind: "link", Empty: "there are no links in namespace west", Object: List([]map[string]any{}), Rows: rows,
		Columns: []Column{{"NAME", "Name"}, {"STATUS", "Status"}, {"COST", "Cost"}, {"MESSAGE", "Message"}}}
}

func TestTextPrint(t *testing.T) {
	for _, tc := range []struct {
		name     string
		text     Text
		view     View
		out, err string
	}{
		{"table", Text{Heading: true}, links([]string{"west-link", "Ready", "1", "OK"}, []string{"x", "Pending", "10", "Not Operational"}),
			"NAME        STATUS    COST   MESSAGE\nwest-link   Ready     1      OK\nx           Pending   10     Not Operational\n", ""},
		{"table-without-heading", Text{}, links([]string{"x", "Ready", "1", "OK"}), "x      Ready    1      OK\n", ""},
		{"table-with-gaps", Text{Heading: true}, links([]string{"x", "", "1", ""}), "NAME   STATUS   COST   MESSAGE\nx               1\n", ""},
		{"table-wide-letters", Text{}, links([]string{"é", "Ready", "1", "x"}), "é      Ready    1      x\n", ""},
		{"table-message-from-outside", Text{}, links([]string{"x", "Error", "1", "a\tb\nc\x1b[31m"}), "x      Error    1      a b c[31m\n", ""},
		{"table-empty", Text{Heading: true}, links(), "", "there are no links in namespace west\n"},
		{"fields", Text{}, View{Fields: []Field{{"Name", "Name", "x"}, {"Routing key", "RoutingKey", "k"}, {"Message", "Message", ""}}},
			"Name:        x\nRouting key: k\nMessage:\n", ""},
		{"result", Text{}, View{Name: "x", Kind: "site", Verb: "created", Next: "skupper token issue FILE"}, "x\n", "next: skupper token issue FILE\n"},
		{"result-line", Text{Result: func(v View) string { return v.Kind + "/" + v.Name + " " + v.Verb }}, View{Name: "x", Kind: "site", Verb: "created"}, "site/x created\n", ""},
		{"lines", Text{}, View{Lines: []string{"Site x created", "Link y unchanged"}, Name: "z"}, "Site x created\nLink y unchanged\n", ""},
		{"no-lines", Text{}, View{Lines: []string{}, Name: "z"}, "", ""},
		{"documents", Text{}, View{Documents: []any{map[string]any{"a": 1}, map[string]any{"b": 2}}}, "a: 1\n---\nb: 2\n", ""},
		{"nothing", Text{}, View{Notes: []string{"a note"}}, "", "a note\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, err strings.Builder
			if e := tc.text.Print(Streams{Out: &out, Err: &err}, tc.view); e != nil {
				t.Fatal(e)
			}
			if out.String() != tc.out || err.String() != tc.err {
				t.Errorf("out:\n%s\nwant:\n%s\nerr %q, want %q", out.String(), tc.out, err.String(), tc.err)
			}
		})
	}
}

func TestPrintAs(t *testing.T) {
	type spec struct {
		Meta   map[string]any `json:"metadata"`
		Spec   map[string]any `json:"spec"`
		Status struct{}       `json:"status"`
	}
	obj := spec{Meta: map[string]any{"name": "x", "creationTimestamp": nil}, Spec: map[string]any{"port": 1 << 60, "html": "<&>", "off": false, "none": []any{}}}
	for _, tc := range []struct{ name, format, want string }{
		{"yaml", "yaml", "metadata:\n  name: x\nspec:\n  html: <&>\n  none: []\n  \"off\": false\n  port: 1152921504606846976\n"},
		{"json", "json", "{\n  \"metadata\": {\n    \"name\": \"x\"\n  },\n  \"spec\": {\n    \"html\": \"<&>\",\n    \"none\": [],\n    \"off\": false,\n    \"port\": 1152921504606846976\n  }\n}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, err strings.Builder
			if e := PrintAs(Streams{Out: &out, Err: &err}, tc.format, View{Name: "x", Object: obj}); e != nil {
				t.Fatal(e)
			}
			if out.String() != tc.want {
				t.Errorf("got\n%s\nwant\n%s", out.String(), tc.want)
			}
		})
	}
	var out, err strings.Builder
	if e := PrintAs(Streams{Out: &out, Err: &err}, "json", links()); e != nil || !strings.Contains(out.String(), `"items": []`) || err.String() != "" {
		t.Errorf("an empty list: %v\n%s\n%s", e, out.String(), err.String())
	}
	if e := PrintAs(Streams{Out: &out, Err: &err}, "xml", View{Object: obj}); e == nil {
		t.Error("an unknown format is printed")
	}
}

func TestEncodeDocumentsIsOneDocumentInJSON(t *testing.T) {
	var out strings.Builder
	if err := EncodeDocuments(&out, "json", []any{map[string]any{"a": 1}, map[string]any{"b": 2}}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "{\n  \"apiVersion\": \"v1\",\n  \"items\": [") {
		t.Errorf("got %s", out.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestPrintReportsAFullDisk(t *testing.T) {
	for name, v := range map[string]View{"table": links([]string{"x"}), "name": {Name: "x"}, "lines": {Lines: []string{"x"}}, "documents": {Documents: []any{1}}} {
		if err := (Text{}).Print(Streams{Out: full{}, Err: full{}}, v); err == nil {
			t.Errorf("%s: the failed write is lost", name)
		}
	}
}

func TestRecords(t *testing.T) {
	if r := Records(links([]string{"x", "Ready", "1"})); len(r) != 1 || r[0]["Name"] != "x" || r[0]["Cost"] != "1" || r[0]["Message"] != "" {
		t.Errorf("table: %v", r)
	}
	if r := Records(View{Fields: []Field{{"Routing key", "RoutingKey", "k"}}}); len(r) != 1 || r[0]["RoutingKey"] != "k" {
		t.Errorf("fields: %v", r)
	}
	if r := Records(View{Name: "x", Kind: "site"}); len(r) != 1 || r[0]["Name"] != "x" || r[0]["Kind"] != "site" {
		t.Errorf("result: %v", r)
	}
	if r := Records(View{Lines: []string{"Site x created"}}); len(r) != 1 || r[0]["Line"] != "Site x created" {
		t.Errorf("lines: %v", r)
	}
	if r := Records(links()); r == nil || len(r) != 0 {
		t.Errorf("empty: %v", r)
	}
}
