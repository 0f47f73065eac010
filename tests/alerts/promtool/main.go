//go:build tools

package main

import _ "github.com/prometheus/prometheus/cmd/promtool"
