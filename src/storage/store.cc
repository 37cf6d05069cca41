#include "storage/store.h"

#include <fmt/format.h>

namespace xebec::storage {

RangeOptions RangeOptions::of_prefix(std::string prefix) {
  RangeOptions options;
  options.end = prefix_end(prefix);
  options.start = std::move(prefix);
  return options;
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty()) {
    auto last = static_cast<unsigned char>(end.back());
    if (last < 0xff) {
      end.back() = static_cast<char>(last + 1);
      return end;
    }
    end.pop_back();
  }
  return end;
}

std::string next_key(std::string_view key) {
  std::string next(key);
  next += '\0';
  return next;
}

Status compacted() { return errors::expired("etcdserver: mvcc: required revision has been compacted"); }

Status future_revision(int64_t requested, int64_t current) {
  Status status =
      errors::timeout(fmt::format("Too large resource version: {}, current: {}", requested, current), 1);
  status.details.causes.push_back(
      {.reason = "ResourceVersionTooLarge", .message = "Too large resource version", .field = ""});
  return status;
}

Status store_closed() { return errors::service_unavailable("the store is closed"); }

}  // namespace xebec::storage
