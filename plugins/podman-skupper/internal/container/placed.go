package container

import "path/filepath"

// configDir is the directory of the router's configuration, as engines name it.
func (e *Engine) configDir() string {
	dir := filepath.Dir(e.opts.ConfigFile)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}
