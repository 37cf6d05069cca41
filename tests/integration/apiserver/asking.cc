#include "asking.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "codec/json.h"

namespace xebec::integration {

std::string map_body(const std::string& name, const std::string& value) {
  return fmt::format(R"({{"metadata":{{"name":"{}"}},"data":{{"k":"{}"}}}})", name, value);
}

std::string at(const codec::Value& value, std::initializer_list<std::string_view> path) {
  const codec::Value* found = value.at_path(path);
  if (!found) return "(absent)";
  return found->is_string() ? std::string(found->string_or()) : codec::to_json(*found);
}

http::Request request(const std::string& method, const std::string& target, const std::string& accept) {
  http::Request out;
  out.method = method;
  const size_t question = target.find('?');
  out.path = target.substr(0, question);
  if (question != std::string::npos) out.query = target.substr(question + 1);
  if (!accept.empty()) out.headers.add("Accept", accept);
  return out;
}

codec::Value Reply::json() const {
  Result<codec::Value> value = codec::parse_json(text);
  return value ? std::move(*value) : codec::Value();
}

Task<Reply> ask(http::Client& client, std::string method, std::string target, std::string body) {
  Reply reply;
  http::Request sent = request(method, target);
  sent.body = std::move(body);
  if (method == "PATCH") sent.headers.add("Content-Type", "application/merge-patch+json");
  Context context;
  Result<http::Response> response = co_await client.send(context, std::move(sent));
  EXPECT_TRUE(response) << response.error().message;
  if (!response) co_return reply;
  reply.status = response->status;
  Result<std::string> text = co_await response->read_body();
  EXPECT_TRUE(text);
  if (text) reply.text = std::move(*text);
  co_return reply;
}

Lines::Lines(http::Response response)
    : body_(std::move(std::get<std::unique_ptr<http::BodyStream>>(response.body))) {}

Task<std::optional<std::string>> Lines::next() {
  for (;;) {
    const size_t end = rest_.find('\n');
    if (end != std::string::npos) {
      std::string line = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      co_return std::optional<std::string>(std::move(line));
    }
    Result<http::Buffer> piece = co_await body_->next();
    broken_ = !piece;
    if (!piece || *piece == nullptr) co_return std::optional<std::string>();
    rest_ += **piece;
  }
}

size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace xebec::integration
