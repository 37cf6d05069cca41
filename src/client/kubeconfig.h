// Kubeconfig: reading and writing of kubeconfig files (k8s.io/client-go/tools/clientcmd/api/v1), and what a
// client needs to know of one of its contexts. Files are YAML or JSON. Unknown fields are ignored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace xebec::http {
struct ClientOptions;
}

namespace xebec::client {

struct KubeCluster {
  std::string name;
  std::string server;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  std::string certificate_authority;       // a file
  std::string certificate_authority_data;  // PEM
  std::string proxy_url;
  bool operator==(const KubeCluster&) const = default;
};

struct KubeUser {
  std::string name;
  std::string client_certificate, client_key;            // files
  std::string client_certificate_data, client_key_data;  // PEM
  std::string token, token_file;
  std::string username, password;
  std::string impersonate;
  bool has_exec = false;  // a credential plugin or auth-provider, which is not supported
  bool operator==(const KubeUser&) const = default;
};

struct KubeContext {
  std::string name;
  std::string cluster, user, ns;
  bool operator==(const KubeContext&) const = default;
};

// What a client of one cluster needs; all files are read but the token file, whose content may change.
struct ClientConfig {
  std::string server;  // "https://127.0.0.1:6443"
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  std::string ca_pem;
  std::string client_certificate_pem, client_key_pem;
  std::string token, token_file;
  std::string username, password;
  std::string ns;  // of the context; "default" when it names none
};

// As options for http::make_client. A token file is read for every request, so that a rotated token is used
// at once. Error: a user name and password, which no API server of today accepts.
Result<http::ClientOptions> http_options(const ClientConfig& config);

struct Kubeconfig {
  std::string current_context;
  std::vector<KubeCluster> clusters;
  std::vector<KubeUser> users;
  std::vector<KubeContext> contexts;
  bool operator==(const Kubeconfig&) const = default;

  static Result<Kubeconfig> parse(std::string_view text);
  // Reads a file; relative paths in it become relative to its folder.
  static Result<Kubeconfig> load(const std::string& path);
  // One cluster, user and context, which is current: what admin.conf is.
  static Kubeconfig simple(KubeCluster cluster, KubeUser user, std::string context_name);

  std::string to_yaml() const;
  // Atomically, readable by the owner only.
  Result<void> save(const std::string& path) const;

  // Of the context, or of the current one when empty. Errors as clientcmd's: the context, cluster or user is
  // missing, a file cannot be read, or the user needs a credential plugin.
  Result<ClientConfig> client_config(std::string_view context = {}) const;
};

}  // namespace xebec::client
