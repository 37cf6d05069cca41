#include "controllers/nodeipam/controller.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace xebec::controllers {
namespace {

constexpr uint32_t kBlockBits = 24;
constexpr uint32_t kBlockSize = 1u << (32 - kBlockBits);

struct Range {
  uint32_t address;
  uint32_t bits;
};

std::optional<Range> parse(const std::string& cidr) {
  size_t slash = cidr.find('/');
  if (slash == std::string::npos) return std::nullopt;
  in_addr address{};
  if (inet_pton(AF_INET, cidr.substr(0, slash).c_str(), &address) != 1) return std::nullopt;
  uint32_t bits = 33;
  std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), bits);
  if (bits > 32) return std::nullopt;
  return Range{ntohl(address.s_addr), bits};
}

std::string text(uint32_t address) {
  return fmt::format("{}.{}.{}.{}/{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255,
                     address & 255, kBlockBits);
}

}  // namespace

Result<CidrPool> CidrPool::of(const std::string& cluster_cidr) {
  std::optional<Range> range = parse(cluster_cidr);
  if (!range || range->bits > kBlockBits || range->bits < 8) {
    return fail(errors::bad_request(
        fmt::format("the cluster CIDR \"{}\" is no IPv4 range of /8 to /{}", cluster_cidr, kBlockBits)));
  }
  uint32_t blocks = 1u << (kBlockBits - range->bits);
  uint32_t mask = ~((1u << (32 - range->bits)) - 1);
  return CidrPool(range->address & mask, blocks);
}

std::optional<uint32_t> CidrPool::index_of(const std::string& cidr) const {
  std::optional<Range> range = parse(cidr);
  if (!range || range->bits != kBlockBits || range->address < base_) return std::nullopt;
  uint32_t index = (range->address - base_) / kBlockSize;
  if (index >= blocks_) return std::nullopt;
  return index;
}

Result<std::string> CidrPool::take() {
  uint32_t index = 0;
  while (taken_.contains(index)) ++index;
  if (index >= blocks_) {
    return fail(errors::internal(
        "CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range"));
  }
  taken_.insert(index);
  return text(base_ + index * kBlockSize);
}

void CidrPool::occupy(const std::string& cidr) {
  if (auto index = index_of(cidr)) taken_.insert(*index);
}

void CidrPool::release(const std::string& cidr) {
  if (auto index = index_of(cidr)) taken_.erase(*index);
}

NodeIpamController::NodeIpamController(const ControllerContext& context)
    : env_(context.env),
      rest_(context.rest_as("node-controller")),
      nodes_(context.informers->get<corev1::Node>()),
      queue_(env_, "node"),
      recorder_(rest_, env_, "cidrAllocator") {
  if (context.options->cluster_cidr.empty()) return;
  Result<CidrPool> pool = CidrPool::of(context.options->cluster_cidr);
  if (!pool) {
    env_.logger.error("Node ranges are not allocated", {{"err", pool.error().message}});
    return;
  }
  pool_ = std::move(*pool);
  nodes_.on_change([this](const auto& old, const auto& now) {
    if (now && !now->spec.podCIDR.empty()) pool_->occupy(now->spec.podCIDR);
    if (now && now->spec.podCIDR.empty()) queue_.add(now->metadata.name);
    if (!now) pool_->release(old->spec.podCIDR);
  });
}

void NodeIpamController::start(Scope& scope) {
  if (!pool_) return;
  scope.spawn(recorder_.run(scope.token()));
  client::run_controller(
      scope, queue_, 1, [this](std::string name) { return sync(std::move(name)); }, env_.logger);
}

Task<Result<void>> NodeIpamController::sync(std::string name) {
  auto node = nodes_.get("", name);
  if (!node || !node->spec.podCIDR.empty()) co_return Result<void>();
  auto live = co_await rest_.get<corev1::Node>(Context(), "", name);
  bool gone = !live && live.error().is(reason::kNotFound);
  if (gone) co_return Result<void>();
  if (!live) co_return fail(std::move(live).error());
  if (!live->spec.podCIDR.empty()) co_return Result<void>();
  Result<std::string> cidr = pool_->take();
  if (!cidr) {
    recorder_.event(*node, client::kEventNormal, "CIDRNotAvailable",
                    fmt::format("Node {} status is now: CIDRNotAvailable", name));
    co_return fail(std::move(cidr).error());
  }
  live->spec.podCIDR = *cidr;
  live->spec.podCIDRs = {*cidr};
  auto written = co_await rest_.update(Context(), *live);
  if (!written) {
    pool_->release(*cidr);
    co_return fail(std::move(written).error());
  }
  co_return Result<void>();
}

}  // namespace xebec::controllers
