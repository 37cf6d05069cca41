// xebec-load: requests a second, latency and server CPU of any Kubernetes API server.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>

#include "base/scope.h"
#include "client/kubeconfig.h"
#include "load/scenario.h"

namespace xebec::load {
namespace {

std::string read_file(const std::string& path) {
  if (path.empty()) return {};
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<http::ClientOptions> from_kubeconfig(const std::string& path) {
  TRY(client::Kubeconfig file, client::Kubeconfig::load(path));
  TRY(client::ClientConfig config, file.client_config());
  return client::http_options(config);
}

Task<int> run(http::IoPool& pool, const Settings& settings, std::vector<std::string> scenarios, bool keep) {
  Load load(pool, settings);
  Result<void> ready = co_await load.prepare();
  if (!ready) {
    fmt::print(stderr, "error: {}\n", ready.error().message);
    co_return 1;
  }
  report_header();
  int result = 0;
  for (const std::string& scenario : scenarios) {
    Result<void> done = co_await load.run(scenario);
    if (done) continue;
    fmt::print(stderr, "error: {}\n", done.error().message);
    result = 1;
    break;
  }
  if (!keep) co_await load.clean_up();
  co_return result;
}

int main(int argc, char** argv) {
  Settings settings;
  std::string kubeconfig, server, ca, cert, key, format = "json";
  std::vector<std::string> scenarios;
  size_t threads = 1;
  bool keep = false;
  CLI::App app("Measures a Kubernetes API server");
  auto* by_file = app.add_option("--kubeconfig", kubeconfig, "File that names the server and who asks");
  app.add_option("--server", server, "https://HOST:PORT of the API server")->excludes(by_file);
  app.add_option("--certificate-authority", ca, "File with the CA of the server");
  app.add_option("--client-certificate", cert, "File with the client certificate");
  app.add_option("--client-key", key, "File with the client's key");
  app.add_option("--token", settings.connection.bearer_token, "Bearer token");
  app.add_flag("--insecure-skip-tls-verify", settings.connection.insecure_skip_verify);
  app.add_option("--clients", settings.clients, "Connections")->capture_default_str();
  app.add_option("--in-flight", settings.in_flight, "Requests at once on a connection")
      ->capture_default_str();
  app.add_option("--count", settings.count, "Operations of a scenario")->capture_default_str();
  app.add_option("--list-count", settings.list_count, "Lists of a list scenario")->capture_default_str();
  app.add_option("--watchers", settings.watchers, "Watches at once")->capture_default_str();
  app.add_option("--updaters", settings.updaters, "Updates at once while watchers look on")
      ->capture_default_str();
  app.add_option("--payload", settings.payload, "Bytes in a ConfigMap")->capture_default_str();
  app.add_option("--namespace", settings.ns)->capture_default_str();
  app.add_option("--path", settings.path, "What the scenario `path` gets")->capture_default_str();
  app.add_option("--format", format, "json or protobuf")->check(CLI::IsMember({"json", "protobuf"}));
  app.add_option("--server-pid", settings.server_pid, "Process whose CPU time and memory are reported");
  app.add_option("--threads", threads, "Threads of this program")->capture_default_str();
  app.add_flag("--keep", keep, "Leave the created objects");
  app.add_option("scenario", scenarios, fmt::format("{}", fmt::join(scenario_names(), ", ")))->required();
  CLI11_PARSE(app, argc, argv);
  settings.format = format == "json" ? Format::kJson : Format::kProtobuf;
  if (!kubeconfig.empty()) {
    Result<http::ClientOptions> found = from_kubeconfig(kubeconfig);
    if (!found) {
      fmt::print(stderr, "error: {}\n", found.error().message);
      return 1;
    }
    settings.connection = std::move(*found);
  } else {
    settings.connection.url = server;
    settings.connection.ca_pem = read_file(ca);
    settings.connection.certificate_pem = read_file(cert);
    settings.connection.key_pem = read_file(key);
  }
  settings.connection.user_agent = "xebec-load";
  http::IoPool pool(threads, "load");
  return block_on(run(pool, settings, std::move(scenarios), keep));
}

}  // namespace
}  // namespace xebec::load

int main(int argc, char** argv) { return xebec::load::main(argc, argv); }
