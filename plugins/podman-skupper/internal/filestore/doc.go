// Package filestore keeps the resources of a local site in files: a site.Store on a directory.
//
// What the user wants is in input/resources, one file for each resource written here (<Kind>-<name>.yaml), and any
// other *.yaml or *.yml file, with one or more documents, that somebody puts there. What has become of it, the
// resources with their statuses, is in runtime/resources. A resource is put together from both: metadata and spec from
// the input, the status from the runtime.
//
// A file that cannot be used never takes the others down with it: its resources are taken from the copy of the last
// good version (internal/snapshot), and [Store.Load] names the file and the line. Files are written in one step and
// under a lock, so that any writer may be killed at any point. Files with secrets can be read by their owner only.
// Fields that this program does not know survive its updates; comments in a document that is updated do not.
package filestore
