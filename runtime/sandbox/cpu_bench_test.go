package sandbox

import (
	"testing"
	"time"
)

// BenchmarkCPULimit reports how far past a CPU limit of one second a busy loop gets, in one process and
// in four threads: the time that is reported, less the limit.
func BenchmarkCPULimit(b *testing.B) {
	for _, threads := range []string{"1", "4"} {
		b.Run(threads+"-threads", func(b *testing.B) {
			s := spec(b, "/payload", "payload", "spin", threads)
			s.Limits.CPU = time.Second
			var past, worst time.Duration
			for b.Loop() {
				exit, _, _ := run(b, s)
				if exit.Reason != OverCPU {
					b.Fatalf("%+v", exit)
				}
				over := exit.Usage.CPU - s.Limits.CPU
				past, worst = past+over, max(worst, over)
			}
			b.ReportMetric(float64(past.Microseconds())/float64(b.N)/1000, "ms-past-mean")
			b.ReportMetric(float64(worst.Microseconds())/1000, "ms-past-worst")
		})
	}
}
