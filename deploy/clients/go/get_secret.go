// Secrets from the agent, with Go's standard library: go run get_secret.go SECRET_ID prints the secret.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Secret is the agent's answer.
type Secret struct {
	ARN, Name, VersionId, CreatedDate string
	SecretString                      *string
	SecretBinary                      []byte
	VersionStages                     []string
}

// socket is the agent's Unix socket, if there is one. It needs no token.
var socket = os.Getenv("SMA_UNIX_SOCKET")

func connect(ctx context.Context, network, address string) (net.Conn, error) {
	if socket != "" {
		network, address = "unix", socket
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// A transport of its own uses no proxy, which could not reach the agent, and would see the token.
var agent = &http.Client{
	Transport: &http.Transport{DialContext: connect, IdleConnTimeout: time.Minute},
	Timeout:   time.Minute,
}

// checkNoPath is an error if a path without file:// would be sent as the token.
func checkNoPath(value string) error {
	_, err := os.Stat(value)
	path := strings.HasPrefix(value, "/") && err == nil
	if path || strings.HasPrefix(value, "file:") || strings.HasPrefix(value, "~/") {
		return errors.New("the token's variable holds a path: write file:///PATH")
	}
	return nil
}

// token is read for each try: a restarted agent may have a new one. It is an error if there is none yet.
func token() (string, error) {
	value := "file:///var/run/awssmatoken"
	for _, name := range []string{"AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"} {
		if set := strings.TrimSpace(os.Getenv(name)); set != "" {
			value = set
			break
		}
	}
	if !strings.HasPrefix(value, "file://") {
		return value, checkNoPath(value)
	}
	path := strings.TrimPrefix(value, "file://")
	text, err := os.ReadFile(path)
	token := strings.TrimSpace(string(text))
	if err == nil && token == "" {
		err = errors.New(path + " is empty")
	}
	return token, err
}

// ask sends one request. status is 0 if there was no answer.
func ask(secretID string) (secret Secret, status int, err error) {
	port := os.Getenv("SMA_HTTP_PORT")
	if port == "" {
		port = "2773"
	}
	address := "http://127.0.0.1:" + port + "/secretsmanager/get?secretId=" + url.QueryEscape(secretID)
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return secret, 0, err
	}
	if socket == "" {
		key, err := token()
		if err != nil {
			return secret, 0, err
		}
		request.Header.Set("X-Aws-Parameters-Secrets-Token", key)
	}
	answer, err := agent.Do(request)
	if err != nil {
		return secret, 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return secret, 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return secret, answer.StatusCode, fmt.Errorf("%s: %d %s", secretID, answer.StatusCode, body)
	}
	err = json.Unmarshal(body, &secret)
	return secret, answer.StatusCode, err
}

// GetSecret tries for about ten seconds while the agent is not there yet, is busy, or cannot reach AWS, and three times if
// it refuses the token. It says on standard error why the first try failed.
func GetSecret(secretID string) (Secret, error) {
	const first = 100 * time.Millisecond
	refusals := 0
	for pause := first; ; pause *= 2 {
		secret, status, err := ask(secretID)
		if status == 403 {
			refusals++
		}
		again := status == 0 || status == 403 && refusals < 3 || status == 429 || status >= 500
		if err == nil || !again || pause > 7*time.Second {
			return secret, err
		}
		if pause == first {
			fmt.Fprintln(os.Stderr, "trying again:", err)
		}
		time.Sleep(pause)
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: get_secret SECRET_ID")
		os.Exit(1)
	}
	secret, err := GetSecret(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "get_secret:", err)
		os.Exit(1)
	}
	if secret.SecretString != nil {
		fmt.Println(*secret.SecretString)
	} else {
		os.Stdout.Write(secret.SecretBinary)
	}
}
