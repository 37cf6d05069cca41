// Asking a server and reading what it says, for tests over real sockets.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "codec/value.h"
#include "http/client.h"

namespace xebec::integration {

inline const std::string kMaps = "/api/v1/namespaces/default/configmaps";

// A ConfigMap with data k=value.
std::string map_body(const std::string& name, const std::string& value = "v");
// The text at a path, the JSON of what is not text; "(absent)".
std::string at(const codec::Value& value, std::initializer_list<std::string_view> path);

// `target` may have a query.
http::Request request(const std::string& method, const std::string& target, const std::string& accept = "");

struct Reply {
  int status = 0;
  std::string text;
  codec::Value json() const;
};
// Patches are merge patches. The test fails when there is no answer.
Task<Reply> ask(http::Client& client, std::string method, std::string target,
                std::string body = std::string());

// The lines of a stream, one after the other.
class Lines {
 public:
  explicit Lines(http::Response response);
  // Nothing at the end, in whichever way it ended.
  Task<std::optional<std::string>> next();
  // Whether it was cut off, rather than brought to its end.
  bool broken() const { return broken_; }

 private:
  std::unique_ptr<http::BodyStream> body_;
  std::string rest_;
  bool broken_ = false;
};

// Of this process, in bytes.
size_t resident_bytes();
// What that many bytes in use may add to it: ThreadSanitizer keeps a shadow of all that is touched.
constexpr size_t may_take(size_t bytes) {
#ifdef __SANITIZE_THREAD__
  return 4 * bytes;
#else
  return bytes;
#endif
}

}  // namespace xebec::integration
