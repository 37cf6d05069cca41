// A Client for one server: HTTP/2 over TLS (many requests share a connection), or HTTP/1.1 with kept-alive
// connections where the server speaks nothing else, for plain http, and for upgrades. Thread-safe.
// Connections are made on demand and replaced when they break or the server goes away.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/asio_executor.h"
#include "http/message.h"

namespace xebec::http {

struct ClientOptions {
  std::string url;  // "https://10.0.0.1:6443", "http://127.0.0.1:8080"; a path in it is ignored

  std::string ca_pem;                 // trusted roots; empty: the system's
  std::string server_name;            // to verify and for SNI; empty: the host of the url
  bool insecure_skip_verify = false;  // for kubelets and probes, as upstream offers
  std::string certificate_pem;        // client certificate and key, or neither
  std::string key_pem;

  // Sets Authorization unless the request has it. The provider is asked for every request, on the caller's
  // thread.
  std::string bearer_token;
  std::function<Result<std::string>()> bearer_token_provider;

  std::string user_agent = "xebec";
  bool http1_only = false;
  Duration connect_timeout = std::chrono::seconds(30);
  // HTTP/2: a connection without traffic for `ping_after` is probed, and dropped without an answer in
  // `ping_timeout`.
  Duration ping_after = std::chrono::seconds(30);
  Duration ping_timeout = std::chrono::seconds(15);
  Duration idle_timeout = std::chrono::seconds(90);
  // An HTTP/2 connection carries at most this many requests at once (or fewer if the server says so); more
  // open another connection.
  size_t streams_per_connection = 200;
};

// `pool` outlives the client and everything it returned. Bad PEM or a bad url is an error here; connecting
// comes later. Destroying the client ends its connections and does not block.
Result<std::unique_ptr<Client>> make_client(IoPool& pool, ClientOptions options);

}  // namespace xebec::http
