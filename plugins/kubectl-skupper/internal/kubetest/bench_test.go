//go:build kube

package kubetest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// BenchmarkRedemptions is how many redemptions a second the grant server does, with API server, etcd and claimants on the same machine,
// and what CPU time each of these takes for one, which depends less on what else runs there:
// go test -tags kube -run '^$' -bench Redemptions -benchtime 1000x ./internal/kubetest
func BenchmarkRedemptions(b *testing.B) {
	for _, bb := range []struct {
		name   string
		grants int
		reuse  bool // connections, as behind a proxy; a claimant makes one each
	}{{"grants=50", 50, false}, {"grants=50/reuse", 50, true}, {"grants=1", 1, false}, {"grants=1/reuse", 1, true}} {
		b.Run(bb.name, func(b *testing.B) {
			ns := newNamespace(b, base.Prefix)
			newSite(b, ns)
			var all []*v2alpha1.AccessGrant
			for i := range bb.grants {
				g := &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprintf("g%d", i)}, Spec: v2alpha1.AccessGrantSpec{RedemptionsAllowed: b.N, ExpirationWindow: "1h"}}
				if err := admin.Create(b.Context(), g); err != nil {
					b.Fatal(err)
				}
			}
			for i := range bb.grants {
				all = append(all, await(b, &v2alpha1.AccessGrant{}, ns, fmt.Sprintf("g%d", i), (*v2alpha1.AccessGrant).IsReady))
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM([]byte(all[0].Status.CA))
			tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}, DisableKeepAlives: !bb.reuse, MaxIdleConnsPerHost: 64}
			defer tr.CloseIdleConnections()
			client := &http.Client{Transport: tr}
			var n atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			used := cpu()
			for range 32 {
				wg.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						g := all[int(i)%len(all)]
						req, err := http.NewRequest("POST", g.Status.URL, strings.NewReader(g.Status.Code))
						if err != nil {
							b.Error(err)
							return
						}
						req.Header.Set("name", fmt.Sprintf("tok-%d", i))
						resp, err := client.Do(req)
						if err != nil || resp.StatusCode != 200 {
							b.Errorf("%v, %v", resp, err)
							return
						}
						resp.Body.Close()
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			for name, ms := range cpu() {
				b.ReportMetric((ms-used[name])/float64(b.N), name+"-ms/op")
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "redemptions/s")
			sum := 0
			for _, g := range all {
				want := b.N / len(all)
				got := await(b, &v2alpha1.AccessGrant{}, ns, g.Name, func(g *v2alpha1.AccessGrant) bool { return g.Status.Redemptions >= want })
				sum += got.Status.Redemptions
			}
			if sum > b.N {
				b.Errorf("%d counted, %d made", sum, b.N)
			}
		})
	}
}

// cpu is the CPU time in milliseconds that this process and those it started have had, by program; on Linux only.
func cpu() map[string]float64 {
	const tick = 10 // milliseconds; the kernel's unit, since ever
	out := map[string]float64{}
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range all {
		text, err := os.ReadFile(name)
		before, after, ok := strings.Cut(string(text), ") ")
		if err != nil || !ok { // it has ended
			continue
		}
		pid, program, _ := strings.Cut(before, " (")
		fields := strings.Fields(after) // from the state on
		me := strconv.Itoa(os.Getpid())
		if len(fields) < 13 || pid != me && fields[1] != me {
			continue
		}
		for _, ticks := range fields[11:13] { // user and system
			n, _ := strconv.ParseFloat(ticks, 64)
			out[program] += n * tick
		}
	}
	return out
}
