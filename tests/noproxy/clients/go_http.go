// Ask for each URL of the command line with net/http, as the environment says.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	client := http.Client{Timeout: 5 * time.Second}
	for _, url := range os.Args[1:] {
		answer, err := client.Get(url)
		if err != nil {
			fmt.Println(url, err)
			continue
		}
		answer.Body.Close()
		fmt.Println(url, answer.StatusCode)
	}
}
