package registry

// What docker calls its public registry is neither the host that it asks nor what it keeps a login
// under. These names are typed in references and stored in files, so that they must be understood;
// no name without a host leads there (see Parse).
const (
	hubName   = "docker.io"
	hubHost   = "registry-1.docker.io"
	hubLogin  = "index.docker.io"
	hubFolder = "library/"
)

// apiHost is the host that is asked for the images of host.
func apiHost(host string) string {
	if host == hubName {
		return hubHost
	}
	return host
}
