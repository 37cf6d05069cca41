#include "cmd/service_address.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include "apiserver/bootstrap/cluster.h"

namespace xebec::cmd {
namespace {

constexpr std::string_view kTable = "xebec_apiserver";

struct FreeContext {
  void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

Result<void> run_nft(const std::string& commands) {
  std::unique_ptr<nft_ctx, FreeContext> context(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context) return fail(errors::internal("nftables cannot be used"));
  nft_ctx_buffer_error(context.get());
  if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) == 0) return {};
  return fail(
      errors::internal(fmt::format("nftables refused a rule: {}", nft_ctx_get_error_buffer(context.get()))));
}

// Adding before deleting makes the deletion succeed whether the table is there or not.
std::string deletion() { return fmt::format("add table ip {0}\ndelete table ip {0}\n", kTable); }

}  // namespace

Result<std::unique_ptr<ServiceAddress>> ServiceAddress::install(const std::string& service_cidr,
                                                                const std::string& address, uint16_t port,
                                                                Logger logger) {
  TRY(std::string service, apiserver::first_service_address(service_cidr));
  std::string rule = fmt::format("ip daddr {} tcp dport 443 dnat to {}:{}", service, address, port);
  std::string commands =
      deletion() + fmt::format(
                       "add table ip {0}\n"
                       "add chain ip {0} prerouting {{ type nat hook prerouting priority -100; }}\n"
                       "add chain ip {0} output {{ type nat hook output priority -100; }}\n"
                       "add rule ip {0} prerouting {1}\n"
                       "add rule ip {0} output {1}\n",
                       kTable, rule);
  TRY_VOID(run_nft(commands));
  return std::unique_ptr<ServiceAddress>(new ServiceAddress(std::move(logger)));
}

Result<void> ServiceAddress::remove(Logger) { return run_nft(deletion()); }

ServiceAddress::~ServiceAddress() {
  Result<void> removed = remove(logger_);
  if (!removed)
    logger_.warning("Removing the rule of the API server's address failed",
                    {{"err", removed.error().message}});
}

}  // namespace xebec::cmd
