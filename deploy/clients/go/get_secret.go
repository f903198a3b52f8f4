// Secrets from the agent, with Go's standard library: go run get_secret.go SECRET_ID prints the secret.
package main

import (
	"encoding/json"
	"fmt"
	"io"
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

// A transport of its own uses no proxy, which could not reach the agent, and would see the token.
var agent = &http.Client{Transport: &http.Transport{IdleConnTimeout: time.Minute}, Timeout: time.Minute}

// token is read for each try: a restarted agent may have a new one.
func token() (string, error) {
	value := "file:///var/run/awssmatoken"
	for _, name := range []string{"AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"} {
		if set := os.Getenv(name); set != "" {
			value = set
			break
		}
	}
	if !strings.HasPrefix(value, "file://") {
		return value, nil
	}
	text, err := os.ReadFile(strings.TrimPrefix(value, "file://"))
	return strings.TrimSpace(string(text)), err
}

// ask sends one request. again is true if another try can succeed.
func ask(secretID string) (secret Secret, again bool, err error) {
	port := os.Getenv("SMA_HTTP_PORT")
	if port == "" {
		port = "2773"
	}
	address := "http://127.0.0.1:" + port + "/secretsmanager/get?secretId=" + url.QueryEscape(secretID)
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return secret, false, err
	}
	key, err := token()
	if err != nil {
		return secret, true, err
	}
	request.Header.Set("X-Aws-Parameters-Secrets-Token", key)
	answer, err := agent.Do(request)
	if err != nil {
		return secret, true, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return secret, true, err
	}
	if answer.StatusCode != http.StatusOK {
		again = answer.StatusCode == 403 || answer.StatusCode == 429 || answer.StatusCode >= 500
		return secret, again, fmt.Errorf("%s: %d %s", secretID, answer.StatusCode, body)
	}
	return secret, false, json.Unmarshal(body, &secret)
}

// GetSecret tries for about ten seconds while the agent is not there yet, is busy, or cannot reach AWS.
func GetSecret(secretID string) (Secret, error) {
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		secret, again, err := ask(secretID)
		if err == nil || !again || pause > 7*time.Second {
			return secret, err
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
