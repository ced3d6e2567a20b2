package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// certificate is the pair of files with which the program speaks TLS. It is
// read again when a file changed, so that a renewal needs no restart.
type certificate struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  string // of the files as they were read
	looked time.Time
}

// certificateEvery is how often the files are looked at, at most.
const certificateEvery = 10 * time.Second

func newCertificate(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, errors.New("TLS needs both a certificate and its key")
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, now: now, log: log}
	stamp, err := c.stampNow()
	if err == nil {
		err = c.read(stamp)
	}
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	return c, nil
}

func (c *certificate) stampNow() (string, error) {
	var b strings.Builder
	for _, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%d %d ", info.ModTime().UnixNano(), info.Size())
	}
	return b.String(), nil
}

func (c *certificate) read(stamp string) error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.stamp = &pair, stamp
	return nil
}

// get is the certificate of a handshake. Files that are half written or gone
// leave the old one in use, and a line in the log.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= certificateEvery {
		c.looked = now
		stamp, err := c.stampNow()
		if err == nil && stamp != c.stamp {
			if err = c.read(stamp); err == nil {
				c.log.Info("read the new TLS certificate")
			}
		}
		if err != nil {
			c.log.Error("the TLS certificate could not be read again; the old one stays in use", "error", err)
		}
	}
	return c.pair, nil
}

// config is TLS 1.3, or 1.2 with suites that keep what was said secret when the
// key becomes known later, and whose encryption is authenticated (RFC 9325, 4.2).
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, CipherSuites: []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}}
}

// ParseProxies reads a list of networks, "10.0.0.0/8, 192.0.2.7".
func ParseProxies(list string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(word); err == nil {
				p = netip.PrefixFrom(a, a.BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: want an address or a network, like 192.0.2.7 or 10.0.0.0/8", word)
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("trusted proxy %q: everybody would be trusted to say who they are", word)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// clientIP is how the address of a client is found: that of the connection,
// unless a proxy that is known made it, which says in X-Forwarded-For for whom.
func clientIP(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
