// Finding a cluster by token: its ConfigMap cluster-info, read from a server that is not known yet, is
// believed when the token has signed it and its CA is a pinned one
// (k8s.io/kubernetes/cmd/kubeadm/app/discovery/token).
#pragma once

#include <string>
#include <vector>

#include "api/flat_map.h"
#include "api/scheme.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "client/kubeconfig.h"
#include "http/asio_executor.h"

namespace xebec::cmd {

struct JoinOptions {
  std::string server;                  // "https://10.0.0.1:6443"
  std::string token;                   // "ID.SECRET"
  std::vector<std::string> ca_hashes;  // "sha256:HEX" of a CA's public key
  bool unsafe_skip_ca = false;         // no CA is pinned: who knows the token can pretend to be the server
};

// Errors for what cannot work.
Result<void> check_join(const JoinOptions& options);
// The cluster as the token's bearer sees it: server, CA, token.
Task<Result<client::ClientConfig>> discover_by_token(JoinOptions options, http::IoPool& pool,
                                                     const api::Scheme& scheme, const Clock& clock,
                                                     CancelToken cancel);

// The CA in what cluster-info says, or why it is not to be believed. `data`: the ConfigMap's.
Result<std::string> trusted_ca(const api::FlatMap<std::string>& data, const JoinOptions& options);
// "sha256:HEX" of the certificate's public key.
std::string public_key_hash(const std::string& certificate_pem);

}  // namespace xebec::cmd
