// A server that takes Encrypted Client Hello (RFC 9849), and a client that speaks it, through CONNECT or straight.
//
//	ech serve ADDRESS PUBLIC_NAME             prints the ECHConfigList in base64, then serves: `NAME ech=true|false`
//	ech dial ADDRESS AUTHORITY INNER CONFIGS  AUTHORITY is what CONNECT asks for, or "-" to speak TLS straight to ADDRESS
package main

import (
	"bufio"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Println("closed:", err)
		os.Exit(0)
	}
}

// config is an ECHConfig for X25519, HKDF-SHA256 and AES-128-GCM.
func config(key *ecdh.PrivateKey, publicName string) []byte {
	contents := []byte{1, 0x00, 0x20}
	contents = binary.BigEndian.AppendUint16(contents, uint16(len(key.PublicKey().Bytes())))
	contents = append(contents, key.PublicKey().Bytes()...)
	contents = append(contents, 0x00, 0x04, 0x00, 0x01, 0x00, 0x01, 64, byte(len(publicName)))
	contents = append(contents, publicName...)
	contents = append(contents, 0x00, 0x00)
	made := binary.BigEndian.AppendUint16([]byte{0xfe, 0x0d}, uint16(len(contents)))
	return append(made, contents...)
}

func serve(address, publicName string) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	check(err)
	own := config(key, publicName)
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &signer.PublicKey, signer)
	check(err)
	listener, err := tls.Listen("tcp", address, &tls.Config{
		Certificates:             []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: signer}},
		EncryptedClientHelloKeys: []tls.EncryptedClientHelloKey{{Config: own, PrivateKey: key.Bytes()}},
	})
	check(err)
	list := append(binary.BigEndian.AppendUint16(nil, uint16(len(own))), own...)
	fmt.Println(base64.StdEncoding.EncodeToString(list))
	for {
		accepted, err := listener.Accept()
		check(err)
		go func(conn *tls.Conn) {
			defer conn.Close()
			if conn.Handshake() == nil {
				state := conn.ConnectionState()
				fmt.Fprintf(conn, "%s ech=%t\n", state.ServerName, state.ECHAccepted)
			}
		}(accepted.(*tls.Conn))
	}
}

func dial(address, authority, inner, configs string) {
	list, err := base64.StdEncoding.DecodeString(configs)
	check(err)
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	check(err)
	check(conn.SetDeadline(time.Now().Add(8 * time.Second)))
	if authority != "-" {
		fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority)
		answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
		check(err)
		if answer.StatusCode != http.StatusOK {
			check(fmt.Errorf("CONNECT: %s", answer.Status))
		}
	}
	// InsecureSkipVerify: who is there is told by the answer, not by a certificate.
	secure := tls.Client(conn, &tls.Config{
		ServerName:                     inner,
		InsecureSkipVerify:             true,
		MinVersion:                     tls.VersionTLS13,
		EncryptedClientHelloConfigList: list,
	})
	check(secure.Handshake())
	line, err := bufio.NewReader(secure).ReadString('\n')
	check(err)
	fmt.Print(line)
}

func main() {
	if os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3])
	} else {
		dial(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	}
}
