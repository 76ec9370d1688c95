package container

import "path/filepath"

// configDir is the directory of the router's configuration, as engines name it.
func (e *Engine) configDir() string { return resolved(filepath.Dir(e.opts.ConfigFile)) }

// resolved is a path without symbolic links, also while the end of it is not there: a container is told by a directory that may have
// been removed, as when somebody removes a namespace by hand.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(resolved(dir), filepath.Base(path))
	}
	return path
}
