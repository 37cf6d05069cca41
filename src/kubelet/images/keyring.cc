#include "kubelet/images/keyring.h"

#include <fnmatch.h>

#include "codec/json.h"
#include "kubelet/cri/image_name.h"

namespace xebec::kubelet {
namespace {

constexpr std::string_view kDefaultRegistry = "index.docker.io";

std::string base64_decode(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int have = 0;
  for (char c : text) {
    int v = c >= 'A' && c <= 'Z'   ? c - 'A'
            : c >= 'a' && c <= 'z' ? c - 'a' + 26
            : c >= '0' && c <= '9' ? c - '0' + 52
            : c == '+' || c == '-' ? 62
            : c == '/' || c == '_' ? 63
                                   : -1;
    if (v < 0) continue;
    bits = bits << 6 | static_cast<uint32_t>(v);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have & 0xff);
    }
  }
  return out;
}

struct Location {
  std::string_view host, port, path;  // the path with its slash
};

Location split(std::string_view url) {
  Location out;
  size_t slash = url.find('/');
  out.host = url.substr(0, slash);
  if (slash != std::string_view::npos) out.path = url.substr(slash);
  size_t colon = out.host.rfind(':');
  bool v6 = out.host.ends_with(']');
  if (colon != std::string_view::npos && !v6) {
    out.port = out.host.substr(colon + 1);
    out.host = out.host.substr(0, colon);
  }
  return out;
}

// "https://index.docker.io/v1/" -> "index.docker.io": the version of the protocol is not part of the place.
std::string pattern_of(std::string_view key) {
  for (std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  size_t slash = key.find('/');
  if (slash == std::string_view::npos) return std::string(key);
  std::string_view path = key.substr(slash);
  if (path.starts_with("/v1/") || path.starts_with("/v2/")) path.remove_prefix(3);
  if (path == "/") path = "";
  return std::string(key.substr(0, slash)) + std::string(path);
}

// Without tag and digest.
std::string repository_of(const std::string& image) {
  std::string name = cri::full_image_name(image);
  name = name.substr(0, name.find('@'));
  size_t colon = name.rfind(':');
  bool tagged = colon != std::string::npos && name.find('/', colon) == std::string::npos;
  return tagged ? name.substr(0, colon) : name;
}

cri::AuthConfig credential_of(const codec::Value& entry) {
  auto text = [&](const char* name) {
    const codec::Value* value = entry.find(name);
    return value == nullptr ? std::string() : std::string(value->string_or());
  };
  cri::AuthConfig auth;
  auth.username = text("username");
  auth.password = text("password");
  std::string pair = base64_decode(text("auth"));
  size_t colon = pair.find(':');
  if (colon != std::string::npos) {
    auth.username = pair.substr(0, colon);
    auth.password = pair.substr(colon + 1);
  }
  auth.identity_token = text("identitytoken");
  auth.registry_token = text("registrytoken");
  return auth;
}

}  // namespace

bool registry_matches(std::string_view pattern, std::string_view repository) {
  Location want = split(pattern), have = split(repository);
  if (want.port != have.port || !have.path.starts_with(want.path)) return false;
  for (;;) {
    size_t end = want.host.find('.'), other = have.host.find('.');
    std::string glob(want.host.substr(0, end)), label(have.host.substr(0, other));
    if (::fnmatch(glob.c_str(), label.c_str(), 0) != 0) return false;
    bool last = end == std::string_view::npos, last_too = other == std::string_view::npos;
    if (last || last_too) return last == last_too;
    want.host.remove_prefix(end + 1);
    have.host.remove_prefix(other + 1);
  }
}

void Keyring::add(const corev1::Secret& secret) {
  const api::Bytes* data = secret.data.get(".dockerconfigjson");
  bool wrapped = data != nullptr;
  if (!wrapped) data = secret.data.get(".dockercfg");
  if (data == nullptr) return;
  Result<codec::Value> config = codec::parse_json(data->data);
  if (!config) return;
  const codec::Value* auths = wrapped ? config->find("auths") : &*config;
  if (auths == nullptr || auths->as_map() == nullptr) return;
  for (const codec::ValueMember& member : *auths->as_map())
    patterns_[pattern_of(member.key)].push_back(credential_of(member.value));
}

std::vector<cri::AuthConfig> Keyring::lookup(const std::string& image) const {
  std::string repository = repository_of(image);
  std::vector<cri::AuthConfig> out;
  for (const auto& [pattern, credentials] : patterns_) {
    if (registry_matches(pattern, repository)) out.insert(out.end(), credentials.begin(), credentials.end());
  }
  if (!out.empty() || !repository.starts_with("docker.io/")) return out;
  auto common = patterns_.find(std::string(kDefaultRegistry));
  return common == patterns_.end() ? out : common->second;
}

}  // namespace xebec::kubelet
