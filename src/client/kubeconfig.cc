#include "client/kubeconfig.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "codec/json_text.h"
#include "codec/value.h"
#include "codec/yaml.h"
#include "http/client.h"

namespace xebec::client {
namespace {

using codec::Value;
using codec::ValueList;
using codec::ValueMap;

std::string text_of(const Value* parent, std::string_view key) {
  const Value* value = parent == nullptr ? nullptr : parent->find(key);
  return value == nullptr ? std::string() : std::string(value->string_or());
}

bool flag_of(const Value* parent, std::string_view key) {
  const Value* value = parent == nullptr ? nullptr : parent->find(key);
  return value != nullptr && value->bool_or(false);
}

Result<std::string> bytes_of(const Value* parent, std::string_view key) {
  std::string text = text_of(parent, key), bytes, error;
  if (!codec::decode_base64(text, bytes, error)) {
    return fail(errors::bad_request(fmt::format("error loading config: {}: {}", key, error)));
  }
  return bytes;
}

void set_text(Value& map, std::string_view key, const std::string& text) {
  if (!text.empty()) map[key] = Value(text);
}

void set_bytes(Value& map, std::string_view key, const std::string& bytes) {
  if (bytes.empty()) return;
  std::string text;
  codec::TextOut out(text);
  codec::write_json_base64(bytes, out);
  out.finish();
  map[key] = Value(text.substr(1, text.size() - 2));  // without its quotes
}

Result<KubeCluster> read_cluster(const Value& entry) {
  KubeCluster cluster;
  const Value* body = entry.find("cluster");
  cluster.name = text_of(&entry, "name");
  cluster.server = text_of(body, "server");
  cluster.tls_server_name = text_of(body, "tls-server-name");
  cluster.insecure_skip_tls_verify = flag_of(body, "insecure-skip-tls-verify");
  cluster.certificate_authority = text_of(body, "certificate-authority");
  TRY(cluster.certificate_authority_data, bytes_of(body, "certificate-authority-data"));
  cluster.proxy_url = text_of(body, "proxy-url");
  return cluster;
}

Result<KubeUser> read_user(const Value& entry) {
  KubeUser user;
  const Value* body = entry.find("user");
  user.name = text_of(&entry, "name");
  user.client_certificate = text_of(body, "client-certificate");
  user.client_key = text_of(body, "client-key");
  TRY(user.client_certificate_data, bytes_of(body, "client-certificate-data"));
  TRY(user.client_key_data, bytes_of(body, "client-key-data"));
  user.token = text_of(body, "token");
  user.token_file = text_of(body, "tokenFile");
  user.username = text_of(body, "username");
  user.password = text_of(body, "password");
  user.impersonate = text_of(body, "as");
  user.has_exec =
      body != nullptr && (body->find("exec") != nullptr || body->find("auth-provider") != nullptr);
  return user;
}

KubeContext read_context(const Value& entry) {
  KubeContext context;
  const Value* body = entry.find("context");
  context.name = text_of(&entry, "name");
  context.cluster = text_of(body, "cluster");
  context.user = text_of(body, "user");
  context.ns = text_of(body, "namespace");
  return context;
}

Value write_cluster(const KubeCluster& cluster) {
  Value body;
  body.make_map();
  set_bytes(body, "certificate-authority-data", cluster.certificate_authority_data);
  set_text(body, "certificate-authority", cluster.certificate_authority);
  if (cluster.insecure_skip_tls_verify) body["insecure-skip-tls-verify"] = Value(true);
  set_text(body, "proxy-url", cluster.proxy_url);
  body["server"] = Value(cluster.server);
  set_text(body, "tls-server-name", cluster.tls_server_name);
  Value entry;
  entry["cluster"] = std::move(body);
  entry["name"] = Value(cluster.name);
  return entry;
}

Value write_user(const KubeUser& user) {
  Value body;
  body.make_map();
  set_text(body, "as", user.impersonate);
  set_bytes(body, "client-certificate-data", user.client_certificate_data);
  set_text(body, "client-certificate", user.client_certificate);
  set_bytes(body, "client-key-data", user.client_key_data);
  set_text(body, "client-key", user.client_key);
  set_text(body, "password", user.password);
  set_text(body, "token", user.token);
  set_text(body, "tokenFile", user.token_file);
  set_text(body, "username", user.username);
  Value entry;
  entry["name"] = Value(user.name);
  entry["user"] = std::move(body);
  return entry;
}

Value write_context(const KubeContext& context) {
  Value body;
  body["cluster"] = Value(context.cluster);
  set_text(body, "namespace", context.ns);
  body["user"] = Value(context.user);
  Value entry;
  entry["context"] = std::move(body);
  entry["name"] = Value(context.name);
  return entry;
}

const ValueList& list_of(const Value& parent, std::string_view key) {
  static const ValueList kNone;
  const Value* value = parent.find(key);
  return value != nullptr && value->is_list() ? *value->as_list() : kNone;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(errors::internal(fmt::format("open {}: {}", path, std::strerror(errno))));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Inline data wins over a file, as in clientcmd.
Result<std::string> data_or_file(const std::string& data, const std::string& path, std::string_view what) {
  if (!data.empty() || path.empty()) return data;
  Result<std::string> bytes = read_file(path);
  if (bytes.has_value()) return bytes;
  return fail(errors::bad_request(
      fmt::format("invalid configuration: unable to read {} {}: {}", what, path, std::strerror(errno))));
}

template <class T>
const T* find_named(const std::vector<T>& all, std::string_view name) {
  for (const T& one : all) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

void resolve(std::string& path, const std::filesystem::path& folder) {
  if (!path.empty() && path[0] != '/') path = (folder / path).lexically_normal().string();
}

Status missing(std::string_view what, std::string_view name) {
  return errors::bad_request(fmt::format("invalid configuration: {} \"{}\" does not exist", what, name));
}

}  // namespace

Result<Kubeconfig> Kubeconfig::parse(std::string_view text) {
  TRY(Value root, codec::parse_yaml(text));
  Kubeconfig config;
  if (root.is_null()) return config;
  if (!root.is_map()) return fail(errors::bad_request("error loading config: it is no mapping"));
  std::string kind = text_of(&root, "kind");
  if (!kind.empty() && kind != "Config") {
    return fail(errors::bad_request(
        fmt::format("error loading config: no kind \"{}\" is registered for version \"{}\"", kind,
                    text_of(&root, "apiVersion"))));
  }
  config.current_context = text_of(&root, "current-context");
  for (const Value& entry : list_of(root, "clusters")) {
    TRY(KubeCluster cluster, read_cluster(entry));
    config.clusters.push_back(std::move(cluster));
  }
  for (const Value& entry : list_of(root, "users")) {
    TRY(KubeUser user, read_user(entry));
    config.users.push_back(std::move(user));
  }
  for (const Value& entry : list_of(root, "contexts")) config.contexts.push_back(read_context(entry));
  return config;
}

Result<Kubeconfig> Kubeconfig::load(const std::string& path) {
  TRY(std::string text, read_file(path));
  TRY(Kubeconfig config, parse(text));
  std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  for (KubeCluster& cluster : config.clusters) resolve(cluster.certificate_authority, folder);
  for (KubeUser& user : config.users) {
    resolve(user.client_certificate, folder);
    resolve(user.client_key, folder);
    resolve(user.token_file, folder);
  }
  return config;
}

Kubeconfig Kubeconfig::simple(KubeCluster cluster, KubeUser user, std::string context_name) {
  Kubeconfig config;
  KubeContext context;
  context.name = context_name;
  context.cluster = cluster.name;
  context.user = user.name;
  config.current_context = std::move(context_name);
  config.contexts.push_back(std::move(context));
  config.clusters.push_back(std::move(cluster));
  config.users.push_back(std::move(user));
  return config;
}

std::string Kubeconfig::to_yaml() const {
  Value root;
  root["apiVersion"] = Value("v1");
  root["kind"] = Value("Config");
  root["preferences"].make_map();
  root["current-context"] = Value(current_context);
  ValueList& cluster_list = root["clusters"].make_list();
  for (const KubeCluster& cluster : clusters) cluster_list.push_back(write_cluster(cluster));
  ValueList& context_list = root["contexts"].make_list();
  for (const KubeContext& context : contexts) context_list.push_back(write_context(context));
  ValueList& user_list = root["users"].make_list();
  for (const KubeUser& user : users) user_list.push_back(write_user(user));
  return codec::encode_yaml(root);
}

Result<void> Kubeconfig::save(const std::string& path) const {
  std::string text = to_yaml(), temporary = path + ".new";
  int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = fd >= 0;
  for (size_t done = 0; written && done < text.size();) {
    ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    written = n > 0;
    done += written ? static_cast<size_t>(n) : 0;
  }
  written = written && ::fsync(fd) == 0;
  if (fd >= 0) written = ::close(fd) == 0 && written;
  if (written && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
  Status error = errors::internal(fmt::format("write {}: {}", path, std::strerror(errno)));
  ::unlink(temporary.c_str());
  return fail(std::move(error));
}

Result<ClientConfig> Kubeconfig::client_config(std::string_view context_name) const {
  if (context_name.empty()) context_name = current_context;
  const KubeContext* context = find_named(contexts, context_name);
  if (context == nullptr) {
    if (context_name.empty())
      return fail(errors::bad_request("invalid configuration: no configuration has been provided"));
    return fail(errors::bad_request(fmt::format("context \"{}\" does not exist", context_name)));
  }
  const KubeCluster* cluster = find_named(clusters, context->cluster);
  if (cluster == nullptr) return fail(missing("cluster", context->cluster));
  const KubeUser* user = context->user.empty() ? nullptr : find_named(users, context->user);
  if (user == nullptr && !context->user.empty()) return fail(missing("user", context->user));

  ClientConfig config;
  config.server = cluster->server;
  config.tls_server_name = cluster->tls_server_name;
  config.insecure_skip_tls_verify = cluster->insecure_skip_tls_verify;
  config.ns = context->ns.empty() ? "default" : context->ns;
  if (!cluster->proxy_url.empty()) return fail(errors::bad_request("proxy-url is not supported"));
  TRY(config.ca_pem, data_or_file(cluster->certificate_authority_data, cluster->certificate_authority,
                                  "certificate-authority"));
  if (user == nullptr) return config;

  if (user->has_exec) {
    return fail(errors::bad_request(
        fmt::format("user \"{}\" needs a credential plugin (exec or auth-provider), which is not supported",
                    user->name)));
  }
  if (!user->impersonate.empty())
    return fail(errors::bad_request("impersonation by kubeconfig is not supported"));
  TRY(config.client_certificate_pem,
      data_or_file(user->client_certificate_data, user->client_certificate, "client-cert"));
  TRY(config.client_key_pem, data_or_file(user->client_key_data, user->client_key, "client-key"));
  config.token = user->token;
  config.token_file = user->token_file;
  config.username = user->username;
  config.password = user->password;
  return config;
}

Result<http::ClientOptions> http_options(const ClientConfig& config) {
  if (!config.username.empty() || !config.password.empty()) {
    return fail(errors::bad_request("basic authentication is not supported"));
  }
  http::ClientOptions options;
  options.url = config.server;
  options.ca_pem = config.ca_pem;
  options.server_name = config.tls_server_name;
  options.insecure_skip_verify = config.insecure_skip_tls_verify;
  options.certificate_pem = config.client_certificate_pem;
  options.key_pem = config.client_key_pem;
  options.bearer_token = config.token;
  if (!config.token_file.empty()) {
    options.bearer_token_provider = [path = config.token_file]() -> Result<std::string> {
      TRY(std::string token, read_file(path));
      while (!token.empty() && (token.back() == '\n' || token.back() == ' ')) token.pop_back();
      return token;
    };
  }
  return options;
}

}  // namespace xebec::client
