package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// CMS (RFC 5652) as PAdES B-B wants it (ETSI EN 319 142-1, 6.3): SHA-256, the
// signed attributes content-type, message-digest and signing-certificate-v2
// (RFC 5035), and no signing-time, which the dictionary of the PDF has. The
// libraries for Go write the older adbe.pkcs7.detached with a signing-time of
// their own clock.
var (
	oidData        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256      = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSA256    = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidRSA256      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Encapsulated     encapsulated
	Certificates     asn1.RawValue
	SignerInfos      []signerInfo `asn1:"set"`
}

type encapsulated struct{ Type asn1.ObjectIdentifier }

type signerInfo struct {
	Version            int
	Issuer             issuerAndSerial
	DigestAlgorithm    pkix.AlgorithmIdentifier
	SignedAttributes   asn1.RawValue
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Signature          []byte
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type signingCertificate struct{ Certificates []certificateID }

// certificateID is ESSCertIDv2 with SHA-256, the default that DER leaves out.
type certificateID struct{ Hash []byte }

// SignCMS signs content that has the given SHA-256, detached. The length of an
// ECDSA signature depends on chance: [SignCMSLength] chooses.
func SignCMS(k Keys, digest [sha256.Size]byte) ([]byte, error) {
	attributes, err := signedAttributes(k.Chain, digest)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(wrap(asn1.ClassUniversal, asn1.TagSet, attributes))
	signature, err := k.PDF.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return marshalCMS(k.Chain, attributes, signature)
}

// SignCMSLength is SignCMS with a result of exactly length bytes, so that no
// byte of the place reserved for it is left that the signature does not need: a
// filler could be changed unseen.
func SignCMSLength(k Keys, digest [sha256.Size]byte, length int) ([]byte, error) {
	for range 1000 { // each try fits with one half, or always
		der, err := SignCMS(k, digest)
		if err != nil || len(der) == length {
			return der, err
		}
	}
	return nil, fmt.Errorf("signing: no signature of %d bytes", length)
}

// CommonLength is the length that most results of SignCMS have: every one with
// RSA, about one half with ECDSA.
func CommonLength(k Keys) (int, error) {
	attributes, err := signedAttributes(k.Chain, [sha256.Size]byte{})
	if err != nil {
		return 0, err
	}
	var signature []byte
	switch key := k.PDF.Public().(type) {
	case *rsa.PublicKey:
		signature = make([]byte, key.Size())
	case *ecdsa.PublicKey:
		// The two numbers are random below 2 to the bits. Where bits fill whole
		// bytes, one half of all numbers need a zero in front, so most often one of
		// two does; else nearly all take the last byte.
		bits := key.Curve.Params().BitSize
		number := func(bits int) *big.Int {
			return new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1))
		}
		r, s := number(bits), number(bits)
		if bits%8 == 0 {
			s = number(bits - 1)
		}
		if signature, err = asn1.Marshal(struct{ R, S *big.Int }{r, s}); err != nil {
			return 0, err
		}
	}
	der, err := marshalCMS(k.Chain, attributes, signature)
	return len(der), err
}

func algorithmFor(key crypto.PublicKey) (pkix.AlgorithmIdentifier, error) {
	switch key.(type) {
	case *ecdsa.PublicKey:
		return pkix.AlgorithmIdentifier{Algorithm: oidECDSA256}, nil
	case *rsa.PublicKey:
		return pkix.AlgorithmIdentifier{Algorithm: oidRSA256, Parameters: asn1.NullRawValue}, nil
	}
	return pkix.AlgorithmIdentifier{}, fmt.Errorf("signing: no way to sign with a %T", key)
}

// signedAttributes gives the content of the set, in the order of DER.
func signedAttributes(chain []*x509.Certificate, digest [sha256.Size]byte) ([]byte, error) {
	// Every certificate of the chain is named, so that none can be changed unseen.
	var ids signingCertificate
	for _, c := range chain {
		sum := sha256.Sum256(c.Raw)
		ids.Certificates = append(ids.Certificates, certificateID{sum[:]})
	}
	var encoded [][]byte
	for _, a := range []struct {
		oid   asn1.ObjectIdentifier
		value any
	}{{oidContentType, oidData}, {oidDigest, digest[:]}, {oidSigningCert, ids}} {
		value, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, err
		}
		der, err := asn1.Marshal(attribute{a.oid, []asn1.RawValue{{FullBytes: value}}})
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, der)
	}
	slices.SortFunc(encoded, bytes.Compare)
	return slices.Concat(encoded...), nil
}

func marshalCMS(chain []*x509.Certificate, attributes, signature []byte) ([]byte, error) {
	algorithm, err := algorithmFor(chain[0].PublicKey)
	if err != nil {
		return nil, err
	}
	var certificates [][]byte
	for _, c := range chain {
		certificates = append(certificates, c.Raw)
	}
	slices.SortFunc(certificates, bytes.Compare) // a set in DER
	hash := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	return asn1.Marshal(contentInfo{oidSignedData, signedData{
		Version: 1, DigestAlgorithms: []pkix.AlgorithmIdentifier{hash}, Encapsulated: encapsulated{oidData},
		Certificates: asn1.RawValue{FullBytes: wrap(asn1.ClassContextSpecific, 0, slices.Concat(certificates...))},
		SignerInfos: []signerInfo{{
			Version: 1, Issuer: issuerAndSerial{asn1.RawValue{FullBytes: chain[0].RawIssuer}, chain[0].SerialNumber}, DigestAlgorithm: hash,
			SignedAttributes:   asn1.RawValue{FullBytes: wrap(asn1.ClassContextSpecific, 0, attributes)},
			SignatureAlgorithm: algorithm, Signature: signature,
		}},
	}})
}

// wrap puts content into a constructed element.
func wrap(class, tag int, content []byte) []byte {
	der, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: content})
	if err != nil {
		panic(err) // only a class or tag that does not exist
	}
	return der
}

// VerifyCMS checks a signature of [SignCMS] over content with the given SHA-256
// and returns the certificates, the signer's own first. It takes exactly what
// SignCMS writes and nothing that means the same, so that a signature with any
// byte changed is refused. It does not say whether the certificate is to be
// trusted. Errors: ErrSignature.
func VerifyCMS(der []byte, digest [sha256.Size]byte) ([]*x509.Certificate, error) {
	bad := func(what string) ([]*x509.Certificate, error) { return nil, fmt.Errorf("%w: %s", ErrSignature, what) }
	var info contentInfo
	if rest, err := asn1.Unmarshal(der, &info); err != nil || len(rest) > 0 || !info.Type.Equal(oidSignedData) || len(info.Content.SignerInfos) != 1 {
		return bad("not a signature")
	}
	signer := info.Content.SignerInfos[0]
	all, err := x509.ParseCertificates(info.Content.Certificates.Bytes)
	if err != nil || len(all) == 0 {
		return bad("no certificates")
	}
	chain, err := inOrder(all, signer)
	if err != nil {
		return bad(err.Error())
	}
	attributes, err := signedAttributes(chain, digest)
	if err != nil {
		return bad(err.Error())
	}
	// What it must look like, with the signature that it has.
	want, err := marshalCMS(chain, attributes, signer.Signature)
	if err != nil || !bytes.Equal(der, want) {
		return bad("it is of other content or of another certificate")
	}
	sum := sha256.Sum256(wrap(asn1.ClassUniversal, asn1.TagSet, attributes))
	switch key := chain[0].PublicKey.(type) {
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, sum[:], signer.Signature) {
			return bad("it was not made with the key of its certificate")
		}
	case *rsa.PublicKey:
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signer.Signature) != nil {
			return bad("it was not made with the key of its certificate")
		}
	}
	return chain, nil
}

// inOrder puts the signer's certificate first and its issuers behind it.
func inOrder(all []*x509.Certificate, signer signerInfo) ([]*x509.Certificate, error) {
	i := slices.IndexFunc(all, func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawIssuer, signer.Issuer.Issuer.FullBytes) && c.SerialNumber.Cmp(signer.Issuer.Serial) == 0
	})
	if i < 0 {
		return nil, errors.New("the signer's certificate is missing")
	}
	chain := []*x509.Certificate{all[i]}
	all = slices.Delete(slices.Clone(all), i, i+1)
	for len(all) > 0 {
		last := chain[len(chain)-1]
		i := slices.IndexFunc(all, func(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, last.RawIssuer) })
		if i < 0 {
			return nil, errors.New("a certificate did not issue any of the others")
		}
		chain = append(chain, all[i])
		all = slices.Delete(all, i, i+1)
	}
	return chain, nil
}
