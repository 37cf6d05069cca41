// Links in what is proxied: those that lead to the proxied server itself are made to lead through the proxy
// again (k8s.io/apimachinery/pkg/util/proxy/transport.go).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace xebec::apiserver {

struct LinkRule {
  std::string source_host;   // of the proxied server
  std::string request_host;  // as the client names this server
  std::string prefix;        // what the proxied server's root is here: /api/v1/.../proxy
  // Relative links, and those to other hosts, stay as they are.
  std::string rewritten(std::string_view url) const;
};

// Rewrites links of an HTML text that comes in pieces; everything else comes out byte for byte.
class LinkRewriter {
 public:
  explicit LinkRewriter(LinkRule rule) : rule_(std::move(rule)) {}
  // What is certain by now.
  std::string feed(std::string_view piece);
  std::string end();

 private:
  enum class State { kText, kComment, kRaw };
  // False: more is needed.
  bool step(size_t& at, std::string& out);
  bool step_text(size_t& at, std::string& out);
  bool skip_to(std::string_view end, size_t& at, std::string& out);
  std::string tag(std::string_view text);

  const LinkRule rule_;
  State state_ = State::kText;
  std::string raw_end_;  // "</script": what ends the text of such an element
  std::string held_;
};

// The body with its links rewritten, piece by piece.
void rewrite_links(http::Response& response, LinkRule rule);

}  // namespace xebec::apiserver
