package engineapi

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// CredentialsFor finds the credentials for an image where `podman login` and `docker login` keep them. What a credential
// helper keeps is not found; engines that know the helper ask it themselves.
func CredentialsFor(ref string, uid int, getenv func(string) string) Credentials {
	for _, file := range credentialFiles(uid, getenv) {
		if c, ok := fromFile(file, ref); ok {
			return c
		}
	}
	return Credentials{}
}

// credentialFiles are the files in which they may be. One that the user names is the only one.
func credentialFiles(uid int, getenv func(string) string) (files []string) {
	if f := getenv("REGISTRY_AUTH_FILE"); f != "" {
		return []string{f}
	}
	if run := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(run) {
		files = append(files, filepath.Join(run, "containers", "auth.json"))
	}
	files = append(files, filepath.Join("/run/containers", strconv.Itoa(uid), "auth.json"))
	home := getenv("HOME")
	conf := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(conf) && home != "" {
		conf = filepath.Join(home, ".config")
	}
	if conf != "" {
		files = append(files, filepath.Join(conf, "containers", "auth.json"))
	}
	docker := getenv("DOCKER_CONFIG")
	if docker == "" && home != "" {
		docker = filepath.Join(home, ".docker")
	}
	if docker != "" {
		files = append(files, filepath.Join(docker, "config.json"))
	}
	return files
}

// fromFile gives the entry of a file that fits an image most closely.
func fromFile(file, ref string) (Credentials, bool) {
	f, err := os.Open(file)
	if err != nil {
		return Credentials{}, false
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxAnswer))
	if err != nil {
		return Credentials{}, false
	}
	var in struct {
		Auths map[string]struct {
			Auth          string `json:"auth"`
			IdentityToken string `json:"identitytoken"`
		} `json:"auths"`
	}
	if json.Unmarshal(b, &in) != nil {
		return Credentials{}, false
	}
	best := ""
	for key := range in.Auths {
		if covers(key, ref) && len(key) > len(best) {
			best = key
		}
	}
	if best == "" {
		return Credentials{}, false
	}
	entry := in.Auths[best]
	text, err := base64.StdEncoding.DecodeString(entry.Auth)
	user, password, ok := strings.Cut(strings.TrimRight(string(text), "\x00"), ":")
	if err != nil || !ok && entry.IdentityToken == "" {
		return Credentials{}, false
	}
	if entry.IdentityToken != "" {
		return Credentials{Token: entry.IdentityToken}, true
	}
	return Credentials{Username: user, Password: password}, true
}

// covers tells whether an entry (a registry or a path in it) is for an image.
func covers(entry, ref string) bool {
	entry = strings.TrimPrefix(strings.TrimPrefix(entry, "https://"), "http://")
	entry = strings.TrimSuffix(entry, "/")
	if entry == "index.docker.io/v1" {
		entry = "docker.io"
	}
	return ref == entry || strings.HasPrefix(ref, entry+"/") || strings.HasPrefix(ref, entry+":") && strings.Contains(entry, "/")
}
