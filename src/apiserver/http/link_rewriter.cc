#include "apiserver/http/link_rewriter.h"

#include <algorithm>
#include <array>
#include <vector>

namespace xebec::apiserver {
namespace {

constexpr size_t kLongestTag = 64 << 10;

// Attributes that hold a URL.
constexpr std::array<std::pair<std::string_view, std::string_view>, 35> kLinks = {
    {{"a", "href"},          {"applet", "codebase"}, {"area", "href"},        {"audio", "src"},
     {"base", "href"},       {"blockquote", "cite"}, {"body", "background"},  {"button", "formaction"},
     {"command", "icon"},    {"del", "cite"},        {"embed", "src"},        {"form", "action"},
     {"frame", "longdesc"},  {"frame", "src"},       {"head", "profile"},     {"html", "manifest"},
     {"iframe", "longdesc"}, {"iframe", "src"},      {"img", "longdesc"},     {"img", "src"},
     {"img", "usemap"},      {"input", "src"},       {"input", "formaction"}, {"input", "usemap"},
     {"ins", "cite"},        {"link", "href"},       {"object", "classid"},   {"object", "codebase"},
     {"object", "data"},     {"object", "usemap"},   {"q", "cite"},           {"script", "src"},
     {"source", "src"},      {"video", "poster"},    {"video", "src"}}};
// Elements whose text is no markup.
constexpr std::array<std::string_view, 5> kRawElements = {"script", "style", "textarea", "title", "xmp"};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool holds_link(std::string_view element, std::string_view attribute) {
  return std::any_of(kLinks.begin(), kLinks.end(),
                     [&](const auto& link) { return link.first == element && link.second == attribute; });
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

struct Url {
  std::string scheme, host, path, rest;  // rest: query and fragment
  bool opaque = false;                   // mailto: and the like
};

Url parse(std::string_view text) {
  Url out;
  const size_t special = text.find_first_of("/?#");
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon < special && colon > 0 && is_letter(text[0])) {
    out.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    out.opaque = !text.starts_with('/');
  }
  if (text.starts_with("//")) {
    const size_t end = std::min(text.find_first_of("/?#", 2), text.size());
    out.host = text.substr(2, end - 2);
    text.remove_prefix(end);
  }
  const size_t end = std::min(text.find_first_of("?#"), text.size());
  out.path = text.substr(0, end);
  out.rest = text.substr(end);
  return out;
}

// path.Join of Go, with the slash at the end kept.
std::string joined(std::string_view prefix, std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::string_view text : {prefix, path}) {
    while (!text.empty()) {
      const size_t end = std::min(text.find('/'), text.size());
      const std::string_view part = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (part == ".." && !parts.empty()) parts.pop_back();
      if (!part.empty() && part != "." && part != "..") parts.push_back(part);
    }
  }
  std::string out;
  for (std::string_view part : parts) out.append("/").append(part);
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

class RewrittenBody final : public http::BodyStream {
 public:
  RewrittenBody(std::unique_ptr<http::BodyStream> from, LinkRule rule)
      : from_(std::move(from)), rewriter_(std::move(rule)) {}

  Task<Result<http::Buffer>> next() override {
    while (from_) {
      CO_TRY(http::Buffer piece, co_await from_->next());
      std::string out = piece ? rewriter_.feed(*piece) : rewriter_.end();
      if (!piece) from_.reset();
      if (!out.empty()) co_return http::make_buffer(std::move(out));
    }
    co_return http::Buffer();
  }

 private:
  std::unique_ptr<http::BodyStream> from_;
  LinkRewriter rewriter_;
};

}  // namespace

std::string LinkRule::rewritten(std::string_view text) const {
  Url url = parse(text);
  const bool elsewhere = !url.host.empty() && url.host != source_host && url.host != request_host;
  if (elsewhere || url.opaque || !url.path.starts_with('/')) return std::string(text);
  std::string out;
  if (!url.host.empty() && url.host == request_host)
    out = (url.scheme.empty() ? "" : url.scheme + ":") + "//" + url.host;
  out += url.path.starts_with(prefix) ? url.path : joined(prefix, url.path);
  return out + url.rest;
}

std::string LinkRewriter::feed(std::string_view piece) {
  held_ += piece;
  std::string out;
  size_t at = 0;
  while (at < held_.size() && step(at, out)) {
  }
  held_.erase(0, at);
  return out;
}

std::string LinkRewriter::end() { return std::exchange(held_, std::string()); }

bool LinkRewriter::step(size_t& at, std::string& out) {
  if (state_ == State::kText) return step_text(at, out);
  return skip_to(state_ == State::kComment ? "-->" : raw_end_, at, out);
}

// Gives out everything up to `end`, and with what may be its beginning waits.
bool LinkRewriter::skip_to(std::string_view end, size_t& at, std::string& out) {
  const auto same = [](char a, char b) { return (is_letter(a) ? a | 0x20 : a) == b; };
  const auto found =
      std::search(held_.begin() + static_cast<std::ptrdiff_t>(at), held_.end(), end.begin(), end.end(), same);
  const auto position = static_cast<size_t>(found - held_.begin());
  if (found != held_.end()) {
    out.append(held_, at, position - at);
    at = position;
    state_ = State::kText;
    if (end == "-->") {
      out += end;
      at += end.size();
    }
    return true;
  }
  const size_t certain = held_.size() - std::min(held_.size(), end.size() - 1);
  if (certain > at) {
    out.append(held_, at, certain - at);
    at = certain;
  }
  return false;
}

bool LinkRewriter::step_text(size_t& at, std::string& out) {
  const size_t open = std::min(held_.find('<', at), held_.size());
  out.append(held_, at, open - at);
  at = open;
  if (held_.size() - at < 4 && held_.find('>', at) == std::string::npos) return false;
  if (held_.compare(at, 4, "<!--") == 0) {
    state_ = State::kComment;
    out += "<!--";
    at += 4;
    return true;
  }
  if (!is_letter(held_[at + 1])) {
    out += held_[at++];
    return true;
  }
  char quote = 0;
  for (size_t i = at + 1; i < held_.size(); ++i) {
    const char c = held_[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      out += tag(std::string_view(held_).substr(at, i + 1 - at));
      at = i + 1;
      return true;
    }
  }
  if (held_.size() - at <= kLongestTag) return false;
  out += held_[at++];  // no tag is that long
  return true;
}

// `text` from < to >.
std::string LinkRewriter::tag(std::string_view text) {
  size_t at = 1;
  const auto word = [&](std::string_view stops) {
    const size_t begin = at;
    while (at < text.size() && !is_space(text[at]) && stops.find(text[at]) == std::string_view::npos) ++at;
    return text.substr(begin, at - begin);
  };
  const auto skip_spaces = [&] {
    while (at < text.size() && is_space(text[at])) ++at;
  };
  const std::string element = lower(word("/>"));
  if (std::find(kRawElements.begin(), kRawElements.end(), element) != kRawElements.end()) {
    state_ = State::kRaw;
    raw_end_ = "</" + element;
  }
  std::string out(text.substr(0, at));
  while (at < text.size()) {
    const size_t begin = at;
    skip_spaces();
    if (at < text.size() && (text[at] == '/' || text[at] == '>')) ++at;
    const std::string attribute = lower(word("=/>"));
    skip_spaces();
    if (at >= text.size() || text[at] != '=') {
      out += text.substr(begin, at - begin);
      continue;
    }
    ++at;
    skip_spaces();
    const char quote = at < text.size() && (text[at] == '"' || text[at] == '\'') ? text[at++] : '\0';
    out += text.substr(begin, at - begin);
    const size_t value_begin = at;
    if (quote != 0) {
      at = std::min(text.find(quote, at), text.size());
    } else {
      word(">");
    }
    std::string value(text.substr(value_begin, at - value_begin));
    if (holds_link(element, attribute)) {
      std::string plain = value;
      replace_all(plain, "&amp;", "&");
      std::string rewritten = rule_.rewritten(plain);
      if (rewritten != plain) {
        replace_all(rewritten, "&", "&amp;");
        value = std::move(rewritten);
      }
    }
    out += value;
  }
  return out;
}

void rewrite_links(http::Response& response, LinkRule rule) {
  if (auto* pieces = std::get_if<std::vector<http::Buffer>>(&response.body)) {
    LinkRewriter rewriter(std::move(rule));
    std::string out;
    for (const http::Buffer& piece : *pieces) out += rewriter.feed(*piece);
    response.set_body(out + rewriter.end());
  } else if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body)) {
    std::unique_ptr<http::BodyStream> rewritten =
        std::make_unique<RewrittenBody>(std::move(*stream), std::move(rule));
    response.body = std::move(rewritten);
  }
}

}  // namespace xebec::apiserver
