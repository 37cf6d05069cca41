// xebec-http-floor: the HTTP layer alone, with a handler that does nothing, to know what every request costs
// at least. usage: xebec-http-floor FOLDER [THREADS]   (writes ca.crt to FOLDER, prints the port, serves
// until stdin ends)
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/clock.h"
#include "base/scope.h"
#include "http/server.h"
#include "security/pki/pki.h"

namespace xebec {
namespace {

class Nothing final : public http::Handler {
 public:
  Task<http::Response> handle(Context, http::Request request) override {
    http::Response response;
    response.headers.add("Content-Type", "application/json");
    response.body = request.path == "/large" ? large_ : small_;
    co_return response;
  }

 private:
  std::vector<http::Buffer> small_ = {http::make_buffer(std::string(500, 'x'))};
  std::vector<http::Buffer> large_ = {http::make_buffer(std::string(10 << 20, 'x'))};
};

Result<void> run(const std::string& folder, size_t threads) {
  SystemClock clock;
  TRY(auto ca, pki::CertificateAuthority::create("floor-ca", std::chrono::hours(1), clock.now()));
  TRY_VOID(pki::write_file_atomic(folder + "/ca.crt", ca.certificate().pem()));
  pki::IssueSpec spec;
  spec.subject.common_name = "floor";
  spec.ip_addresses = {"127.0.0.1"};
  spec.usages = {pki::Usage::kServer};
  TRY(pki::KeyPair pair, ca.issue(spec, clock.now()));
  http::ServerOptions options;
  options.clock = std::make_shared<SystemClock>();
  options.tls.emplace();
  options.tls->certificate_pem = pair.certificate_pem;
  options.tls->key_pem = pair.key_pem;
  http::IoPool pool(threads);
  Nothing handler;
  TRY(auto server, http::Server::listen(pool, std::move(options), handler));
  fmt::print("{}\n", server->port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return {};
}

}  // namespace
}  // namespace xebec

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: xebec-http-floor FOLDER [THREADS]\n", stderr);
    return 2;
  }
  auto done = xebec::run(argv[1], argc > 2 ? std::stoul(argv[2]) : 1);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return 1;
}
