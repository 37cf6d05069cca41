// A Client that counts and times what it sends, as client-go does under component-base's names
// (k8s.io/component-base/metrics/prometheus/restclient).
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "http/message.h"

namespace xebec::client {

// `host` is what the metrics call the server: "127.0.0.1:6443". `metrics` outlives the client.
std::shared_ptr<http::Client> make_metered_client(std::shared_ptr<http::Client> inner, Metrics& metrics,
                                                  std::string host);
// The host of a URL, with its port.
std::string host_of_url(std::string_view url);

}  // namespace xebec::client
