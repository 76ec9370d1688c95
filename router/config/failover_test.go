package config

import "testing"

func TestParseFailover(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " , ": "", "h": "h:5672", "h:1": "h:1", "amqp://h": "amqp://h:5672", "amqps://[::1]:7": "amqps://[::1]:7", "[::1]": "[::1]:5672", "a:1, amqp://b:2": "a:1 amqp://b:2",
	} {
		places, err := ParseFailover(text)
		got := ""
		for i, p := range places {
			if i > 0 {
				got += " "
			}
			got += p.String()
		}
		if err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	many := ""
	for range MaxPlaces + 1 {
		many += "h,"
	}
	for _, text := range []string{"http://h:1", "h:nothing/", "amqp://", "a b:1", "h:70000", many} {
		if places, err := ParseFailover(text); err == nil {
			t.Errorf("%q is %v", text, places)
		}
	}
}
