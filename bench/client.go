// A compiled client and server for bench/proxy.py: an interpreter's own time would hide what the proxy adds.
//
//	client serve ADDRESS TLSPORT PLAINPORT           answers over TLS, and to a ClientHello without TLS
//	client latency ROUNDS DIRECT PROXY NAME           direct and proxied in turns, milliseconds
//	client rate COUNT WORKERS TARGET PROXY NAME       COUNT connections at once through PROXY, or directly where it is -
//	client turns ROUNDS TARGET NAME PROXY...          connect, TLS and a byte through each PROXY in turns, milliseconds
//
// PROXY is ADDRESS:PORT; sni:ADDRESS is one that takes TLS as it is; one of =ADDRESS:PORT is spoken to as the target
// would be: so does a program that was steered there.
//
// It prints JSON. The standard library is all that it needs.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const patience = 20 * time.Second

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	must(err)
	return value
}

func main() {
	arguments := os.Args[2:]
	switch os.Args[1] {
	case "serve":
		serve(arguments[0], arguments[1], arguments[2])
	case "latency":
		latency(number(arguments[0]), arguments[1], arguments[2], arguments[3])
	case "turns":
		turns(number(arguments[0]), arguments[1], arguments[2], arguments[3:])
	case "rate":
		rate(number(arguments[0]), number(arguments[1]), arguments[2], arguments[3], arguments[4])
	}
}

func serve(address, tlsPort, plainPort string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}
	encrypted, err := tls.Listen("tcp", net.JoinHostPort(address, tlsPort), config)
	must(err)
	plain, err := net.Listen("tcp", net.JoinHostPort(address, plainPort))
	must(err)
	fmt.Println("ready")
	go accept(encrypted)
	accept(plain)
}

func accept(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		must(err)
		go answer(connection)
	}
}

// answer gives one byte for whatever was said, until the other side hangs up.
func answer(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 4096)
	for {
		if _, err := connection.Read(buffer); err != nil {
			return
		}
		if _, err := connection.Write([]byte{'!'}); err != nil {
			return
		}
	}
}

// opened is a connection to target; through the proxy, by the name that it knows, unless the proxy is "-".
func opened(target, proxy, name string) (net.Conn, error) {
	if proxy == "-" {
		return net.DialTimeout("tcp", target, patience)
	}
	if address, steered := strings.CutPrefix(proxy, "="); steered {
		return net.DialTimeout("tcp", address, patience)
	}
	_, port, _ := net.SplitHostPort(target)
	if steered, found := strings.CutPrefix(proxy, "sni:"); found {
		// Without CONNECT: the server name says where to, and a port of the proxy's stands for each of the server's.
		return net.DialTimeout("tcp", net.JoinHostPort(steered, strconv.Itoa(number(port)+10000)), patience)
	}
	connection, err := net.DialTimeout("tcp", proxy, patience)
	if err != nil {
		return nil, err
	}
	host := net.JoinHostPort(name, port)
	fmt.Fprintf(connection, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", host, host)
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: http.MethodConnect})
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the proxy answers %s", response.Status)
	}
	return connection, err
}

func trip(connection net.Conn, words []byte) {
	must(connection.SetDeadline(time.Now().Add(patience)))
	_, err := connection.Write(words)
	must(err)
	_, err = connection.Read(make([]byte, 1))
	must(err)
}

func encrypted(target, proxy, name string) net.Conn {
	connection, err := opened(target, proxy, name)
	must(err)
	// The certificate is the bench's own; whether it is trusted is not what is measured.
	return tls.Client(connection, &tls.Config{ServerName: name, InsecureSkipVerify: true})
}

func milliseconds(since time.Time) float64 {
	return float64(time.Since(since).Nanoseconds()) / 1e6
}

func latency(rounds int, target, proxy, name string) {
	sides := [2]string{"-", proxy}
	var first, round [2][]float64
	for i := -5; i < rounds; i++ {
		for side, through := range sides {
			started := time.Now()
			connection := encrypted(target, through, name)
			trip(connection, []byte("ping"))
			if spent := milliseconds(started); i >= 0 {
				first[side] = append(first[side], spent)
			}
			connection.Close()
		}
	}
	var open [2]net.Conn
	for side, through := range sides {
		open[side] = encrypted(target, through, name)
		trip(open[side], []byte("ping"))
	}
	for range rounds * 10 {
		for side, connection := range open {
			started := time.Now()
			trip(connection, []byte("ping"))
			round[side] = append(round[side], milliseconds(started))
		}
	}
	must(json.NewEncoder(os.Stdout).Encode(map[string]any{"first": first, "round": round}))
}

func turns(rounds int, target, name string, proxies []string) {
	taken := make([][]float64, len(proxies))
	for i := -5; i < rounds; i++ {
		for side, through := range proxies {
			started := time.Now()
			connection := encrypted(target, through, name)
			trip(connection, []byte("ping"))
			if spent := milliseconds(started); i >= 0 {
				taken[side] = append(taken[side], spent)
			}
			connection.Close()
		}
	}
	must(json.NewEncoder(os.Stdout).Encode(taken))
}

// hello is what a TLS client says first.
func hello(name string) []byte {
	one, other := net.Pipe()
	go tls.Client(one, &tls.Config{ServerName: name}).Handshake()
	buffer := make([]byte, 8192)
	count, err := other.Read(buffer)
	must(err)
	other.Close()
	return buffer[:count]
}

func rate(count, workers int, target, proxy, name string) {
	words := hello(name)
	var group sync.WaitGroup
	started := time.Now()
	for range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			for range count / workers {
				connection, err := opened(target, proxy, name)
				must(err)
				trip(connection, words)
				connection.Close()
			}
		}()
	}
	group.Wait()
	seconds := time.Since(started).Seconds()
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	processor := time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
	must(json.NewEncoder(os.Stdout).Encode(map[string]float64{"seconds": seconds, "processor": processor}))
}
