package sandbox

import "runtime"

const seccompArch = runtime.GOARCH
