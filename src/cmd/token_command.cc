// `xebec token`: makes a bootstrap token and prints the command with which another machine joins the cluster
// (kubeadm token create --print-join-command).
#include <fmt/format.h>

#include "api/gen/corev1.h"
#include "api/time.h"
#include "cmd/command.h"
#include "cmd/flags/flags.h"
#include "cmd/join/discovery.h"
#include "cmd/process.h"
#include "cmd/remote/remote_api.h"
#include "security/bootstrap_token.h"

namespace xebec::cmd {
namespace {

struct Options {
  std::string data_dir = "/var/lib/xebec";
  std::string kubeconfig, token, description;
  Duration ttl = std::chrono::hours(24);
  bool print_join_command = true;
};

void declare(Flags& flags, Options& o) {
  flags.add("data-dir", o.data_dir, "Of the server: admin.conf is read there without --kubeconfig.", "dir");
  flags.add("kubeconfig", o.kubeconfig, "Who may make tokens, and where the API server is.", "file");
  flags.add("token", o.token, "The token, of the form [a-z0-9]{6}.[a-z0-9]{16}; a random one without it.");
  flags.add("ttl", o.ttl, "How long the token is good; 0 for ever.");
  flags.add("description", o.description, "What people are told of the token.");
  flags.add("print-join-command", o.print_join_command, "Print the whole command, not the token alone.");
}

corev1::Secret secret_of(const bootstrap_token::Token& token, const Options& options, WallTime now) {
  corev1::Secret out;
  out.metadata.namespace_ = "kube-system";
  out.metadata.name = std::string(bootstrap_token::kSecretPrefix) + token.id;
  out.type = bootstrap_token::kSecretType;
  auto set = [&](const char* key, std::string value) { out.data[key] = api::Bytes(std::move(value)); };
  set("token-id", token.id);
  set("token-secret", token.secret);
  set("usage-bootstrap-authentication", "true");
  set("usage-bootstrap-signing", "true");
  if (!options.description.empty()) set("description", options.description);
  if (options.ttl > Duration::zero()) {
    auto end = std::chrono::floor<std::chrono::seconds>(now + options.ttl).time_since_epoch().count();
    set("expiration", api::Time::from_unix(end).str());
  }
  return out;
}

Result<void> run(const Options& options) {
  bootstrap_token::Token token = bootstrap_token::make_random();
  if (!options.token.empty()) {
    std::optional<bootstrap_token::Token> given = bootstrap_token::parse(options.token);
    if (!given) {
      return fail(errors::bad_request(fmt::format(
          "the bootstrap token \"{}\" was not of the form \"[a-z0-9]{{6}}.[a-z0-9]{{16}}\"", options.token)));
    }
    token = std::move(*given);
  }
  std::string file = options.kubeconfig.empty() ? options.data_dir + "/admin.conf" : options.kubeconfig;
  TRY(client::ClientConfig config, load_client_config(file, ""));
  SystemClock clock;
  const api::Scheme scheme = api::Scheme::builtin();
  http::IoPool pool(1);
  std::string server = config.server, hash = public_key_hash(config.ca_pem);
  TRY(std::unique_ptr<RemoteApi> api, RemoteApi::make(std::move(config), pool, scheme, clock));
  TRY(corev1::Secret made,
      block_on(api->rest("xebec-token").create(Context(), secret_of(token, options, clock.now()))));
  if (options.print_join_command) {
    fmt::print("xebec agent --server {} --token {} --discovery-token-ca-cert-hash {}\n", server, token.text(),
               hash);
  } else {
    fmt::print("{}\n", token.text());
  }
  return {};
}

}  // namespace

std::function<int()> declare_token(Flags& flags) {
  auto options = std::make_shared<Options>();
  declare(flags, *options);
  return [options] { return exit_status(run(*options)); };
}

}  // namespace xebec::cmd
