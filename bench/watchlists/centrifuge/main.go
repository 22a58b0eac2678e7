// The watchlist bench's other server in Go: centrifuge, one channel for each token. It prints its port.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"
)

func main() {
	delay := flag.Duration("write-delay", 0, "how long messages of a client are gathered for one frame")
	flag.Parse()
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		// -1: as many messages in a frame as there are.
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}, WriteDelay: *delay, MaxMessagesInFrame: -1}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
			answer(centrifuge.SubscribeReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	http.Handle("/connection", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	http.HandleFunc("POST /updates", func(response http.ResponseWriter, request *http.Request) {
		var updates []json.RawMessage
		err := json.NewDecoder(request.Body).Decode(&updates)
		for _, update := range updates {
			var of struct{ Token string }
			if err == nil {
				err = json.Unmarshal(update, &of)
			}
			if err == nil {
				_, err = node.Publish(of.Token, update)
			}
		}
		if err != nil {
			http.Error(response, err.Error(), http.StatusInternalServerError)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.Serve(listener))
}
