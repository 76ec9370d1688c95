package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// listenDNS opens the port where pods ask for names.
func (c *Cluster) listenDNS(ctx context.Context) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, "udp", c.dns+":53")
}

// answerNames answers questions for NAME.NAMESPACE.svc.cluster.local until the port is closed.
func (c *Cluster) answerNames(ctx context.Context, port net.PacketConn) {
	buf := make([]byte, 512)
	for {
		n, from, err := port.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // a port of an earlier asker may be unreachable
		}
		answer, err := c.answer(ctx, buf[:n])
		if err == nil {
			_, _ = port.WriteTo(answer, from) // who does not get it asks again
		}
	}
}

// answer makes the answer to one question. An error means that the asker gets none.
func (c *Cluster) answer(ctx context.Context, question []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(question)
	if err != nil {
		return nil, err
	}
	q, err := parser.Question()
	if err != nil {
		return nil, err
	}
	header.Response, header.Authoritative, header.RCode = true, true, dnsmessage.RCodeNameError
	var address netip.Addr
	labels := strings.Split(q.Name.String(), ".") // with an empty last one
	if len(labels) == 6 && strings.HasSuffix(strings.ToLower(q.Name.String()), ".svc.cluster.local.") {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		text, err := c.clusterIP(ctx, strings.ToLower(labels[1]), strings.ToLower(labels[0]))
		if err != nil {
			return nil, err // the API is away: no answer is right
		}
		if text != "" {
			header.RCode = dnsmessage.RCodeSuccess
		}
		address, _ = netip.ParseAddr(text) // there is none for "None"
	}
	b := dnsmessage.NewBuilder(nil, header)
	if err := errors.Join(b.StartQuestions(), b.Question(q), b.StartAnswers()); err != nil {
		return nil, err
	}
	if address.Is4() && q.Type == dnsmessage.TypeA {
		rh := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}
		if err := b.AResource(rh, dnsmessage.AResource{A: address.As4()}); err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

// resolvConf is where programs look who answers names.
const resolvConf = "/etc/resolv.conf"

// FindNames has this process, and those that it starts from now on, find Services of the cluster as NAME.NAMESPACE, as its pods do.
func (c *Cluster) FindNames() error {
	file := c.path("resolv-outside.conf")
	if err := os.WriteFile(file, []byte("search svc.cluster.local\nnameserver "+c.dns+"\n"), 0o644); err != nil {
		return err
	}
	target := resolvConf
	if link, err := os.Readlink(resolvConf); err == nil { // into a /run that is not the machine's any more
		if target = link; !filepath.IsAbs(link) {
			target = filepath.Join(filepath.Dir(resolvConf), link)
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(target, os.O_CREATE|os.O_RDONLY, 0o644) // nothing can be mounted on what is not there
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := syscall.Mount(file, target, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("put names of the cluster into %s: %w", target, err)
	}
	return nil
}
