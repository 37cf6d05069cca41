#include "cmd/service_address.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <filesystem>

#include "security/pki/digest.h"

namespace xebec::cmd {
namespace {

std::string table_of(const std::string& data_dir) {
  std::error_code error;
  std::string path = std::filesystem::absolute(data_dir, error).lexically_normal();
  return "xebec-api-" + pki::hex(pki::sha256(path)).substr(0, 8);
}

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
std::string deletion(const std::string& table) {
  return fmt::format("add table ip {0}\ndelete table ip {0}\n", table);
}

}  // namespace

Result<std::unique_ptr<ServiceAddress>> ServiceAddress::install(const std::string& data_dir,
                                                                const std::string& service,
                                                                const std::string& address, uint16_t port,
                                                                Logger logger) {
  std::string rule = fmt::format("ip daddr {} tcp dport 443 dnat to {}:{}", service, address, port);
  const std::string table = table_of(data_dir);
  std::string commands =
      deletion(table) + fmt::format(
                            "add table ip {0}\n"
                            "add chain ip {0} prerouting {{ type nat hook prerouting priority -100; }}\n"
                            "add chain ip {0} output {{ type nat hook output priority -100; }}\n"
                            "add rule ip {0} prerouting {1}\n"
                            "add rule ip {0} output {1}\n",
                            table, rule);
  TRY_VOID(run_nft(commands));
  return std::unique_ptr<ServiceAddress>(new ServiceAddress(data_dir, std::move(logger)));
}

Result<void> ServiceAddress::remove(const std::string& data_dir) {
  return run_nft(deletion(table_of(data_dir)));
}

ServiceAddress::~ServiceAddress() {
  Result<void> removed = remove(data_dir_);
  if (!removed)
    logger_.warning("Removing the rule of the API server's address failed",
                    {{"err", removed.error().message}});
}

}  // namespace xebec::cmd
